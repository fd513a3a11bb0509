/** Services, and whatever else works but deserves a look. */
import type { Status } from '../../shared/status'
import { componentName, stateWord } from '../words/component'
import { count } from '../words/count'
import { Bone } from './bone'
import { Problems } from './problems'
import { Prose } from './prose'
import { StateChip, ToneIcon } from './state'

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
  if (services.status !== 'ok') return <StateChip {...stateWord[services.status]} />
  return status.warnings.length === 0 ? 'no warnings' : count(status.warnings.length, 'warning')
}

function Body({ status }: { readonly status: Status }) {
  const { services } = status.components
  const nothing = status.warnings.length + services.errors.length + services.needs_migration.length === 0
  if (nothing) {
    return (
      <p className="panel-note">
        {services.status === 'waiting' ? 'Services wait until storage, messages and index are in order.' : 'Nothing needs a look.'}
      </p>
    )
  }
  return (
    <>
      <Problems component={services} label={componentName.services} />
      {status.warnings.length > 0 && (
        <ul className="problems" aria-label="Warnings">
          {status.warnings.map((warning) => (
            <li key={warning}>
              <ToneIcon tone="warn" />
              <p>
                <Prose text={warning} />
              </p>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
