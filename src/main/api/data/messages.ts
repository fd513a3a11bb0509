/** `/data/bus/…`: publishing, consuming as server-sent events, and what becomes of a delivery. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { acksSchema, dataLimits, type Published } from '../../../shared/data-plane'
import { PortError, UserError } from '../../../shared/errors'
import type { OutgoingMessage, Settlement } from '../../core/ports/event-bus'
import { whileAwaited } from '../calls'
import { sendEvents, untilClosed } from '../event-stream'
import { addressOf, isOn, type Query, required, shortText, wholeNumber } from './address'
import { parseJson, wholeBody } from './body'
import { openDeliveries } from './deliveries'
import { ascii, decoded } from './object-headers'
import { busy, checked, type Handler, type PortOptions } from './options'

const exchanges = '/data/bus/exchanges/'
const queues = '/data/bus/queues/'
const headerPrefix = 'x-header-'
const defaultPrefetch = 32
const longestTtlMs = 10 * 365 * 24 * 3_600_000

export interface MessageHandlers extends Readonly<Record<'publish' | 'consume' | 'settle', Handler>> {
  /** Open streams of deliveries. */
  count(): number
  /** End every stream. What was delivered on it and not settled goes back. */
  end(): void
}

export function messageHandlers({ ports, limits, held, traffic }: PortOptions): MessageHandlers {
  const deliveries = openDeliveries(limits, traffic.sent)
  let opening = 0
  return { publish, consume, settle, count: deliveries.count, end: deliveries.end }

  async function publish(request: FastifyRequest, reply: FastifyReply): Promise<Published> {
    const { names, query } = addressOf(request, exchanges, 3)
    // The default exchange has no name, which some clients cannot put into a path; RabbitMQ's own API calls it so, too.
    const name = nameBefore(names, 'messages')
    const exchange = name === 'amq.default' ? '' : shortText(name, 'The exchange')
    const what = `exchange ${exchange === '' ? 'amq.default' : exchange}`
    const key = shortText(query.get('key') ?? '', `${what}: the routing key`)
    const options = messageOptions(request, query, what)
    const signal = whileAwaited(reply)
    const body = await wholeBody(held(request, reply), request, dataLimits.messageBody, what)
    const { messageId, routed } = await (await ports()).bus.publish(exchange, key, { ...options, body }, signal)
    reply.code(202)
    return { message_id: messageId, routed }
  }

  async function consume(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { names, query } = addressOf(request, queues, 3)
    const queue = queueOf(names, 'messages')
    const prefetch = wholeNumber(query, 'prefetch', 1, dataLimits.prefetch) ?? defaultPrefetch
    if (deliveries.count() + opening >= limits.consumers) {
      throw busy(reply, `queue ${queue}: this node serves ${limits.consumers} consumers already.`)
    }
    const stop = untilClosed(reply)
    opening++
    try {
      const subscription = await (await ports()).bus.consume(queue, { prefetch }, stop.signal)
      // A client that takes nothing for long holds messages for nobody; heartbeats keep one alive that reads and has nothing to do.
      reply.raw.setTimeout(limits.readerMs, () => reply.raw.destroy())
      return sendEvents(reply, deliveries.open(queue, subscription, stop))
    } finally {
      opening--
    }
  }

  async function settle(request: FastifyRequest, reply: FastifyReply) {
    const { names } = addressOf(request, queues, 3)
    const queue = queueOf(names, 'acks')
    const what = `queue ${queue}`
    const asked = checked(acksSchema, parseJson(await wholeBody(held(request, reply), request, dataLimits.jsonBody, what), what), what)
    if (!Array.isArray(asked)) {
      await deliveries.settle(queue, asked.delivery, asked.action)
      return { results: [{ delivery: asked.delivery, ok: true }] }
    }
    return { results: await Promise.all(asked.map((one) => resultOf(queue, one))) }
  }

  async function resultOf(queue: string, { delivery, action }: { delivery: string; action: Settlement }) {
    try {
      await deliveries.settle(queue, delivery, action)
      return { delivery, ok: true }
    } catch (error) {
      if (!(error instanceof PortError)) throw error
      return { delivery, ok: false, error: { code: error.code, message: error.message } }
    }
  }
}

function messageOptions({ headers }: FastifyRequest, query: Query, what: string): Omit<OutgoingMessage, 'body'> {
  const own = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(headerPrefix) && typeof value === 'string'
      ? [[decoded(name.slice(headerPrefix.length), name, what), decoded(value, name, what)] as const]
      : [],
  )
  const { 'content-type': contentType, 'idempotency-key': id } = headers
  const ttlMs = wholeNumber(query, 'ttl_ms', 0, longestTtlMs)
  return {
    headers: Object.fromEntries(own),
    mandatory: isOn(query, 'mandatory'),
    ...(contentType === undefined ? {} : { contentType: ascii(contentType, 'Content-Type', what) }),
    ...(id === undefined ? {} : { idempotencyKey: idempotencyKey(String(id), what) }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
  }
}

function idempotencyKey(text: string, what: string): string {
  if (text === '') throw new PortError('invalid', `${what}: the Idempotency-Key is empty.`)
  return shortText(ascii(text, 'Idempotency-Key', what), `${what}: the Idempotency-Key`)
}

function queueOf(names: readonly string[], last: string): string {
  return shortText(required(nameBefore(names, last), 'queue'), 'The queue')
}

/** The name in `NAME/messages`; a slash in a name is percent-encoded. */
function nameBefore(names: readonly string[], last: string): string {
  if (names.length === 2 && names[1] === last) return names[0] ?? ''
  throw new UserError('not-found', `There is nothing at this address; it ends in NAME/${last}.`)
}
