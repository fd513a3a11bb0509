/** Stand-ins for a RabbitMQ that answers some and not others: the real one does so only once a queue of it is broken. */
import { EventEmitter } from 'node:events'
import type { Channel, ConfirmChannel } from 'amqplib'
import { expect, it, onTestFinished } from 'vitest'
import type { Line } from '../../../../../src/main/adapters/bus-rabbitmq/line'
import type { Lines } from '../../../../../src/main/adapters/bus-rabbitmq/lines'
import { outgoing } from '../../../../../src/main/adapters/bus-rabbitmq/messages'
import { openPublisher } from '../../../../../src/main/adapters/bus-rabbitmq/publisher'

const never = new AbortController().signal
const deadlineMs = 200

/** Confirms each message in a moment, but for those of queue `broken`, which it never does. */
function scene() {
  const channel = Object.assign(new EventEmitter(), {
    publish(_exchange: string, key: string, _content: Buffer, _options: object, confirmed: (error: unknown) => void) {
      if (key === 'broken') kept.push(confirmed)
      else setImmediate(() => confirmed(null))
      return true
    },
    async close() {},
  })
  const kept: ((error: unknown) => void)[] = []
  const destroyed: unknown[] = []
  const line: Line = {
    vhost: '/',
    product: {} as Line['product'],
    isOpen: () => true,
    blocked: () => undefined,
    cause: () => undefined,
    sent: () => 0,
    gather() {},
    hold() {},
    release() {},
    openChannel: async () => channel as unknown as Channel,
    openConfirmChannel: async () => channel as unknown as ConfirmChannel,
    destroy(reason) {
      destroyed.push(reason)
      channel.emit('close')
      for (const tell of kept.splice(0)) tell(new Error('channel closed'))
    },
    async close() {},
  }
  const lines: Lines = { to: async () => line, keep() {}, open: () => [line], async close() {} }
  const publisher = openPublisher(lines, { server: 'RabbitMQ', address: 'amqp://host' }, deadlineMs)
  onTestFinished(() => publisher.close())
  let ids = 0
  const publish = (queue: string) => {
    ids += 1
    const id = String(ids)
    return publisher.publish('/', outgoing('', queue, { body: new Uint8Array(1) }, id), id, never)
  }
  return { publish, destroyed }
}

it('gives up a message that is not confirmed in time while those after it are, and disturbs none of them', async ({ signal }) => {
  const { publish, destroyed } = scene()
  let going = true
  const lost = publish('broken').finally(() => {
    going = false
  })
  const refused = expect(lost).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(/RabbitMQ.*in time/) })
  let confirmed = 0
  while (going && !signal.aborted) {
    expect(await publish('sound')).toMatchObject({ routed: true })
    confirmed += 1
  }
  await refused
  expect(confirmed).toBeGreaterThan(0)
  expect(destroyed).toEqual([])
  expect(await publish('sound')).toMatchObject({ routed: true })
})
