import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bus } from '../../../../conformance/event-bus/stage'
import { never } from '../../../../conformance/event-bus/stage'
import { openBus, temporaryDirectory } from './workbench'

const publisher = fileURLToPath(new URL('./publisher.mjs', import.meta.url))
const source = fileURLToPath(new URL('../../../../../src/main/adapters/bus-inproc/bus-inproc.ts', import.meta.url))

/** Start a publisher, kill it with SIGKILL once it has acknowledged `count` messages, and return all it acknowledged. */
async function publishUntilKilled(directory: string, count: number): Promise<string[]> {
  const child = spawn(process.execPath, [publisher, directory, source], { stdio: ['ignore', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const exited = once(child, 'exit')
  const acknowledged: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    // A line that the kill has cut short is no acknowledgement.
    if (line.length === 36) acknowledged.push(line)
    if (acknowledged.length === count) child.kill('SIGKILL')
  }
  const [, signal] = await exited
  expect(complaint).toBe('')
  expect(signal).toBe('SIGKILL')
  return acknowledged
}

/** All that a queue holds, by a consumer that takes everything in hand, and whether a message published just now counts as redelivered. */
async function held(bus: Bus, queue: string): Promise<{ ids: string[]; redelivered: boolean[]; endRedelivered: boolean }> {
  await bus.publish('', queue, { body: new Uint8Array(0), idempotencyKey: 'end' }, never)
  const ids: string[] = []
  const redelivered: boolean[] = []
  for await (const delivery of await bus.consume(queue, { prefetch: 65_535 }, never)) {
    if (delivery.idempotencyKey === 'end') return { ids, redelivered, endRedelivered: delivery.redelivered }
    ids.push(delivery.idempotencyKey)
    redelivered.push(delivery.redelivered)
  }
  throw new Error(`the stream of ${queue} ended before its last message`)
}

describe('bus-inproc, killed with SIGKILL', () => {
  let directory: ReturnType<typeof temporaryDirectory>
  beforeEach(() => {
    directory = temporaryDirectory()
  })
  afterEach(() => directory.remove())

  it('holds every message it acknowledged, whenever it is killed', async () => {
    const acknowledged: string[] = []
    // The counts only spread the moments; where in a commit each kill lands is up to the machine.
    for (const count of [1, 2, 17, 130, 401]) acknowledged.push(...(await publishUntilKilled(directory.path, count)))
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
    expect(one.redelivered.some(Boolean)).toBe(false)
    expect(two.redelivered.every(Boolean)).toBe(true)
    expect(two.endRedelivered).toBe(false)
  })
})
