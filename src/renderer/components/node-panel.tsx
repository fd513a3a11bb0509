/** Which node this is, for the person who has to tell somebody else. */
import type { ReactNode } from 'react'
import type { Status } from '../../shared/status'
import { shortHash } from '../words/component'
import { Bone } from './bone'
import { Ago } from './moment'

export function NodePanel({ status }: { readonly status: Status | null }) {
  return (
    <section className="panel" aria-labelledby="node-title">
      <header>
        <h2 id="node-title">This node</h2>
      </header>
      <dl className="facts">
        <Fact name="Node id">{status && <code>{status.node_id}</code>}</Fact>
        <Fact name="Data">{status && <code>{status.data_dir}</code>}</Fact>
        <Fact name="Profile">{status && <ProfileFact revision={status.revision} generation={status.generation} />}</Fact>
        <Fact name="Version">{status?.version}</Fact>
        <Fact name="Started">{status && <Ago at={status.started_at} />}</Fact>
      </dl>
    </section>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children ?? <Bone width="medium" />}</dd>
    </div>
  )
}

function ProfileFact({ revision, generation }: Pick<Status, 'revision' | 'generation'>) {
  return (
    <>
      {revision === null ? 'no revision yet' : `revision ${revision}`}
      {generation !== null && (
        <>
          {', generation '}
          <code title={generation}>{shortHash(generation)}</code>
        </>
      )}
    </>
  )
}
