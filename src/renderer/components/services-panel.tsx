/** Services: whether they wait, and what is wrong with them. */
import type { Status } from '../../shared/status'
import { componentName, stateWord } from '../words/component'
import { Bone } from './bone'
import { Problems } from './problems'
import { StateChip } from './state'

export function ServicesPanel({ status }: { readonly status: Status | null }) {
  return (
    <section className="panel" aria-labelledby="services-title">
      <header>
        <h2 id="services-title">{componentName.services}</h2>
        <span className="panel-side">{status !== null && <Summary status={status} />}</span>
      </header>
      {status === null ? (
        <p className="panel-note">
          <Bone width="medium" />
        </p>
      ) : (
        <Body status={status} />
      )}
    </section>
  )
}

function Summary({ status }: { readonly status: Status }) {
  const { services } = status.components
  return services.status === 'ok' ? 'no problems' : <StateChip {...stateWord[services.status]} />
}

function Body({ status }: { readonly status: Status }) {
  const { services } = status.components
  if (services.errors.length + services.needs_migration.length > 0) {
    return <Problems component={services} label={componentName.services} />
  }
  return (
    <p className="panel-note">
      {services.status === 'waiting' ? 'Services wait until storage, messages and index are in order.' : 'Nothing needs a look.'}
    </p>
  )
}
