import { getEventListeners } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openBusInproc } from '../../../../../src/main/adapters/bus-inproc/bus-inproc'
import { viewBusInproc } from '../../../../../src/main/adapters/bus-inproc/view'
import { eventBusConformance } from '../../../../conformance/event-bus'
import { bodies, everything, never, numbers, openStage, type Stage } from '../../../../conformance/event-bus/stage'
import { byHand, makeHarness, openBus, temporaryDirectory } from './workbench'

eventBusConformance('bus-inproc', makeHarness)

const large = 'large '.repeat(2_000)

describe('bus-inproc', () => {
  let directory: string
  let stage: Stage
  beforeEach(async () => {
    const harness = await makeHarness()
    directory = harness.directory
    stage = await openStage(harness)
  })
  afterEach(() => stage.dispose())

  it('says what it can do', () => {
    expect(stage.bus.supports).toEqual({
      ttl: true,
      deadLetters: true,
      dedupe: 'publish',
      ages: true,
      policies: true,
      lists: true,
      contents: 'at once',
    })
    expect(stage.bus.authoritative).toBe(true)
  })

  it('publishes and consumes in the vhost it is told, even when that changes', async () => {
    const other = temporaryDirectory()
    let vhost = '/'
    const bus = openBusInproc(other.path, { uuid: () => 'same', vhost: () => vhost })
    for (const at of ['/', '/studio']) await bus.ensureQueue(at, { name: 'q', type: 'classic' }, never)
    vhost = '/studio'
    await bus.publish('', 'q', { body: new Uint8Array(1) }, never)
    await bus.close()
    expect(byHand(other.path, 'SELECT vhost FROM queued JOIN queues ON queues.id = queue')).toEqual([{ vhost: '/studio' }])
    other.remove()
  })

  it('records when a message came into a queue', async () => {
    const other = temporaryDirectory()
    const bus = openBusInproc(other.path, { uuid: () => 'id', now: () => 1_234 })
    await bus.ensureQueue('/', { name: 'q', type: 'classic' }, never)
    await bus.publish('', 'q', { body: new Uint8Array(1) }, never)
    await bus.close()
    expect(byHand(other.path, 'SELECT arrived FROM queued')).toEqual([{ arrived: 1_234 }])
    other.remove()
  })

  it('stores a large body once for all its queues, and forgets it with the last', async () => {
    await stage.declare('x', 'fanout', { one: [''], two: [''], three: [''] })
    await stage.send('x', '', large)
    const stored = () => byHand(directory, 'SELECT count(*) AS rows, count(DISTINCT start) AS bodies FROM queued')
    expect(stored()).toEqual([{ rows: 3, bodies: 1 }])
    await stage.drain('one')
    expect(stored()).toEqual([{ rows: 2, bodies: 1 }])
    await stage.deleteQueue('two')
    expect(bodies(await stage.drain('three'))).toEqual([large])
    expect(stored()).toEqual([{ rows: 0, bodies: 0 }])
    expect(byHand(directory, 'SELECT name FROM bindings JOIN queues ON id = queue ORDER BY name')).toEqual([
      { name: 'one' },
      { name: 'three' },
    ])
    expect(byHand(directory, 'SELECT count(*) AS n FROM bindings')).toEqual([{ n: 2 }])
  })

  it('notices exchanges and bindings that were deleted by hand', async () => {
    await stage.declare('x', 'topic', { q: ['a'] })
    await stage.declare('y', 'topic', { q: ['a'] })
    expect(await stage.send('x', 'a', '1')).toMatchObject({ routed: true })
    byHand(directory, 'DELETE FROM bindings WHERE exchange = (SELECT id FROM exchanges WHERE name = ?)', 'x')
    expect(await stage.send('x', 'a', '2')).toMatchObject({ routed: false })
    byHand(directory, 'DELETE FROM exchanges WHERE name = ?', 'y')
    await expect(stage.send('y', 'a', '3')).rejects.toMatchObject({ code: 'not-found' })
    await stage.declare('y', 'fanout', {})
    expect(await stage.send('y', 'a', '4')).toMatchObject({ routed: false })
    expect((await stage.look()).bindings).toEqual([])
  })

  it('passes over messages that were deleted by hand before a consumer was given them', async () => {
    await stage.queue('q')
    await stage.fill('q', numbers(5))
    const { take, subscription } = await stage.consume('q', 2)
    await take(1)
    byHand(directory, "DELETE FROM queued WHERE CAST(body AS TEXT) IN ('2', '4')")
    expect(bodies(await take(1))).toEqual(['1'])
    await subscription.close()
    byHand(directory, "DELETE FROM queued WHERE CAST(body AS TEXT) = '1'")
    expect(bodies(await stage.drain('q'))).toEqual(['0', '3'])
  })

  it('reads a long queue page by page, in order and whole', async () => {
    await stage.queue('q')
    await Promise.all(numbers(3_000).map((n) => stage.send('', 'q', n)))
    const reader = await stage.consume('q', 1_500)
    const first = await reader.take(1_500)
    for (const { delivery } of first.slice(0, 1_000)) void reader.subscription.settle(delivery, 'ack')
    expect(bodies(await reader.take(1_000))).toEqual(numbers(2_500).slice(1_500))
    await reader.subscription.close()
    expect(bodies(await stage.drain('q'))).toEqual(numbers(3_000).slice(1_000))
  })

  it('finishes what was asked for before it closes', async () => {
    await stage.queue('q')
    const published = Promise.all(numbers(20).map((n) => stage.send('', 'q', n)))
    await stage.reopen()
    await published
    expect(await stage.drain('q')).toHaveLength(20)
  })

  it('refuses a consumer that comes while it closes', async () => {
    await stage.queue('q')
    const late = expect(stage.bus.consume('q', { prefetch: 1 }, never)).rejects.toMatchObject({ code: 'unavailable' })
    await stage.reopen()
    await late
  })

  it('lets go of the signal of a stream that has ended', async () => {
    await stage.queue('q')
    const controller = new AbortController()
    const { subscription } = await stage.consume('q', 1, controller.signal)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    await subscription.close()
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  it('names the file and the way out when it is not a database', () => {
    const other = temporaryDirectory()
    writeFileSync(join(other.path, 'bus.db'), 'this is no database, and it is longer than a header of one would be'.repeat(20))
    expect(() => openBus(other.path)).toThrow(
      expect.objectContaining({
        name: 'UserError',
        code: 'damaged-data',
        message: expect.stringContaining('bus.db'),
        hint: expect.any(String),
      }),
    )
    other.remove()
  })
})

describe('viewBusInproc', () => {
  it('finds nothing in a directory that does not exist, and does not create it', async () => {
    const { path, remove } = temporaryDirectory()
    const view = viewBusInproc(join(path, 'no', 'such'))
    expect(await view.describe('/', everything, never)).toEqual({ exchanges: [], queues: [], bindings: [] })
    await view.close()
    expect(existsSync(join(path, 'no'))).toBe(false)
    remove()
  })

  it('sees a bus that appears after it was opened', async () => {
    const { path, remove } = temporaryDirectory()
    const view = viewBusInproc(path)
    expect((await view.describe('/', everything, never)).queues).toEqual([])
    const bus = openBus(path)
    await bus.ensureQueue('/', { name: 'q', type: 'classic' }, never)
    expect((await view.describe('/', everything, never)).queues).toHaveLength(1)
    await view.close()
    await bus.close()
    remove()
  })

  it('leaves no trace', async () => {
    const { path, remove } = temporaryDirectory()
    const bus = openBus(path)
    await bus.ensureQueue('/', { name: 'q', type: 'classic' }, never)
    await bus.close()
    const before = readdirSync(path)
    const view = viewBusInproc(path)
    expect((await view.describe('/', everything, never)).queues).toHaveLength(1)
    await view.close()
    await view.close()
    expect(readdirSync(path)).toEqual(before)
    remove()
  })

  it('a look at a damaged store rejects with a PortError that names the file', async () => {
    const { path, remove } = temporaryDirectory()
    writeFileSync(join(path, 'bus.db'), 'no database '.repeat(200))
    const view = viewBusInproc(path)
    await expect(view.describe('/', everything, never)).rejects.toMatchObject({
      name: 'PortError',
      code: 'internal',
      message: expect.stringMatching(/bus\.db is damaged.*backup/),
    })
    await view.close()
    expect(readdirSync(path)).toEqual(['bus.db'])
    remove()
  })

  it('rejects with the reason of a signal that has aborted', async () => {
    const { path, remove } = temporaryDirectory()
    const view = viewBusInproc(path)
    const reason = new Error('enough')
    await expect(view.describe('/', everything, AbortSignal.abort(reason))).rejects.toBe(reason)
    await view.close()
    remove()
  })
})
