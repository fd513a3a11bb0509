import { describe, expect, it } from 'vitest'
import { planAll } from '../../../../../src/main/core/reconcile/looking'
import { PortError } from '../../../../../src/shared/errors'
import { eventTopic, idempotencyKey } from '../../../../../src/shared/events'
import { hashOf } from '../../../../../src/shared/hash'
import { settle } from '../../../../support/clock'
import { engineOn, never, small, togetherMs } from '../../../../support/engine'
import { wish } from '../../../../support/wish'

const forced = { force: true }

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
  it('gets another call for a step that worked longer than the patience before it failed', async () => {
    const node = engineOn({ patienceMs: 6_000 })
    let calls = 0
    node.storage.before = (call) => {
      if (call !== 'ensureBucket' || ++calls > 1) return
      void node.clock.sleep(60_000, never)
      throw new PortError('unavailable', 'the connection broke')
    }
    expect((await node.pass()).applied).toBe(9)
    expect(node.storage.buckets.has('media-raw')).toBe(true)
    expect(calls).toBe(2)
  })

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
      node.storage.buckets.set('media-raw', { versioning: false, rules: new Map(), tags: new Map(), policy: null, objects: new Map() })
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
  })

  it('that is looked at for long keeps the others waiting for a while only, and is brought about when it was seen', async () => {
    const node = engineOn()
    const look = Promise.withResolvers<void>()
    const { describe } = node.storage
    node.storage.describe = async (questions) => {
      await look.promise
      return describe.call(node.storage, questions)
    }
    const pass = node.pass()
    await settle()
    expect(node.applying).toEqual([])
    await node.clock.advance(togetherMs)
    await expect.poll(() => node.index.classes.size).toBe(1)
    expect([...node.broker.queues.keys()]).toEqual(['ingest'])
    expect(node.storage.buckets.size).toBe(0)
    look.resolve()
    const result = await pass
    expect(node.applying).toEqual(['broker', 'index', 'storage'])
    expect(node.storage.buckets.has('media-raw')).toBe(true)
    expect(result).toMatchObject({ applied: 9, plan: { summary: { create: 8, update: 1 } } })
  })

  it('that is looked at for long is let go of when the node is stopped', async () => {
    const node = engineOn()
    const stop = new AbortController()
    node.storage.describe = () => new Promise<never>((_, reject) => stop.signal.addEventListener('abort', () => reject(stop.signal.reason)))
    const pass = node.pass(small, forced, stop.signal)
    const ended = expect(pass).rejects.toThrow('stopping')
    await settle()
    await node.clock.advance(togetherMs)
    await expect.poll(() => node.index.classes.size).toBe(1)
    stop.abort(new Error('the node is stopping'))
    await ended
  })

  it('is an error of a plan, which has the rows of the others', async () => {
    const node = engineOn()
    node.broker.before = (call) => {
      if (call === 'describe') throw new PortError('unavailable', 'broker is away')
    }
    const plan = await planAll(node.planners, small, { destructive: false }, never)
    expect(plan.errors).toEqual([{ component: 'broker', code: 'unavailable', message: 'broker is away' }])
    expect(new Set(plan.changes.map(({ component }) => component))).toEqual(new Set(['storage', 'index', 'services']))
    expect((await node.pass()).plan).toMatchObject({ hash: plan.hash, errors: plan.errors })
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
  it('is told by the next pass when the journal could not take it', async () => {
    const node = engineOn()
    node.broker.exchanges.set('overlay', { name: 'overlay', type: 'fanout' })
    const { record } = node.journal
    node.journal.record = async (events) => {
      if (events.some((event) => event.status === 'needs-migration')) throw new PortError('no-space', 'the disk is full')
      await record(events)
    }
    await expect(node.pass()).rejects.toMatchObject({ code: 'no-space' })
    node.journal.record = record
    await node.pass()
    expect(node.announced.map(eventTopic)).toContain('overlay.bootstrap.broker.needs-migration')
  })

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

  it('is an error of that resource when it shows itself only when it is tried, for it is still planned', async () => {
    const node = engineOn()
    node.index.before = (call) => {
      if (call === 'ensureClass') throw new PortError('incompatible', 'the class is an alias')
    }
    const result = await node.pass()
    expect(result.components.get('index')?.errors).toContainEqual({
      component: 'index',
      kind: 'class',
      name: 'MediaAsset',
      code: 'incompatible',
      message: 'the class is an alias',
    })
    expect(node.announced.map(eventTopic)).toContain('overlay.bootstrap.index.needs-migration')
  })
})
