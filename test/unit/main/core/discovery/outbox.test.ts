import { expect, it } from 'vitest'
import { createOutbox } from '../../../../../src/main/core/discovery/outbox'
import { PortError } from '../../../../../src/shared/errors'
import type { BootstrapEvent } from '../../../../../src/shared/events'
import { memoryJournal } from '../../../../support/memory-journal'

function event(id: string): BootstrapEvent {
  return {
    event_id: id,
    node_id: 'here',
    component: 'storage',
    action: 'create',
    status: 'ok',
    generation: 'one',
    at: '2026-01-01T00:00:00.000Z',
    idempotency_key: `key of ${id}`,
  }
}

/** An outbox on a journal in memory and a bus that keeps what it was told, in the order in which it was told. */
function stage() {
  const journal = memoryJournal()
  const told: string[] = []
  const logged: string[] = []
  const world = {
    vhost: '/',
    /** Called before the bus takes a message; what it throws is what the bus answers. */
    before: (_id: string, _signal: AbortSignal): void | Promise<void> => {},
  }
  const outbox = createOutbox({
    journal,
    bus: {
      supports: { ttl: false, deadLetters: false, dedupe: 'publish', ages: false, policies: false, lists: true, contents: 'at once' },
      authoritative: true,
      async publish(exchange, routingKey, { body, contentType, idempotencyKey = '' }, signal) {
        await world.before(idempotencyKey, signal)
        const sent = JSON.parse(new TextDecoder().decode(body)) as BootstrapEvent
        expect(sent.event_id).toBe(idempotencyKey)
        told.push(`${exchange} ${routingKey} ${contentType} ${idempotencyKey}`)
        return { messageId: idempotencyKey, routed: true }
      },
      consume: () => Promise.reject(new Error('an outbox consumes nothing')),
      close: async () => {},
    },
    shaper: {
      async ensureExchange(vhost, { name, type }) {
        told.push(`make ${name} (${type}) in ${vhost}`)
      },
    },
    vhost: () => world.vhost,
    encode: (text) => new TextEncoder().encode(text),
    log: (level, message, { error }) => logged.push(`${level}: ${message}: ${error}`),
  })
  return { journal, outbox, told, logged, world, left: () => journal.unsent(10_000) }
}

const made = (vhost: string) => `make overlay (topic) in ${vhost}`
const sent = (id: string) => `overlay overlay.bootstrap.storage.ok application/json ${id}`

/** A gate that holds back who comes to it until it is opened. */
function gate() {
  let open = () => {}
  let arrived = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const reached = new Promise<void>((resolve) => {
    arrived = resolve
  })
  return {
    open: () => open(),
    reached,
    pass: () => {
      arrived()
      return opened
    },
  }
}

it('makes the exchange, sends what is stored in its order, and marks it as sent', async () => {
  const { journal, outbox, told, left } = stage()
  await journal.record([event('a'), event('b'), event('c')])
  await outbox.flush()
  expect(told).toEqual([made('/'), sent('a'), sent('b'), sent('c')])
  expect(await left()).toEqual([])
  await outbox.flush()
  expect(told).toHaveLength(4)
})

it('touches nothing where nothing is stored', async () => {
  const { journal, outbox, told } = stage()
  await outbox.flush()
  expect(told).toEqual([])
  expect(journal.writes()).toBe(0)
})

it('sends everything where that is more than one batch', async () => {
  const { journal, outbox, told, left } = stage()
  const ids = Array.from({ length: 450 }, (_, i) => `event-${i}`)
  await journal.record(ids.map(event))
  await outbox.flush()
  expect(told).toEqual([made('/'), ...ids.map(sent)])
  expect(await left()).toEqual([])
})

it('leaves stored what the bus refuses, says so, and sends it with the next flush', async () => {
  const { journal, outbox, told, logged, world, left } = stage()
  await journal.record([event('a')])
  world.before = () => Promise.reject(new PortError('unavailable', 'The bus is away.'))
  await outbox.flush()
  expect(await left()).toEqual([event('a')])
  expect(logged).toEqual(['warn: events stay stored until the bus takes them: The bus is away.'])

  world.before = () => {}
  await outbox.flush()
  // The bus may have come back without its exchange.
  expect(told).toEqual([made('/'), made('/'), sent('a')])
  expect(await left()).toEqual([])
})

it('passes on what is no refusal, and works again afterwards', async () => {
  const { journal, outbox, world, left } = stage()
  await journal.record([event('a')])
  world.before = () => Promise.reject(new TypeError('a mistake'))
  await expect(outbox.flush()).rejects.toThrow('a mistake')
  world.before = () => {}
  await outbox.flush()
  expect(await left()).toEqual([])
})

it('makes the exchange once in each vhost that the profile moves to', async () => {
  const { journal, outbox, told, world } = stage()
  for (const [id, vhost] of Object.entries({ a: '/', b: '/', c: 'media', d: 'media' })) {
    world.vhost = vhost
    await journal.record([event(id)])
    await outbox.flush()
  }
  expect(told).toEqual([made('/'), sent('a'), sent('b'), made('media'), sent('c'), sent('d')])
})

it('answers all calls that come during a flush by one more', async () => {
  const { journal, outbox, told, world, left } = stage()
  let looks = 0
  const unsent = journal.unsent
  journal.unsent = (limit) => {
    looks++
    return unsent(limit)
  }
  const held = gate()
  world.before = held.pass
  await journal.record([event('a')])
  const first = outbox.flush()
  await held.reached
  await journal.record([event('b')])
  const later = [outbox.flush(), outbox.flush(), outbox.flush()]
  held.open()
  await Promise.all([first, ...later])
  expect(looks).toBe(2)
  expect(told).toEqual([made('/'), sent('a'), sent('b')])
  expect(await left()).toEqual([])
})

it('forgets no event, at whichever moment of a flush it is stored', async () => {
  for (let moment = 0; moment < 30; moment++) {
    const { journal, outbox, left } = stage()
    await journal.record([event('a')])
    const first = outbox.flush()
    for (let i = 0; i < moment; i++) await Promise.resolve()
    const stored = journal.record([event('b')])
    await Promise.all([first, outbox.flush(), stored])
    expect(await left(), `stored after ${moment} steps`).toEqual([])
  }
})

it('waits for the flush under way when it is stopped, and sends nothing more', async () => {
  const { journal, outbox, told, logged, world, left } = stage()
  const held = gate()
  world.before = async (_id, signal) => {
    await held.pass()
    signal.throwIfAborted()
  }
  await journal.record([event('a')])
  const flush = outbox.flush()
  await held.reached
  let stopped = false
  const stop = outbox.stop().then(() => {
    stopped = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(stopped).toBe(false)
  held.open()
  await Promise.all([flush, stop])
  await outbox.flush()
  expect(told).toEqual([made('/')])
  expect(logged).toEqual([])
  expect(await left()).toEqual([event('a')])
})
