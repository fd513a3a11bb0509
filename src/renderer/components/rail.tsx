/** The left rail: which node this is and the pages it has. */
import { House } from 'lucide-react'
import type { Status } from '../../shared/status'
import { roleName, shortId } from '../words/component'
import { Bone } from './bone'
import { Mark } from './mark'

export function Rail({ status }: { readonly status: Status | null }) {
  return (
    <nav className="rail" aria-label="Pages">
      <div className="rail-node">
        <Mark />
        <p>
          <strong>ThatDAM</strong>
          <span className="rail-role">{status === null ? <Bone width="medium" /> : <Role status={status} />}</span>
        </p>
      </div>
      <a href="#main" aria-current="page">
        <House size={16} strokeWidth={1.75} aria-hidden="true" />
        Overview
      </a>
    </nav>
  )
}

function Role({ status }: { readonly status: Status }) {
  const { role, node_id } = status
  return (
    <>
      {roleName[role]}
      {node_id !== '' && <span className="rail-id"> · {shortId(node_id)}</span>}
    </>
  )
}
