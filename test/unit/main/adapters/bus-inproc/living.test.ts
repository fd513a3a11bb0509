/** What only this bus does with time, with the disk, and with files of its first version. */
import { randomUUID } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openBusInproc } from '../../../../../src/main/adapters/bus-inproc/bus-inproc'
import { migrations } from '../../../../../src/main/adapters/bus-inproc/schema'
import { viewBusInproc } from '../../../../../src/main/adapters/bus-inproc/view'
import { bodies, bytes, everything, never, numbers, openStage, type Stage } from '../../../../conformance/event-bus/stage'
import { smallDisk, whyNoSmallDisk } from '../../../../support/rights'
import { tempDir } from '../../../../support/temp'
import { byHand, makeHarness, openBus, temporaryDirectory } from './workbench'

const large = 'large '.repeat(2_000)

describe('time on the embedded bus', () => {
  let stage: Stage
  let waits: readonly number[]
  let directory: string
  beforeEach(async () => {
    const harness = await makeHarness()
    waits = harness.waits
    directory = harness.directory
    stage = await openStage(harness)
    await stage.queue('q')
  })
  afterEach(() => stage.dispose())

  it('asks for no timer while nothing can expire', async () => {
    await stage.fill('q', numbers(10))
    await stage.policy('q', { dlx: 'dead' })
    await stage.drain('q')
    await stage.reopen()
    await stage.fill('q', ['1'])
    expect(waits).toEqual([])
  })

  it('asks for one timer, for the next end alone, and for none again when all is gone', async () => {
    await stage.send('', 'q', 'later', { ttlMs: 50_000 })
    expect(waits).toEqual([50_000])
    await stage.send('', 'q', 'last', { ttlMs: 90_000 })
    expect(waits).toEqual([50_000])
    await stage.send('', 'q', 'first', { ttlMs: 10_000 })
    expect(waits).toEqual([50_000, 10_000])
    await stage.elapse(10_000)
    expect(waits).toEqual([50_000, 10_000, 40_000])
    await stage.elapse(80_000)
    expect(waits.slice(3)).toEqual([])
    await stage.elapse(10_000_000)
    expect(waits).toHaveLength(3)
  })

  it('never sleeps for longer than an hour, so that a clock that is set is noticed', async () => {
    await stage.send('', 'q', 'in a year', { ttlMs: 365 * 24 * 3_600_000 })
    await stage.elapse(3_600_000)
    expect(waits).toEqual([3_600_000, 3_600_000])
    expect(bodies(await stage.drain('q'))).toEqual(['in a year'])
  })

  it('counts a new TTL of a queue for what it holds already, and no longer once that is taken back', async () => {
    await stage.fill('q', ['old'])
    await stage.elapse(10_000)
    await stage.fill('q', ['young'])
    await stage.policy('q', { ttl: 8 })
    await stage.barrier()
    expect(await stage.contents('q')).toEqual({ count: 1, bytes: 5 })
    await stage.policy('q', { ttl: 0 })
    await stage.elapse(60_000)
    expect(bodies(await stage.drain('q'))).toEqual(['young'])
  })

  it('heeds a policy that was set by hand', async () => {
    await stage.fill('q', ['old'])
    byHand(directory, 'UPDATE queues SET ttl = 5')
    await stage.barrier()
    await stage.elapse(6_000)
    expect(await stage.contents('q')).toEqual({ count: 0, bytes: 0 })
  })

  it('loses nothing, and delivers everything, when the clock is set back', async () => {
    await stage.policy('q', { ttl: 60 })
    await stage.fill('q', ['before'])
    await stage.send('', 'q', 'own', { ttlMs: 30_000 })
    await stage.elapse(-3_600_000)
    await stage.fill('q', ['after'])
    await stage.elapse(59_000)
    expect(await stage.contents('q')).toMatchObject({ count: 3 })
    await stage.reopen()
    const { take, subscription } = await stage.consume('q')
    expect(bodies(await take(3))).toEqual(['before', 'own', 'after'])
    await subscription.close()
    await stage.elapse(3_700_000)
    expect(await stage.contents('q')).toEqual({ count: 0, bytes: 0 })
  })

  it('does not deliver what has expired, though its timer is late', async () => {
    const other = temporaryDirectory()
    let now = 0
    const neverEnds = () => new Promise<void>(() => undefined)
    const bus = openBusInproc(other.path, { uuid: randomUUID, now: () => now, sleep: neverEnds })
    await bus.ensureQueue('/', { name: 'q', type: 'classic' }, never)
    await bus.publish('', 'q', { body: bytes('late'), ttlMs: 10 }, never)
    await bus.publish('', 'q', { body: bytes('kept') }, never)
    now = 10
    for await (const { body } of await bus.consume('q', { prefetch: 5 }, never)) {
      expect(Buffer.from(body).toString()).toBe('kept')
      break
    }
    await bus.close()
    expect(byHand(other.path, 'SELECT count(*) AS n FROM queued')).toEqual([{ n: 1 }])
    other.remove()
  })

  it('forgets keys that have left the window, with the next that come in', async () => {
    const { dedupe } = stage
    const keys = () => byHand(directory, 'SELECT count(*) AS n FROM keys')
    for (const idempotencyKey of numbers(2 * dedupe.keysPerQueue)) await stage.send('', 'q', '', { idempotencyKey })
    expect(keys()).toEqual([{ n: dedupe.keysPerQueue }])
    await stage.elapse(dedupe.windowMs)
    await stage.send('', 'q', '', { idempotencyKey: 'new' })
    expect(keys()).toEqual([{ n: 1 }])
    await stage.send('', 'q', 'no key')
    expect(keys()).toEqual([{ n: 1 }])
    await stage.bus.removeQueue('/', 'q', { contents: true }, never)
    expect(keys()).toEqual([{ n: 0 }])
  })

  it('gives nothing back to a publisher that aborted while its body was on the way', async () => {
    const controller = new AbortController()
    const published = stage.bus.publish('', 'q', { body: bytes(large) }, controller.signal)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(published).rejects.toBe(reason)
    expect(await stage.drain('q')).toEqual([])
  })
})

