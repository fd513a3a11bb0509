/** What a node tells about itself, as a consumer of its bus finds it. */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openBusInproc } from '../../src/main/adapters/bus-inproc/bus-inproc'
import type { Delivery } from '../../src/main/core/ports/event-bus'
import { eventSchema, eventTopic } from '../../src/shared/events'
import { tempDir } from '../support/temp'
import { thatdam } from '../support/thatdam'

function profile(buckets: readonly string[]): string {
  return JSON.stringify({
    apiVersion: 'thatdam/v1',
    kind: 'EnvironmentProfile',
    metadata: { name: 'watched' },
    spec: {
      storage: { buckets: buckets.map((name) => ({ name })) },
      broker: {
        exchanges: [{ name: 'overlay' }],
        queues: [{ name: 'watch' }],
        bindings: [{ exchange: 'overlay', queue: 'watch', key: 'overlay.bootstrap.#' }],
      },
    },
  })
}

/** Everything that waited in `watch`: what comes before a message that is published only now. */
async function takeAll(data: string): Promise<Delivery[]> {
  const never = new AbortController().signal
  const bus = openBusInproc(join(data, 'bus'), { uuid: randomUUID })
  try {
    const last = await bus.publish('overlay', 'overlay.bootstrap.last', { body: new Uint8Array() }, never)
    const taken: Delivery[] = []
    for await (const delivery of await bus.consume('watch', { prefetch: 1_000 }, never)) {
      if (delivery.idempotencyKey === last.messageId) break
      taken.push(delivery)
    }
    return taken
  } finally {
    await bus.close()
  }
}

it('arrives on the bus: each event under its topic, with every field, and with its own id as key', async () => {
  const directory = tempDir()
  const data = join(directory, 'data')
  const file = join(directory, 'profile.json')
  for (const buckets of [['first'], ['first', 'second']]) {
    writeFileSync(file, profile(buckets))
    expect((await thatdam(['apply', '-f', file, '--data', data])).status).toBe(0)
  }

  const deliveries = await takeAll(data)
  const events = deliveries.map(({ body }) => eventSchema.parse(JSON.parse(new TextDecoder().decode(body))))
  expect(deliveries.map(({ routingKey }) => routingKey)).toEqual(events.map(eventTopic))
  expect(deliveries.map(({ idempotencyKey }) => idempotencyKey)).toEqual(events.map(({ event_id }) => event_id))
  expect(new Set(deliveries.map(({ exchange, contentType }) => `${exchange} ${contentType}`))).toEqual(
    new Set(['overlay application/json']),
  )

  // What was sent before the first apply had made the queue was not for it; the second, which adds a bucket, is told in full.
  const told = events.slice(-4).map((event) => `${eventTopic(event)}: ${event.action}: ${event.message}`)
  expect(told).toEqual([
    'overlay.bootstrap.start: pass: 1 to create, 0 to update',
    'overlay.bootstrap.storage.ok: create: bucket second created (missing)',
    'overlay.bootstrap.storage.ok: pass: 1 applied',
    'overlay.bootstrap.ok: pass: 1 applied',
  ])
  const ids = events.map(({ event_id }) => event_id)
  expect(new Set(ids).size).toBe(ids.length)
})
