/** Every state of the page as data: what a node would say for it. Tests and the gallery show the page from these, without a node. */
import type { ErrorBody } from '../shared/errors'
import type { BootstrapEvent } from '../shared/events'
import type { Setup } from '../shared/node-contract'
import { type ApplyResult, planOf } from '../shared/plan'
import type { BackendStatus, ComponentStatus, Status } from '../shared/status'
import { soloRows } from './fixture-plan'

export interface Fixture {
  /** What the node says when it is asked; null for one that never answers. */
  readonly status: Status | null
  readonly events: readonly BootstrapEvent[]
  readonly setup: Setup
  readonly apply: ApplyResult
  /** What becomes of the notices after the first status: they stay, they end, or the browser is turned away at once. */
  readonly notices: 'stay' | 'end' | 'turn-away'
}

export const fixtureNames = [
  'converged',
  'converging',
  'error',
  'needs-migration',
  'warnings',
  'servers',
  'not-set-up',
  'disconnected',
  'signed-out',
  'loading',
] as const
export type FixtureName = (typeof fixtureNames)[number]

export const turnedAway: ErrorBody = {
  code: 'unauthenticated',
  message: 'This node answers only those who sign in.',
  hint: 'In a browser, open the link that `thatdam up` prints.',
}

const nodeId = '7f3a91c2-0b5e-4c1d-9a77-3d2f6e81b4a0'
const dataDir = '/home/ada/ThatDAM'
const generation = '9c41e07b5d1f4a6e8c02d7b3f9a1e5c4d8b6f2a09c7e3d1b5f8a4c6e2d0b9f71'

