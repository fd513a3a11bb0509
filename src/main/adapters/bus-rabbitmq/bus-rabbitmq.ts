/**
 * The message bus on a RabbitMQ, spoken to in AMQP 0-9-1 and, where it is known, over its management API.
 *
 * Three kinds of connections: RabbitMQ stops reading from a connection that publishes while its memory or disk is short, and consumers
 * on the same one could then acknowledge nothing, which alone would help; and a declaration that is refused can end the connection it
 * came over. Each is opened by the first call that needs it, and after a loss by the next one; no call is repeated.
 *
 * What this adapter does about what RabbitMQ leaves open is in docs/TECHNICAL/rabbitmq.md.
 */
import { PortError } from '../../../shared/errors'
import { exchangeIn, queueIn } from '../../core/event-bus/words'
import type { BrokerRemover, BrokerShaper, BrokerView, EventBus } from '../../core/ports/event-bus'
import type { Examinable } from '../../core/ports/examinable'
import { brokerAt, managementAt } from './address'
import { openChannels } from './channels'
import { type Consumer, openConsumer } from './consumer'
import { examine } from './examine'
import { openLines } from './lines'
import { openManagement } from './management'
import { outgoing } from './messages'
import { checkName } from './names'
import { openPublisher } from './publisher'
import { type DedupeWindow, openSeen } from './seen'
import { shaper } from './shaper'
import { viewByAmqp, viewByManagement } from './view'

export interface BusRabbitmqOptions {
  /** `amqp://user:password@host:port`, or `amqps://`. A vhost in it must be the one that `vhost` tells. */
  readonly url: string
  /** `http://user:password@host:port`; the user is that of `url` unless given. */
  readonly managementUrl?: string
  /** PEM of a certificate authority to trust with `amqps` and `https` instead of the usual ones. */
  readonly ca?: string
  /** What `publish` and `consume` speak to, asked at each call so that it can follow the profile. */
  readonly vhost: () => string
  /** Milliseconds without progress after which a call is `unavailable`. */
  readonly deadlineMs: number
  /** How long, and how many, acknowledged ids are remembered so that a repetition is not delivered. */
  readonly dedupe: DedupeWindow
  /** Wall time in milliseconds since the epoch, for that window and to compare clocks. */
  readonly now: () => number
  /** Makes message ids and names of streams. Never the same twice. */
  readonly uuid: () => string
}

/** AMQP carries the prefetch count in 16 bits. */
const MAX_PREFETCH = 65_535

/** Connects to nothing. Throws `invalid` for an address that is none. */
export function openBusRabbitmq(options: BusRabbitmqOptions): EventBus & BrokerView & BrokerShaper & BrokerRemover & Examinable {
  const { url, managementUrl, ca, vhost, deadlineMs, dedupe, now, uuid } = options
  const broker = brokerAt(url)
  const { place } = broker
  const management = managementUrl === undefined ? undefined : openManagement(managementAt(managementUrl, broker), deadlineMs, ca)
  const publishing = openLines(broker, deadlineMs, ca)
  const consuming = openLines(broker, deadlineMs, ca)
  const shaping = openLines(broker, deadlineMs, ca)
  const channels = openChannels(shaping, place, deadlineMs)
  const publisher = openPublisher(publishing, place, deadlineMs)
  const seenOf = openSeen(dedupe, now)
  const consumers = new Set<Consumer>()
  let closing: Promise<void> | undefined

  const view = management === undefined ? viewByAmqp(channels) : viewByManagement(management, channels)

  /** A look comes after the profile has changed: connections to the vhost of before are not kept for the day somebody publishes or consumes. */
  function follow(): void {
    publisher.keep(vhost())
    consuming.keep(vhost())
  }

  async function shutDown(): Promise<void> {
    await Promise.all([publisher.close(), ...[...consumers].map((consumer) => consumer.end())])
    await Promise.all([publishing.close(), consuming.close(), shaping.close()])
    management?.close()
  }

  return {
    supports: {
      ttl: true,
      deadLetters: true,
      dedupe: 'consume',
      ages: false,
      policies: management !== undefined,
      lists: management !== undefined,
      contents: management === undefined ? 'waiting' : 'number',
    },
    authoritative: true,

    async publish(exchange, routingKey, message, signal) {
      signal.throwIfAborted()
      const messageId = message.idempotencyKey ?? uuid()
      const published = await publisher.publish(vhost(), outgoing(exchange, routingKey, message, messageId), messageId, signal)
      if (message.mandatory === true && !published.routed) {
        const key = JSON.stringify(routingKey)
        throw new PortError('not-found', `${exchangeIn(vhost(), exchange)}: no queue is bound to it for routing key ${key}.`)
      }
      return published
    },

    async consume(queue, { prefetch }, signal) {
      signal.throwIfAborted()
      const at = vhost()
      checkName('The name of a queue', queue)
      if (!Number.isInteger(prefetch) || prefetch < 1 || prefetch > MAX_PREFETCH) {
        throw new PortError('invalid', `${queueIn(at, queue)}: prefetch must be an integer from 1 to ${MAX_PREFETCH}, not ${prefetch}.`)
      }
      const line = await consuming.to(at, signal)
      const side = { line, place, deadlineMs, name: uuid(), seen: seenOf(at, queue), ended: (one: Consumer) => void consumers.delete(one) }
      const consumer = await openConsumer(queue, prefetch, side, signal)
      consumers.add(consumer)
      if (closing !== undefined) await consumer.end()
      return consumer.subscription
    },

    ...view,
    async describe(...asked) {
      follow()
      return view.describe(...asked)
    },
    ...shaper({ channels, management, user: broker.user, onExchangeGone: publisher.forget }),

    examine: (signal) => examine({ broker, management, vhost: vhost(), lines: shaping, publishing, now, signal }),

    close() {
      closing ??= shutDown()
      return closing
    },
  }
}
