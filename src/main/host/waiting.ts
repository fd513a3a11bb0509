/** A node that is not set up: it can show what starting would create, and start. */
import type { Status } from '../../shared/status'
import type { NodeFacts } from '../core/node/status'
import { statusOf } from '../core/node/status'

export function waitingStatus(facts: NodeFacts, startedAt: string): Status {
  return statusOf(
    {
      nodeId: '',
      role: 'none',
      startedAt,
      modeSince: () => startedAt,
      since: startedAt,
      wish: undefined,
      revision: undefined,
      lastPass: undefined,
      results: new Map(),
      applying: new Set(),
      lastApplies: new Map(),
      trouble: undefined,
      warnings: [],
    },
    facts,
  )
}
