import { describe, expect, it } from 'vitest'
import { brokerDeclaration } from '../../../../../src/main/core/reconcile/broker'
import { applier, planner } from '../../../../../src/main/core/reconcile/declaration'
import { createEngine, planAll, type Wish } from '../../../../../src/main/core/reconcile/engine'
import { servicesPlanner } from '../../../../../src/main/core/reconcile/services'
import { storageDeclaration } from '../../../../../src/main/core/reconcile/storage'
import { indexDeclaration } from '../../../../../src/main/core/reconcile/vector-classes'
import { type Component, components } from '../../../../../src/shared/component'
import { PortError } from '../../../../../src/shared/errors'
import { type BootstrapEvent, eventTopic, idempotencyKey } from '../../../../../src/shared/events'
import { hashOf } from '../../../../../src/shared/hash'
import { testClock } from '../../../../support/clock'
import { memoryJournal } from '../../../../support/memory-journal'
import { wish } from '../../../../support/wish'
import { BrokerWorld, IndexWorld, StorageWorld } from '../../../../support/worlds'

const never = new AbortController().signal
const forced = { force: true }

const small = wish(`
apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: small }
spec:
  storage: { buckets: [{ name: media-raw, versioning: true, tags: { owner: media } }] }
  broker:
    exchanges: [{ name: overlay, type: topic }]
    queues: [{ name: ingest, ttl: 60, dlx: overlay }]
    bindings: [{ exchange: overlay, queue: ingest, key: "media.#" }]
  indices: { weaviate: { classes: [{ name: MediaAsset, properties: [title] }] } }
  services: { video-api: {} }
`)

function engineOn(options: { retryAttempts?: number } = {}) {
  const storage = new StorageWorld()
  const broker = new BrokerWorld()
  const index = new IndexWorld()
  const clock = testClock({ sleepEndsAtOnce: true })
  const journal = memoryJournal()
  const planners = [
    planner(storageDeclaration, 'embedded', storage, journal),
    planner(brokerDeclaration, 'embedded', broker, journal),
    planner(indexDeclaration, 'embedded', index, journal),
    servicesPlanner,
  ]
  const announced: BootstrapEvent[] = []
  const applying: Component[] = []
  const engine = createEngine({
    nodeId: 'node-1',
    planners,
    appliers: [
      applier(storageDeclaration, 'embedded', storage),
      applier(brokerDeclaration, 'embedded', broker),
      applier(indexDeclaration, 'embedded', index),
    ],
    journal,
    clock,
    log: () => {},
    settings: {
      driftIntervalMs: 30_000,
      retry: { attempts: options.retryAttempts ?? 3, backoffMs: 250, maxBackoffMs: 30_000 },
      parallel: 16,
    },
    lastPass: 0,
    onEvents: (events) => announced.push(...events),
    onApplying: (component) => applying.push(component),
  })
  const pass = (wanted: Wish = small, how = forced, signal = never) => engine.pass(wanted, how, signal)
  return { storage, broker, index, clock, journal, planners, announced, applying, pass }
}

describe('a pass', () => {
  it('brings an empty world to the wish, in the order storage, broker, index', async () => {
    const node = engineOn()
    const result = await node.pass()
    expect(result.plan.summary).toEqual({ create: 8, update: 1, none: 1, needs_migration: 0, destroy: 0 })
    expect(result.applied).toBe(9)
    expect(node.applying).toEqual(['storage', 'broker', 'index'])
    expect(node.storage.buckets.get('media-raw')).toMatchObject({ versioning: true, tags: new Map([['owner', 'media']]) })
    expect(node.broker.queues.get('ingest')?.policy).toEqual({ ttl: 60, dlx: 'overlay' })
    expect([...node.broker.bindings.values()]).toEqual([{ exchange: 'overlay', queue: 'ingest', key: 'media.#' }])
    expect(node.index.classes.get('MediaAsset')?.properties).toEqual([{ name: 'title', type: 'text' }])
  })

  it('finds nothing to do the second time, and then writes nothing', async () => {
    const node = engineOn()
    await node.pass()
    const writes = node.journal.writes()
    const second = await node.pass()
    expect(second.plan.summary).toMatchObject({ create: 0, update: 0 })
    expect(second.applied).toBe(0)
    expect(node.journal.writes()).toBe(writes)
  })

  it('puts back what was removed outside, and says that it was', async () => {
    const node = engineOn()
    await node.pass()
    node.storage.buckets.delete('media-raw')
    node.broker.queues.delete('ingest')
    const result = await node.pass()
    expect(node.storage.buckets.has('media-raw')).toBe(true)
    expect(node.broker.queues.has('ingest')).toBe(true)
    const reasons = result.plan.changes.filter((row) => row.kind === 'bucket' || row.kind === 'queue').map((row) => row.reason)
    expect(reasons).toEqual(['removed outside this node', 'removed outside this node'])
    expect(node.announced.map((event) => event.message)).toContain('bucket media-raw created (removed outside this node)')
  })

  it('closes every step that it opened exactly once', async () => {
    const node = engineOn()
    await node.pass()
    const entries = await node.journal.entries(100)
    expect(entries).toHaveLength(9)
    expect(entries.map((entry) => entry.closing?.outcome)).toEqual(Array(9).fill('done'))
  })

  it('tells of its start, of each change, of each component and of its end, with the mutation’s key', async () => {
    const node = engineOn()
    await node.pass()
    const topics = node.announced.map(eventTopic)
    expect(topics[0]).toBe('overlay.bootstrap.start')
    expect(topics.at(-1)).toBe('overlay.bootstrap.ok')
    expect(topics.filter((topic) => topic === 'overlay.bootstrap.storage.ok')).toHaveLength(4)
    const bucket = node.announced.find((event) => event.message?.startsWith('bucket media-raw'))
    expect(bucket).toMatchObject({ node_id: 'node-1', component: 'storage', action: 'create', status: 'ok', attempt: 1 })
    expect(bucket?.idempotency_key).toBe(idempotencyKey('node-1', 'storage', small.generations.storage, hashOf({ name: 'media-raw' })))
    expect(new Set(node.announced.map((event) => event.event_id)).size).toBe(node.announced.length)
  })

  it('stores an event before it tells of it', async () => {
    const node = engineOn()
    await node.pass()
    expect(await node.journal.events(1000)).toEqual([...node.announced].reverse())
  })
})

