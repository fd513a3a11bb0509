/** Answers of a node, as small as the schemas allow, to be varied by each test. */
import { type Change, type Plan, planOf } from '../../../../src/shared/plan'
import type { ComponentStatus, Status } from '../../../../src/shared/status'

export function change(part: Partial<Change> = {}): Change {
  return {
    component: 'storage',
    kind: 'bucket',
    name: 'media-raw',
    backend: 'embedded',
    action: 'create',
    reason: 'not there yet',
    ...part,
  }
}

export function plan(...changes: readonly Change[]): Plan {
  return planOf('a'.repeat(64), changes)
}

export function componentStatus(part: Partial<ComponentStatus> = {}): ComponentStatus {
  return {
    status: 'ok',
    generation: 'b'.repeat(64),
    at: '2026-11-24T05:12:03.000Z',
    duration_ms: 4,
    adapter: 'fs',
    mode: 'local',
    changes: 0,
    errors: [],
    needs_migration: [],
    last_apply: null,
    ...part,
  }
}

const backend = {
  mode: 'local',
  held: false,
  since: '2026-11-24T05:00:00.000Z',
  external: null,
  last_error: null,
  backlog: { items: 0, bytes: 0 },
  rate: 0,
  eta_s: null,
  conflicts: 0,
  kept_here: 0,
} as const

export function nodeStatus(
  part: Partial<Omit<Status, 'components'>> & { readonly components?: Partial<Status['components']> } = {},
): Status {
  const { components, ...rest } = part
  return {
    node_id: '0193e5d2-5a2c-7000-8000-000000000001',
    version: '0.1.0',
    role: 'leader',
    converged: true,
    since: '2026-11-24T05:12:03.000Z',
    generation: 'c'.repeat(64),
    revision: 1,
    resources: 14,
    data_dir: '/home/ada/ThatDAM',
    started_at: '2026-11-24T05:00:00.000Z',
    pass: { number: 3, at: '2026-11-24T05:12:03.000Z', duration_ms: 12.4 },
    components: {
      storage: componentStatus(),
      broker: componentStatus({ adapter: 'inproc' }),
      index: componentStatus({ adapter: 'mem' }),
      services: componentStatus({ adapter: 'none' }),
      ...components,
    },
    backends: { storage: backend, bus: backend, index: backend },
    warnings: [],
    ...rest,
  }
}

export const waitingStatus: Status = nodeStatus({
  role: 'none',
  node_id: '',
  converged: false,
  generation: null,
  revision: null,
  pass: null,
  resources: 0,
})