/** All fixtures as they would be at `now`, in milliseconds since the epoch, so that relative times read the same whenever they are shown. */
export function fixturesAt(now: number): Readonly<Record<FixtureName, Fixture>> {
  const before = (seconds: number) => new Date(now - seconds * 1000).toISOString()

  const component = (adapter: string, changes: number): ComponentStatus => ({
    status: 'ok',
    generation,
    at: before(12),
    duration_ms: 3,
    adapter,
    mode: 'local',
    changes: 0,
    errors: [],
    needs_migration: [],
    last_apply: changes === 0 ? null : { at: before(160), changes, generation },
  })

  const local: BackendStatus = {
    mode: 'local',
    held: false,
    since: before(11_000),
    external: null,
    last_error: null,
    backlog: { items: 0, bytes: 0 },
    rate: 0,
    eta_s: null,
    conflicts: 0,
    kept_here: 0,
  }

  const converged: Status = {
    node_id: nodeId,
    version: '0.1.0',
    role: 'leader',
    converged: true,
    since: before(10_900),
    generation,
    revision: 3,
    resources: 14,
    data_dir: dataDir,
    started_at: before(11_000),
    pass: { number: 362, at: before(12), duration_ms: 11 },
    components: { storage: component('fs', 5), broker: component('inproc', 6), index: component('mem', 3), services: component('none', 0) },
    backends: { storage: local, bus: local, index: local },
    warnings: [],
  }

  const refused = 'RabbitMQ at amqp://nas.local:5672 refused the connection: nothing listens there.'
  const onServers: Status = {
    ...converged,
    converged: false,
    since: before(90),
    components: {
      ...converged.components,
      storage: { ...component('minio', 5), mode: 'forward' },
      broker: {
        ...component('rabbitmq', 6),
        mode: 'degraded',
        status: 'error',
        errors: [{ code: 'unavailable', message: refused }],
      },
      services: { ...component('none', 0), status: 'waiting' },
    },
    backends: {
      ...converged.backends,
      storage: { ...local, mode: 'forward', external: 'http://nas.local:9000' },
      bus: { ...local, mode: 'degraded', external: 'amqp://nas.local:5672', last_error: refused, since: before(90) },
    },
    warnings: ['1 lifecycle rule is not enforced by MinIO at http://nas.local:9000: the server has no lifecycle rules.'],
  }

  const event = (
    seconds: number,
    fields: Pick<BootstrapEvent, 'component' | 'action' | 'status'> & Partial<BootstrapEvent>,
  ): BootstrapEvent => ({
    // Event ids sort by time, as the node's do.
    event_id: `${String(1_000_000 - seconds).padStart(8, '0')}-${fields.component}-${fields.message ?? fields.action}`,
    node_id: nodeId,
    generation,
    at: before(seconds),
    idempotency_key: generation,
    ...fields,
  })

  const events: readonly BootstrapEvent[] = [
    event(160, { component: 'node', action: 'pass', status: 'ok', duration_ms: 21 }),
    event(161, {
      component: 'storage',
      action: 'create',
      status: 'ok',
      message: 'bucket media-derivatives created (removed outside this node)',
    }),
    event(161, { component: 'storage', action: 'update', status: 'ok', message: 'tag media-derivatives/owner updated (was "ops")' }),
    event(162, { component: 'node', action: 'pass', status: 'start' }),
    event(2_460, { component: 'broker', action: 'create', status: 'ok', message: 'queue ingest created (removed outside this node)' }),
    event(10_900, { component: 'node', action: 'pass', status: 'ok', duration_ms: 84 }),
    event(10_901, { component: 'index', action: 'create', status: 'ok', message: 'class MediaAsset created (missing)' }),
    event(10_902, {
      component: 'broker',
      action: 'create',
      status: 'ok',
      message: 'binding overlay -> ingest : media.# created (missing)',
    }),
    event(10_903, { component: 'broker', action: 'create', status: 'ok', message: 'exchange overlay-dead created (missing)' }),
    event(10_904, { component: 'storage', action: 'create', status: 'ok', message: 'bucket media-raw created (missing)' }),
    event(11_000, { component: 'node', action: 'start', status: 'ok' }),
  ]

  const nothingApplied: ApplyResult = { converged: true, plan_hash: generation, applied: 0, needs_migration: 0, errors: [], warnings: [] }

  const base: Fixture = {
    status: converged,
    events,
    setup: { done: true, data_dir: dataDir, free_bytes: 412_000_000_000, plan: null },
    apply: nothingApplied,
    notices: 'stay',
  }

  const full = `no space left on the disk of ${dataDir}/storage`
  const inError: Status = {
    ...converged,
    converged: false,
    since: before(95),
    components: {
      ...converged.components,
      storage: {
        ...converged.components.storage,
        status: 'error',
        errors: [
          { name: 'bucket media-raw', code: 'no-space', message: full },
          { name: 'bucket artifacts', code: 'no-space', message: full },
        ],
      },
      services: { ...converged.components.services, status: 'waiting' },
    },
  }

  const migration: Status = {
    ...converged,
    components: {
      ...converged.components,
      index: {
        ...converged.components.index,
        status: 'needs-migration',
        needs_migration: [{ name: 'Segment/start', reason: 'is of type text, and the profile asks for number' }],
      },
    },
  }

  return {
    converged: base,
    converging: {
      ...base,
      status: {
        ...converged,
        converged: false,
        since: before(3),
        components: {
          storage: converged.components.storage,
          broker: { ...converged.components.broker, status: 'applying' },
          index: { ...component('mem', 0), status: 'waiting', at: null, generation: null },
          services: { ...converged.components.services, status: 'waiting' },
        },
      },
    },
    error: {
      ...base,
      status: inError,
      events: [
        event(90, {
          component: 'node',
          action: 'pass',
          status: 'error',
          message: 'storage is in error; messages and index are as the profile asks',
        }),
        event(91, { component: 'storage', action: 'create', status: 'error', message: `bucket media-raw: ${full}`, attempt: 6 }),
        ...events,
      ],
      apply: {
        ...nothingApplied,
        converged: false,
        errors: [{ component: 'storage', kind: 'bucket', name: 'media-raw', code: 'no-space', message: full }],
      },
    },
    'needs-migration': {
      ...base,
      status: migration,
      events: [
        event(2_460, {
          component: 'index',
          action: 'plan',
          status: 'needs-migration',
          message: 'property Segment/start needs a migration (is of type text, and the profile asks for number)',
        }),
        ...events,
      ],
      apply: { ...nothingApplied, needs_migration: 1 },
    },
    warnings: {
      ...base,
      status: { ...converged, warnings: ['Service "video-api" is in the profile, but nobody has installed it on this computer.'] },
    },
    servers: {
      ...base,
      status: onServers,
    },
    'not-set-up': {
      ...base,
      status: {
        ...converged,
        node_id: '',
        role: 'none',
        converged: false,
        since: before(4),
        generation: null,
        revision: null,
        resources: 0,
        started_at: before(4),
        pass: null,
      },
      events: [],
      setup: { done: false, data_dir: dataDir, free_bytes: 412_000_000_000, plan: planOf(generation, soloRows) },
    },
    disconnected: { ...base, notices: 'end' },
    'signed-out': { ...base, notices: 'turn-away' },
    loading: { ...base, status: null },
  }
}