const noDisk = whyNoSmallDisk()

describe.skipIf(noDisk !== undefined)(`the embedded bus on a full disk${noDisk === undefined ? '' : ` (${noDisk})`}`, () => {
  it('says no-space, keeps nothing half, and works on when there is room again', async () => {
    const disk = join(tempDir(), 'disk')
    smallDisk(disk, 12 * 1024 * 1024)
    const bus = openBus(join(disk, 'bus'))
    await bus.ensureQueue('/', { name: 'q', type: 'classic' }, never)
    const kept: string[] = []
    const publish = async (size: number, key: string) => {
      try {
        await bus.publish('', 'q', { body: new Uint8Array(size).fill(kept.length), idempotencyKey: key }, never)
        kept.push(key)
        return undefined
      } catch (error) {
        return error
      }
    }
    const noSpace = { name: 'PortError', code: 'no-space', message: expect.stringContaining('Exchange ""') }
    // Large ones until the segment is full, then small ones until the database is.
    let refusal: unknown
    for (let n = 0; refusal === undefined; n++) refusal = await publish(1024 * 1024, `large ${n}`)
    expect(refusal).toMatchObject(noSpace)
    for (let n = 0; n < 200_000; n += 500) {
      const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => publish(700, `small ${n + i}`)))
      refusal = answers.find((answer) => answer !== undefined)
      if (refusal !== undefined) break
    }
    expect(refusal).toMatchObject(noSpace)

    // One that was settled frees no disk by itself: the large bodies go with the queue.
    await bus
      .ensureQueue('/', { name: 'q', type: 'classic' }, never)
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'no-space' }))
    const view = viewBusInproc(join(disk, 'bus'))
    expect(await view.contents('/', 'q', {}, never)).toMatchObject({ count: kept.length })
    await view.close()
    await bus.close()

    const again = openBus(join(disk, 'bus'))
    const seen: string[] = []
    const subscription = await again.consume('q', { prefetch: 100 }, never)
    for await (const { delivery, idempotencyKey } of subscription) {
      seen.push(idempotencyKey)
      await subscription.settle(delivery, 'ack')
      if (seen.length === kept.length) break
    }
    expect(seen).toEqual(kept)
    await again.publish('', 'q', { body: new Uint8Array(1024 * 1024) }, never)
    await again.close()
  })
})

