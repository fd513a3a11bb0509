import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Delivery } from '../../../../../src/main/core/ports/event-bus'
import type { Bus } from '../../../../conformance/event-bus/stage'
import { never } from '../../../../conformance/event-bus/stage'
import { runUntilKilled } from '../../../../support/killed'
import { byHand, openBus, temporaryDirectory } from './workbench'

const source = fileURLToPath(new URL('../../../../../src/main/adapters/bus-inproc/bus-inproc.ts', import.meta.url))

/** All that a queue holds, by a consumer that takes everything in hand, and whether a message published just now counts as redelivered. */
async function held(bus: Bus, queue: string): Promise<{ deliveries: Delivery[]; ids: string[]; endRedelivered: boolean }> {
  const end = await bus.publish('', queue, { body: new Uint8Array(0) }, never)
  const deliveries: Delivery[] = []
  const subscription = await bus.consume(queue, { prefetch: 65_535 }, never)
  for await (const delivery of subscription) {
    if (delivery.idempotencyKey === end.messageId) {
      await subscription.settle(delivery.delivery, 'ack')
      return { deliveries, ids: deliveries.map(({ idempotencyKey }) => idempotencyKey), endRedelivered: delivery.redelivered }
    }
    deliveries.push(delivery)
  }
  throw new Error(`the stream of ${queue} ended before its last message`)
}

describe('bus-inproc, killed with SIGKILL', () => {
  let directory: ReturnType<typeof temporaryDirectory>
  const program = (name: string) => [fileURLToPath(new URL(`./${name}.mjs`, import.meta.url)), directory.path, source]
  beforeEach(() => {
    directory = temporaryDirectory()
  })
  afterEach(() => directory.remove())

  it('holds every message it acknowledged, whenever it is killed', async ({ signal: aborted }) => {
    const acknowledged: string[] = []
    // The counts only spread the moments; where in a commit each kill lands is up to the machine.
    for (const count of [1, 2, 17, 130, 401]) {
      // A line that the kill has cut short is no acknowledgement.
      acknowledged.push(...(await runUntilKilled(program('publisher'), count, aborted)).filter((line) => line.length === 36))
    }
    const bus = openBus(directory.path)
    const one = await held(bus, 'one')
    const two = await held(bus, 'two')
    await bus.close()
    expect(acknowledged.length).toBeGreaterThanOrEqual(551)
    expect(new Set(one.ids).size).toBe(one.ids.length)
    expect(acknowledged.filter((id) => !one.ids.includes(id))).toEqual([])
    // A message that was not acknowledged may be there, but then in all its queues.
    expect(two.ids).toEqual(one.ids)
    // Only the queue that had a consumer can have delivered something.
    expect(one.deliveries.some(({ redelivered }) => redelivered)).toBe(false)
    expect(two.deliveries.every(({ redelivered }) => redelivered)).toBe(true)
    expect(two.endRedelivered).toBe(false)
  })

  it('loses nothing, gives nothing back that was settled, and holds nothing twice, with expiry, dead letters and segments', {
    timeout: 240_000,
  }, async ({ signal: aborted }) => {
    const said = { P: set(), T: set(), a: set(), A: set(), r: set(), R: set(), q: set(), Q: set(), d: set(), D: set() }
    for (let kill = 0; kill < 24; kill++) {
      const count = 1 + Math.floor(Math.random() * 600)
      for (const line of await runUntilKilled(program('worker'), count, aborted)) {
        const [what = '', id = ''] = line.split(' ')
        if (id.length === 36 && what in said) said[what as keyof typeof said].add(id)
      }
    }
    const bus = openBus(directory.path)
    const work = await held(bus, 'work')
    const dead = await held(bus, 'dead')
    await bus.close()
    const [inWork, inDead] = [set(work.ids), set(dead.ids)]

    // Every kind of work was interrupted.
    for (const kind of [said.P, said.T, said.A, said.R, said.Q, said.D, inWork, inDead]) expect(kind.size).toBeGreaterThan(0)
    // Nothing is there twice, in one queue or in both.
    expect([inWork.size, inDead.size]).toEqual([work.ids.length, dead.ids.length])
    expect(both(inWork, inDead)).toEqual([])
    // Whatever was published is somewhere, unless it was on its way out.
    for (const published of [said.P, said.T]) expect(without(published, inWork, inDead, said.a, said.d)).toEqual([])
    // What was settled stays so.
    for (const queue of [inWork, inDead]) expect([both(said.A, queue), both(said.D, queue)]).toEqual([[], []])
    expect(both(said.R, inWork)).toEqual([])
    expect(without(said.R, inDead, said.d)).toEqual([])
    // Their time has passed long ago.
    expect(both(said.T, inWork)).toEqual([])
    // All is whole.
    for (const { body, headers, idempotencyKey } of [...work.deliveries, ...dead.deliveries]) {
      expect(body.byteLength).toBe(Number(headers.size))
      expect(Buffer.from(body).equals(Buffer.alloc(body.byteLength, idempotencyKey))).toBe(true)
    }

    // With its last message, each segment goes.
    const again = openBus(directory.path)
    for (const queue of ['work', 'dead']) await again.removeQueue('/', queue, { contents: true }, never)
    await again.close()
    await openBus(directory.path).close()
    expect(readdirSync(join(directory.path, 'segments'))).toEqual([])
    expect(byHand(directory.path, 'SELECT count(*) AS n FROM queued')).toEqual([{ n: 0 }])
  })
})

function set(ids: readonly string[] = []): Set<string> {
  return new Set(ids)
}

function both(ids: ReadonlySet<string>, others: ReadonlySet<string>): string[] {
  return [...ids].filter((id) => others.has(id))
}

function without(ids: ReadonlySet<string>, ...others: readonly ReadonlySet<string>[]): string[] {
  return [...ids].filter((id) => !others.some((other) => other.has(id)))
}