describe('a failing backend', () => {
  it('is tried again, and the pass goes on when it recovers', async () => {
    const node = engineOn()
    let calls = 0
    node.storage.before = (call) => {
      if (call === 'ensureBucket' && ++calls < 3) throw new PortError('unavailable', 'away')
    }
    const result = await node.pass()
    expect(result.components.get('storage')?.errors).toEqual([])
    expect(node.announced.find((event) => event.message?.startsWith('bucket media-raw'))?.attempt).toBe(3)
  })

  it('fails closed after the last attempt, while the other components go on', async () => {
    const node = engineOn()
    node.storage.before = (call) => {
      if (call === 'ensureBucket') throw new PortError('unavailable', 'storage is away')
    }
    const result = await node.pass()
    expect(result.components.get('storage')?.errors).toEqual([
      { component: 'storage', kind: 'bucket', name: 'media-raw', code: 'unavailable', message: 'storage is away' },
    ])
    expect(node.storage.buckets.size).toBe(0)
    expect(node.broker.queues.size).toBe(1)
    expect(node.index.classes.size).toBe(1)
    expect((await node.journal.entries(100)).filter((entry) => entry.closing?.outcome === 'failed')).toHaveLength(1)
    expect(node.announced.map(eventTopic)).toContain('overlay.bootstrap.storage.error')
    expect(eventTopic(node.announced.at(-1) ?? { component: 'node', status: 'ok' })).toBe('overlay.bootstrap.error')
  })

  it('is not asked for more after it failed closed', async () => {
    const node = engineOn({ retryAttempts: 1 })
    const many = wish(
      `{apiVersion: thatdam/v1, kind: EnvironmentProfile, metadata: {name: many}, spec: {storage: {buckets: [${Array.from({ length: 100 }, (_, i) => `{name: bucket-${i}}`).join()}]}}}`,
    )
    let calls = 0
    node.storage.before = (call) => {
      if (call === 'ensureBucket' && ++calls > 0) throw new PortError('unavailable', 'away')
    }
    await node.pass(many)
    expect(calls).toBeLessThanOrEqual(16)
  })

  it('does not stop its other resources when it refuses one for good', async () => {
    const node = engineOn()
    const two = wish(
      '{apiVersion: thatdam/v1, kind: EnvironmentProfile, metadata: {name: two}, spec: {storage: {buckets: [{name: aaa}, {name: bbb}]}}}',
    )
    node.storage.before = (call, bucket) => {
      if (call === 'ensureBucket' && bucket === 'aaa') throw new PortError('invalid', 'not that name')
    }
    const result = await node.pass(two)
    expect([...node.storage.buckets.keys()]).toEqual(['bbb'])
    expect(result.components.get('storage')?.errors).toHaveLength(1)
  })

  it('counts what somebody else made meanwhile as made', async () => {
    const node = engineOn()
    node.storage.before = (call) => {
      if (call !== 'ensureBucket' || node.storage.buckets.size > 0) return
      node.storage.buckets.set('media-raw', { versioning: false, rules: new Map(), tags: new Map(), policy: null })
      throw new PortError('already-exists', 'bucket media-raw exists')
    }
    const result = await node.pass()
    expect(result.components.get('storage')?.errors).toEqual([])
    expect(result.applied).toBe(9)
  })

  it('that cannot be looked at is one component’s error', async () => {
    const node = engineOn()
    node.broker.before = (call) => {
      if (call === 'describe') throw new PortError('unavailable', 'broker is away')
    }
    const result = await node.pass()
    expect(result.components.get('broker')?.errors).toEqual([{ component: 'broker', code: 'unavailable', message: 'broker is away' }])
    expect(node.storage.buckets.size).toBe(1)
    await expect(planAll(node.planners, small, never)).rejects.toThrow('broker is away')
  })

  it('leaves no step open when the node is stopped in the middle of one', async () => {
    const node = engineOn()
    const stop = new AbortController()
    node.storage.before = (call) => {
      if (call !== 'ensureBucket') return
      stop.abort(new Error('the node is stopping'))
      throw new PortError('unavailable', 'away')
    }
    await expect(node.pass(small, forced, stop.signal)).rejects.toThrow('stopping')
    expect((await node.journal.entries(10)).map((entry) => entry.closing?.outcome)).toEqual(['failed'])
  })
})

