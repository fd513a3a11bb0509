import { randomBytes } from 'node:crypto'
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bodies, never, openStage, type Stage } from '../../../../conformance/event-bus/stage'
import { byHand, makeHarness } from './workbench'

const KIB = 1024
const MIB = KIB * KIB

describe('bodies in segments', () => {
  let directory: string
  let stage: Stage
  beforeEach(async () => {
    const harness = await makeHarness()
    directory = join(harness.directory, 'segments')
    stage = await openStage(harness)
    await stage.queue('q')
  })
  afterEach(() => stage.dispose())

  const files = () => readdirSync(directory).sort()
  const path = (name: string | undefined) => join(directory, name ?? 'none')
  const publish = (body: Uint8Array, queue = 'q') => stage.bus.publish('', queue, { body }, never)
  const rows = () => byHand(join(directory, '..'), 'SELECT count(*) AS n FROM queued')

  it('come into being with the first large body, and small ones make none', async () => {
    await stage.fill('q', ['small'])
    expect(() => files()).toThrow('ENOENT')
    await publish(randomBytes(4 * KIB))
    expect(files()).toHaveLength(1)
  })

  it('carry bodies of every size around the limits, whole and in order, across a reopen', async () => {
    const sizes = [0, 1, 767, 768, 769, 4 * KIB, 64 * KIB - 1, 128 * KIB, 128 * KIB + 1, 3 * MIB, 1, 800, 0]
    const sent = sizes.map((size) => randomBytes(size))
    await Promise.all(sent.map((body) => publish(body)))
    const first = await stage.consume('q', 5)
    expect((await first.take(5)).map(({ body }) => Buffer.from(body))).toEqual(sent.slice(0, 5))
    await first.subscription.close()
    await stage.reopen()
    const found = await stage.drain('q')
    expect(found.map(({ body }) => Buffer.from(body).equals(sent.shift() ?? Buffer.alloc(0)))).toEqual(sizes.map(() => true))
  })

  it('go when no message points into them and nothing is being written to them', async () => {
    const body = randomBytes(15 * MIB)
    for (let n = 0; n < 6; n++) await publish(body)
    expect(files()).toHaveLength(2)
    const reader = await stage.consume('q', 1)
    for (let n = 0; n < 5; n++) {
      const [delivery] = await reader.take(1)
      await reader.subscription.settle(delivery?.delivery ?? '', 'ack')
    }
    await reader.subscription.close()
    expect(files()).toEqual(['0000000002.bodies'])
    expect(await stage.drain('q')).toHaveLength(1)
    await stage.reopen()
    expect(files()).toEqual([])
  })

  it('go with the queue whose messages point into them', async () => {
    const body = randomBytes(15 * MIB)
    for (let n = 0; n < 6; n++) await publish(body)
    await stage.bus.removeQueue('/', 'q', { contents: true }, never)
    expect(files()).toEqual(['0000000002.bodies'])
  })

  it('are continued after a restart, over what a crash has left behind the last message', async () => {
    const sent = [randomBytes(5 * KIB), randomBytes(5 * KIB)]
    await publish(sent[0] ?? sent[1] ?? Buffer.alloc(0))
    await stage.reopen(async () => {
      appendFileSync(path(files()[0]), 'half a body that nobody was told of')
      writeFileSync(path('0000000009.bodies'), 'a segment that nothing points into')
    })
    expect(files()).toEqual(['0000000001.bodies'])
    expect(statSync(path('0000000001.bodies')).size).toBe(5 * KIB)
    await publish(sent[1] ?? Buffer.alloc(0))
    expect(files()).toEqual(['0000000001.bodies'])
    expect(readFileSync(path('0000000001.bodies')).equals(Buffer.concat(sent))).toBe(true)
    expect((await stage.drain('q')).map(({ body }) => Buffer.from(body))).toEqual(sent)
  })

  it('leave alone a file that is none of theirs', async () => {
    await publish(randomBytes(5 * KIB))
    await stage.reopen(async () => writeFileSync(path('notes.txt'), 'mine'))
    expect(files()).toContain('notes.txt')
  })

  it.each<[string, (file: string) => void]>([
    ['cut short', (file) => truncateSync(file, 7 * KIB)],
    ['changed', (file) => writeFileSync(file, readFileSync(file).fill(7, 6 * KIB, 6 * KIB + 10))],
  ])(
    'that were %s end the stream with the name of the file and of the message, once, and let the others through',
    async (_what, damage) => {
      const message = { idempotencyKey: 'the second' }
      await publish(randomBytes(5 * KIB))
      await stage.bus.publish('', 'q', { body: randomBytes(5 * KIB), ...message }, never)
      await stage.fill('q', ['third'])
      await stage.reopen(async () => damage(path(files()[0])))
      const { take, next } = await stage.consume('q')
      expect(await take(1)).toHaveLength(1)
      await expect(next()).rejects.toMatchObject({
        name: 'PortError',
        code: 'internal',
        message: expect.stringMatching(/"q".*"the second".*damaged.*0000000001\.bodies/),
      })
      expect(await next()).toMatchObject({ done: true })
      // What comes after goes on, also in a segment beside the one that has lost its end.
      const more = randomBytes(5 * KIB)
      await publish(more)
      const found = await stage.drain('q')
      expect(found).toHaveLength(3)
      expect(bodies(found)[1]).toBe('third')
      expect(Buffer.from(found[2]?.body ?? []).equals(more)).toBe(true)
      expect(rows()).toEqual([{ n: 1 }])
    },
  )

  it('that are gone are named as well, and a message without its body can still expire', async () => {
    await stage.declare('dlx', 'fanout', { dead: [''] })
    await stage.policy('q', { dlx: 'dlx' })
    await stage.bus.publish('', 'q', { body: randomBytes(5 * KIB), ttlMs: 60_000 }, never)
    await stage.reopen(async () => rmSync(path(files()[0])))
    const { next } = await stage.consume('q')
    await expect(next()).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('is not there') })
    await stage.reopen()
    await stage.elapse(61_000)
    expect(await stage.contents('q')).toEqual({ count: 0, bytes: 0 })
    expect(await stage.contents('dead')).toEqual({ count: 1, bytes: 5 * KIB })
  })

  it('pass over a message that was deleted by hand, body and all', async () => {
    await publish(randomBytes(5 * KIB))
    await stage.fill('q', ['next'])
    const { take } = await stage.consume('q')
    await stage.barrier()
    byHand(join(directory, '..'), 'DELETE FROM queued WHERE segment IS NOT NULL')
    rmSync(path(files()[0]))
    expect(bodies(await take(1))).toEqual(['next'])
  })
})