describe('a bus of the first version', () => {
  const [first = ''] = migrations
  let directory: ReturnType<typeof temporaryDirectory>
  beforeEach(() => {
    directory = temporaryDirectory()
    const db = new Sqlite(join(directory.path, 'bus.db'))
    db.exec(first)
    db.pragma('user_version = 1')
    db.exec(`
      INSERT INTO exchanges (vhost, name, type) VALUES ('/', 'x', 'topic'), ('/', 'h', 'headers');
      INSERT INTO queues (vhost, name, type, ttl, dlx, delivered_to) VALUES ('/', 'one', 'classic', 0, NULL, 2), ('/', 'two', 'quorum', 60, 'x', NULL);
      INSERT INTO bindings VALUES (1, 1, 'a.#'), (2, 2, '');
      INSERT INTO messages (message_id, exchange, routing_key, published_at, content_type, headers, body) VALUES
        ('m1', 'x', 'a', 1000, 'application/octet-stream', '{}', X'01'),
        ('m2', 'x', 'a.b', 2000, 'text/plain', '{"a":"1"}', X''),
        ('m3', 'h', 'c', 3000, 'text/plain', '{}', X'030303');
      INSERT INTO entries VALUES (1, 1), (1, 2), (1, 3), (2, 3);`)
    db.close()
  })
  afterEach(() => directory.remove())

  const state = {
    exchanges: [
      { name: 'h', type: 'headers' },
      { name: 'x', type: 'topic' },
    ],
    queues: [
      { name: 'one', type: 'classic', policy: { ttl: 0, dlx: null } },
      { name: 'two', type: 'quorum', policy: { ttl: 60, dlx: 'x' } },
    ],
    bindings: [
      { exchange: 'h', queue: 'two', key: '' },
      { exchange: 'x', queue: 'one', key: 'a.#' },
    ],
  }

  it('is looked at as it stands, and not changed by that', async () => {
    const view = viewBusInproc(directory.path)
    expect(await view.describe('/', everything, never)).toEqual(state)
    expect(await view.contents('/', 'one', {}, never)).toEqual({ count: 3, bytes: 4 })
    expect(await view.contents('/', 'one', { before: 3_000 }, never)).toEqual({ count: 2, bytes: 1 })
    await view.close()
    expect(byHand(directory.path, 'PRAGMA user_version')).toEqual([{ user_version: 1 }])
    expect(readdirSync(directory.path)).toEqual(['bus.db'])
  })

  it('keeps all it holds when it is opened for good', async () => {
    const bus = openBusInproc(directory.path, { uuid: randomUUID, now: () => 4_000 })
    const view = viewBusInproc(directory.path)
    expect(await view.describe('/', everything, never)).toEqual(state)
    expect(await view.contents('/', 'one', { before: 3_000 }, never)).toEqual({ count: 2, bytes: 1 })
    await view.close()
    await bus.publish('x', 'a', { body: bytes('new') }, never)
    const found = []
    for await (const { delivery: _, ...message } of await bus.consume('one', { prefetch: 9 }, never)) {
      found.push({ ...message, body: Buffer.from(message.body).toString('hex') })
      if (found.length === 4) break
    }
    const octets = 'application/octet-stream'
    expect(found).toMatchObject([
      { idempotencyKey: 'm1', exchange: 'x', routingKey: 'a', headers: {}, contentType: octets, body: '01', redelivered: true },
      { idempotencyKey: 'm2', routingKey: 'a.b', headers: { a: '1' }, contentType: 'text/plain', body: '', redelivered: true },
      { idempotencyKey: 'm3', exchange: 'h', body: '030303', redelivered: false },
      { body: '6e6577', redelivered: false },
    ])
    await bus.close()
    rmSync(join(directory.path, 'bus.db-wal'), { force: true })
  })
})