describe('what cannot be added', () => {
  it('is reported once, skipped, and disturbs nothing else', async () => {
    const node = engineOn()
    node.broker.exchanges.set('overlay', { name: 'overlay', type: 'fanout' })
    const first = await node.pass()
    expect(first.components.get('broker')).toMatchObject({
      errors: [],
      needsMigration: [{ name: 'exchange overlay', reason: 'the exchange is of type fanout; a type cannot be changed in place' }],
    })
    expect(node.broker.queues.has('ingest')).toBe(true)
    const before = node.announced.length
    await node.pass()
    expect(node.announced.length).toBe(before)
  })

  it('may also show itself only when it is tried', async () => {
    const node = engineOn()
    node.index.before = (call) => {
      if (call === 'ensureClass') throw new PortError('incompatible', 'the class is an alias')
    }
    const result = await node.pass()
    expect(result.components.get('index')?.errors).toEqual([])
    expect(result.components.get('index')?.needsMigration).toContainEqual({ name: 'MediaAsset', reason: 'the class is an alias' })
  })
})

describe('a policy that somebody set', () => {
  const withPolicy = (policy: string) =>
    wish(
      `{apiVersion: thatdam/v1, kind: EnvironmentProfile, metadata: {name: p}, spec: {storage: {buckets: [{name: aaa, policy: ${policy}}]}}}`,
    )

  it('is replaced when it was this node, and left alone when it was anybody else', async () => {
    const node = engineOn()
    await node.pass(withPolicy('public-read'))
    await node.pass(withPolicy('private'))
    expect(node.storage.buckets.get('aaa')?.policy).toBeNull()
    const bucket = node.storage.buckets.get('aaa')
    if (bucket !== undefined)
      bucket.policy = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' }] }
    const result = await node.pass(withPolicy('public-read'))
    expect(result.components.get('storage')?.needsMigration).toEqual([{ name: 'policy aaa', reason: 'somebody else set another policy' }])
    expect(node.storage.buckets.get('aaa')?.policy).not.toBe('public-read')
  })

  it('counts as this node’s when it died before it could note that it had set it', async () => {
    const node = engineOn({ retryAttempts: 1 })
    await node.pass(withPolicy('private'))
    node.storage.before = (call, name) => {
      if (call !== 'ensurePolicy') return
      // The call takes effect, and its answer is lost.
      const bucket = node.storage.buckets.get(name)
      if (bucket !== undefined) bucket.policy = 'public-read'
      throw new PortError('unavailable', 'connection reset')
    }
    await node.pass(withPolicy('public-read'))
    node.storage.before = () => {}
    await node.pass(withPolicy('private'))
    expect(node.storage.buckets.get('aaa')?.policy).toBeNull()
  })
})

describe('a timed pass', () => {
  it('skips what it looked at within the drift interval, for the same generation', async () => {
    const node = engineOn()
    await node.pass(small, { force: false })
    node.storage.buckets.clear()
    const second = await node.pass(small, { force: false })
    expect(second.plan.changes).toEqual([])
    expect(node.storage.buckets.size).toBe(0)
    await node.clock.advance(30_000)
    await node.pass(small, { force: false })
    expect(node.storage.buckets.size).toBe(1)
  })

  it('looks at a component whose generation changed, and at no other', async () => {
    const node = engineOn()
    await node.pass()
    const more = wish(
      '{apiVersion: thatdam/v1, kind: EnvironmentProfile, metadata: {name: m}, spec: {storage: {buckets: [{name: other}]}, broker: {exchanges: [{name: overlay}], queues: [{name: ingest, ttl: 60, dlx: overlay}], bindings: [{exchange: overlay, queue: ingest, key: "media.#"}]}, indices: {weaviate: {classes: [{name: MediaAsset, properties: [title]}]}}, services: {video-api: {}}}}',
    )
    const result = await node.pass(more, { force: false })
    expect(result.plan.changes.map((row) => row.component)).toEqual(['storage'])
    expect([...result.components.keys()].sort()).toEqual([...components].sort())
  })

  it('looks again at a component that is in error', async () => {
    const node = engineOn({ retryAttempts: 1 })
    let away = true
    node.storage.before = () => {
      if (away) throw new PortError('unavailable', 'away')
    }
    await node.pass(small, { force: false })
    away = false
    await node.pass(small, { force: false })
    expect(node.storage.buckets.size).toBe(1)
  })
})
