/** One port: this computer on the left, the external on the right, and what flows between. A green edge marks who serves. */
import type { ReactNode } from 'react'
import type { PortComponent } from '../../shared/component'
import type { BackendStatus, ComponentStatus } from '../../shared/status'
import { componentName, stateWord } from '../words/component'
import { count } from '../words/count'
import { wireWords } from '../words/wire'
import { Bone } from './bone'
import { Ago } from './moment'
import { Problems } from './problems'
import { StateChip } from './state'

/** The product that stands at the far end of each lane. */
const externalName: Readonly<Record<PortComponent, string>> = { storage: 'MinIO', broker: 'RabbitMQ', index: 'Weaviate' }

/** The adapter that speaks to it. */
const externalAdapter: Readonly<Record<PortComponent, string>> = { storage: 'minio', broker: 'rabbitmq', index: 'weaviate' }

export interface LaneProps {
  readonly name: PortComponent
  /** Absent until the node has answered. */
  readonly state: { readonly component: ComponentStatus; readonly backend: BackendStatus } | undefined
}

export function Lane({ name, state }: LaneProps) {
  return (
    <article className="lane" aria-labelledby={`lane-${name}`}>
      <div className="lane-row">
        <div className="lane-name">
          <h2 id={`lane-${name}`}>{componentName[name]}</h2>
          {state === undefined ? (
            <span className="chip is-quiet">
              <Bone width="short" />
            </span>
          ) : (
            <StateChip {...stateWord[state.component.status]} />
          )}
        </div>
        <ThisComputer name={name} state={state} />
        <Wire backend={state?.backend} alone={servesAlone(name, state)} />
        <External name={externalName[name]} backend={state?.backend} />
        <Facts component={state?.component} />
      </div>
      {state !== undefined && <Problems component={state.component} label={componentName[name]} />}
    </article>
  )
}

/** Whether the server's own adapter serves, and nothing in front of it. */
function servesAlone(name: PortComponent, state: LaneProps['state']): boolean {
  return state?.component.adapter === externalAdapter[name]
}

/** Where a server serves alone, this computer keeps nothing of the port, and serves nothing of it when the server is away. */
function ThisComputer({ name, state }: LaneProps) {
  if (servesAlone(name, state)) {
    return <div className="place is-absent">keeps nothing of it</div>
  }
  return (
    <div className={`place ${state !== undefined && state.backend.mode !== 'forward' ? 'is-serving' : ''}`}>
      <strong>This computer</strong>
      <span className="place-detail">{state === undefined ? <Bone width="short" /> : <Adapter name={state.component.adapter} />}</span>
    </div>
  )
}

function Adapter({ name }: { readonly name: string }) {
  return (
    <>
      adapter <code>{name}</code>
    </>
  )
}

function Wire({ backend, alone }: { readonly backend: BackendStatus | undefined; readonly alone: boolean }) {
  const words = backend === undefined ? { above: <Bone width="short" />, below: '' } : wireWords(backend, alone)
  return (
    <div className={`wire is-${backend?.mode ?? 'local'}`}>
      <span>{words.above}</span>
      <span className="wire-line" aria-hidden="true" />
      <span className="wire-below">{words.below}</span>
    </div>
  )
}

function External({ name, backend }: { readonly name: string; readonly backend: BackendStatus | undefined }) {
  if (backend === undefined || backend.external === null) {
    return <div className="place is-absent">{backend === undefined ? <Bone width="medium" /> : 'no external configured'}</div>
  }
  const look = backend.mode === 'forward' ? 'is-serving' : backend.mode === 'degraded' ? 'is-away' : ''
  return (
    <div className={`place ${look}`}>
      <strong>{name}</strong>
      <span className="place-detail">{backend.external}</span>
    </div>
  )
}

function Facts({ component }: { readonly component: ComponentStatus | undefined }) {
  return (
    <div className="lane-facts">
      <span>{component === undefined ? <Bone width="medium" /> : lastApply(component)}</span>
      <span className="lane-fact-more">{component === undefined ? <Bone width="short" /> : lastLook(component)}</span>
    </div>
  )
}

function lastApply({ last_apply: last }: ComponentStatus): ReactNode {
  if (last === null) return 'nothing applied yet'
  return (
    <>
      applied <Ago at={last.at} />
    </>
  )
}

function lastLook({ last_apply: last, at }: ComponentStatus): ReactNode {
  if (last !== null) return count(last.changes, 'change')
  if (at === null) return 'not looked at yet'
  return (
    <>
      checked <Ago at={at} />
    </>
  )
}
