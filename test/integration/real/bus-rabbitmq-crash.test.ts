/** A RabbitMQ of the test's own is killed at work, and one runs out of memory. */
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { bodies, bytes, never, text } from '../../conformance/event-bus/stage'
import { type OwnServer, startServer } from '../../support/own-server'
import { describeStarting } from '../../support/servers'
import { openRabbitmq } from './bus-rabbitmq-harness'

describeStarting('rabbitmq', 'bus-rabbitmq whose server dies', () => {
  let server: OwnServer<'rabbitmq'>
  beforeAll(async () => {
    server = await startServer('rabbitmq')
    await makeSurvivors(['killed', 'held', 'full', 'many'])
  }, 120_000)
  afterAll(() => server.stop(), 60_000)

  /** A queue that was declared just before a kill can go with it, messages and all; one that outlived a kill does no more. */
  async function makeSurvivors(names: readonly string[]): Promise<void> {
    const { bus } = openRabbitmq(server.address, '/', { management: true })
    const there = async () => (await bus.describe('/', { exchanges: [], queues: [] }, never)).queues.map(({ name }) => name)
    do {
      for (const name of names) await vi.waitFor(() => bus.ensureQueue('/', { name, type: 'classic' }, never), { timeout: 30_000 })
      await server.restart()
    } while ((await there()).length < names.length)
    await bus.close()
  }

  const open = (deadlineMs = 2_000) => {
    const { bus } = openRabbitmq(server.address, '/', { management: true }, { deadlineMs })
    onTestFinished(() => bus.close())
    return bus
  }

  it('loses nothing that was confirmed to a publisher, and tells what was not', { timeout: 120_000 }, async () => {
    const bus = open()
    const confirmed: string[] = []
    const refusals: unknown[] = []
    let sent = 0
    async function publisher(): Promise<void> {
      while (refusals.length === 0) {
        const id = String(sent++)
        try {
          await bus.publish('', 'killed', { body: bytes(id), idempotencyKey: id }, never)
          confirmed.push(id)
        } catch (error) {
          refusals.push(error)
        }
      }
    }
    const publishers = Array.from({ length: 200 }, publisher)
    await vi.waitFor(() => expect(confirmed.length).toBeGreaterThan(1_000), { timeout: 30_000 })
    await server.kill()
    await Promise.all(publishers)
    expect(refusals).toMatchObject(refusals.map(() => ({ name: 'PortError', code: 'unavailable' })))
    await expect(bus.publish('', 'killed', { body: bytes('late') }, never)).rejects.toMatchObject({ code: 'unavailable' })

    await server.restart()
    const left = new Set(confirmed)
    for await (const { delivery, body } of await holding(bus, 'killed')) {
      left.delete(text(body))
      if (left.size === 0) break
      expect(delivery).toBeDefined()
    }
    expect(left.size).toBe(0)
  })

  it('ends a stream when its server is killed, refuses what was in hand, and delivers it again later', { timeout: 120_000 }, async () => {
    const bus = open()
    await bus.publish('', 'held', { body: bytes('one'), idempotencyKey: 'one' }, never)
    await bus.publish('', 'held', { body: bytes('two'), idempotencyKey: 'two' }, never)
    const subscription = await bus.consume('held', { prefetch: 10 }, never)
    const stream = subscription[Symbol.asyncIterator]()
    const one = (await stream.next()).value
    const two = (await stream.next()).value
    await subscription.settle(one.delivery, 'ack')
    const refused = expect(stream.next()).rejects.toMatchObject({ code: 'unavailable' })
    await server.kill()
    await refused
    await expect(subscription.settle(two.delivery, 'ack')).rejects.toMatchObject({ code: 'not-found' })
    await expect(bus.consume('held', { prefetch: 1 }, never)).rejects.toMatchObject({ code: 'unavailable' })

    await server.restart()
    const again = (await bus.consume('held', { prefetch: 10 }, never))[Symbol.asyncIterator]()
    expect(bodies([(await again.next()).value])).toEqual(['two'])
  })

  it('says that RabbitMQ blocks publishers, and lets consumers go on', { timeout: 120_000 }, async () => {
    const bus = open(4_000)
    await bus.publish('', 'full', { body: bytes('before') }, never)
    await server.restart({ settings: ['vm_memory_high_watermark.absolute = 1MB'] })
    const blocked = { code: 'unavailable', message: expect.stringMatching(/blocks publishers/) }
    await vi.waitFor(() => expect(bus.publish('', 'full', { body: bytes('blocked') }, never)).rejects.toMatchObject(blocked), {
      timeout: 30_000,
    })
    const subscription = await bus.consume('full', { prefetch: 1 }, never)
    const { value } = await subscription[Symbol.asyncIterator]().next()
    expect(text(value.body)).toBe('before')
    await subscription.settle(value.delivery, 'ack')
    expect(await bus.examine(never)).toContainEqual(expect.objectContaining({ name: 'alarms', ok: false }))
    await server.restart({})
    expect(await bus.examine(never)).toContainEqual(expect.objectContaining({ name: 'alarms', ok: true }))
  })

  it('refuses a stream too many, and goes on with those there are', { timeout: 120_000 }, async () => {
    await server.restart({ settings: ['channel_max = 3'] })
    const bus = open()
    const streams = await Promise.all(Array.from({ length: 3 }, () => bus.consume('many', { prefetch: 1 }, never)))
    const waiting = Promise.race(streams.map((stream) => stream[Symbol.asyncIterator]().next()))
    const fourth = bus.consume('many', { prefetch: 1 }, never)
    await expect(fourth).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(/no more channels/) })
    await bus.publish('', 'many', { body: bytes('here') }, never)
    expect(bodies([(await waiting).value])).toEqual(['here'])
    await streams[0]?.close()
    await bus.consume('many', { prefetch: 1 }, never)
  })

  async function holding(bus: ReturnType<typeof open>, queue: string) {
    return vi.waitFor(() => bus.consume(queue, { prefetch: 65_535 }, never), { timeout: 30_000 })
  }
})
