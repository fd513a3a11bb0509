/** The overview: is everything all right, and if not, what is wrong. Without a status it holds the places of what will come. */
import { type PortComponent, portComponents } from '../../shared/component'
import type { Status } from '../../shared/status'
import { Bone } from '../components/bone'
import { CheckNow } from '../components/check-now'
import { EventsPanel } from '../components/events-panel'
import { Lane } from '../components/lane'
import { useModelStore } from '../components/model-context'
import { Ago, HowLong } from '../components/moment'
import { NodePanel } from '../components/node-panel'
import { ServicesPanel } from '../components/services-panel'
import { ToneIcon } from '../components/state'
import { WarningsLink, WarningsPanel } from '../components/warnings-panel'
import { roleName, shortHash } from '../words/component'
import { headline } from '../words/headline'

/** The bus is a backend; the broker is the component that shapes it. */
const backendOf = { storage: 'storage', broker: 'bus', index: 'index' } as const satisfies Record<PortComponent, keyof Status['backends']>

export function Overview({ status }: { readonly status: Status | null }) {
  return (
    <>
      <header className="head">
        <div>
          <h1 aria-live="polite">
            <Headline status={status} />
          </h1>
          <p className="head-facts">{status === null ? <Bone width="long" /> : <HeadFacts status={status} />}</p>
        </div>
        <CheckNow />
      </header>
      <section className="panel lanes" aria-label="Where data lives right now">
        {portComponents.map((name) => (
          <Lane
            key={name}
            name={name}
            state={status === null ? undefined : { component: status.components[name], backend: status.backends[backendOf[name]] }}
          />
        ))}
      </section>
      <WarningsPanel warnings={status?.warnings ?? []} />
      <div className="columns">
        <EventsPanel />
        <div className="column">
          <ServicesPanel status={status} />
          <NodePanel status={status} />
        </div>
      </div>
    </>
  )
}

function Headline({ status }: { readonly status: Status | null }) {
  const lost = useModelStore(
    (model) => model.connection,
    ({ phase }) => phase === 'lost',
  )
  if (status === null) return lost ? 'The node does not answer.' : 'Asking the node how it is…'
  const { tone, text } = headline(status)
  return (
    <>
      <ToneIcon tone={tone} size={20} />
      {lost ? `Last heard: ${text}` : text}
    </>
  )
}

function HeadFacts({ status }: { readonly status: Status }) {
  const { role, converged, since, generation, pass, warnings } = status
  return (
    <>
      <span>{roleName[role]}</span>
      <span>
        {converged ? 'converged for ' : 'not converged for '}
        <HowLong at={since} />
      </span>
      {generation !== null && (
        <span>
          generation <code title={generation}>{shortHash(generation)}</code>
        </span>
      )}
      {pass === null ? (
        <span>not checked yet</span>
      ) : (
        <>
          <span>pass {pass.number}</span>
          <span>
            checked <Ago at={pass.at} />
          </span>
        </>
      )}
      <WarningsLink warnings={warnings} />
    </>
  )
}
