/** `/data/bus/…`: publishing, consuming as server-sent events, and what becomes of a delivery. */
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { acksSchema, type DeliveredMessage, dataLimits, type Published } from '../../../shared/data-plane'
import { PortError, toErrorBody, UserError } from '../../../shared/errors'
import type { Delivery, OutgoingMessage, Settlement, Subscription } from '../../core/ports/event-bus'
import { whileAwaited } from '../calls'
import { toProblem } from '../problems'
import { addressOf, isOn, required, shortText, wholeNumber } from './address'
import { incomingBody, letGoOfBody, parseJson, wholeBody } from './body'
import { checked, type DataOptions } from './data-plane'
import { decoded } from './object-headers'

const headerPrefix = 'x-header-'
const defaultPrefetch = 32
const longestTtlMs = 10 * 365 * 24 * 3_600_000

export interface Consumers {
  count(): number
  /** End every stream. What was delivered on it and not settled goes back. */
  end(): void
}

/** One open stream and the deliveries on it that wait for an answer. */
interface Stream {
  readonly queue: string
  readonly subscription: Subscription
  readonly inHand: Set<string>
  readonly stop: () => void
}

export function serveMessages(app: FastifyInstance, { ports, limits }: DataOptions): Consumers {
  const streams = new Set<Stream>()
  app.post('/data/bus/exchanges/*', (request, reply) => publish(request, reply))
  app.get('/data/bus/queues/*', { exposeHeadRoute: false, config: { stream: true } }, (request, reply) => consume(request, reply))
  app.post('/data/bus/queues/*', (request, reply) => settle(request, reply))

  async function publish(request: FastifyRequest, reply: FastifyReply): Promise<Published> {
    const { names, query } = addressOf(request, '/data/bus/exchanges/', 3)
    // The default exchange has no name, which some clients cannot put into a path; RabbitMQ's own API calls it so, too.
    const name = nameBefore(names, 'messages')
    const exchange = name === 'amq.default' ? '' : shortText(name, 'The exchange')
    const key = shortText(query.get('key') ?? '', 'The routing key')
    const what = `exchange ${exchange === '' ? 'amq.default' : exchange}`
    const options = messageOptions(request, query, what)
    const signal = whileAwaited(reply)
    const body = incomingBody(request, reply, { stallMs: limits.stallMs, received: () => undefined })
    try {
      const bytes = await wholeBody(body, request, dataLimits.messageBody, what)
      const { messageId, routed } = await (await ports()).bus.publish(exchange, key, { ...options, body: bytes }, signal)
      reply.code(202)
      return { message_id: messageId, routed }
    } catch (error) {
      letGoOfBody(request, reply)
      throw body.broken() ?? error
    }
  }

  async function consume(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { names, query } = addressOf(request, '/data/bus/queues/', 3)
    const queue = shortText(required(nameBefore(names, 'messages'), 'queue'), 'The queue')
    const prefetch = wholeNumber(query, 'prefetch', 1, dataLimits.prefetch) ?? defaultPrefetch
    if (streams.size >= limits.consumers) {
      throw new PortError('unavailable', `queue ${queue}: this node serves ${limits.consumers} consumers already.`)
    }
    const stop = new AbortController()
    reply.raw.once('close', () => stop.abort())
    const subscription = await (await ports()).bus.consume(queue, { prefetch }, stop.signal)
    const stream: Stream = { queue, subscription, inHand: new Set(), stop: () => stop.abort() }
    streams.add(stream)
    const body = new PassThrough()
    body.once('close', () => stop.abort())
    deliver(stream, body, limits.heartbeatMs, stop.signal)
      .finally(() => {
        streams.delete(stream)
        return subscription.close()
      })
      // The stream has told what there was to tell; a close that fails gives back by the end of the bus.
      .catch(() => undefined)
    // The connection ends with its stream, so that a closing node need not wait for it to be used again.
    return reply.headers({ 'content-type': 'text/event-stream', connection: 'close' }).send(body)
  }

  async function settle(request: FastifyRequest, reply: FastifyReply) {
    const { names } = addressOf(request, '/data/bus/queues/', 3)
    const queue = shortText(required(nameBefore(names, 'acks'), 'queue'), 'The queue')
    const what = `queue ${queue}`
    const bytes = await wholeBody(incomingBody(request, reply, { stallMs: limits.stallMs, received: () => undefined }), request, dataLimits.jsonBody, what)
    const asked = checked(acksSchema, parseJson(bytes, what), what)
    if (!Array.isArray(asked)) {
      await settleOne(queue, asked.delivery, asked.action)
      return { results: [{ delivery: asked.delivery, ok: true }] }
    }
    const results = await Promise.all(
      asked.map(async ({ delivery, action }) => {
        try {
          await settleOne(queue, delivery, action)
          return { delivery, ok: true }
        } catch (error) {
          if (!(error instanceof PortError)) throw error
          return { delivery, ok: false, error: { code: error.code, message: error.message } }
        }
      }),
    )
    return { results }
  }

  async function settleOne(queue: string, delivery: string, action: Settlement): Promise<void> {
    const stream = [...streams].find((one) => one.queue === queue && one.inHand.has(delivery))
    if (stream === undefined) {
      throw new PortError('not-found', `queue ${queue}: delivery ${delivery} is not, or no longer, in hand on any stream of this queue.`)
    }
    await stream.subscription.settle(delivery, action)
    stream.inHand.delete(delivery)
  }

  return {
    count: () => streams.size,
    end: () => {
      for (const stream of streams) stream.stop()
    },
  }
}

/** Write deliveries as events for as long as both sides last. Prefetch bounds what waits, here as in the bus. */
async function deliver({ subscription, inHand }: Stream, body: PassThrough, heartbeatMs: number, signal: AbortSignal): Promise<void> {
  const heartbeat = setInterval(() => {
    if (!body.writableNeedDrain) body.write(': still here\n\n')
  }, heartbeatMs)
  // Said at once: a client then knows that it is subscribed, however empty the queue.
  body.write(': subscribed\n\n')
  try {
    for await (const delivery of subscription) {
      inHand.add(delivery.delivery)
      const goOn = body.write(`event: message\ndata: ${JSON.stringify(toMessage(delivery))}\n\n`)
      if (!goOn) await once(body, 'drain', { signal })
    }
  } catch (error) {
    if (!signal.aborted) body.write(`event: error\ndata: ${JSON.stringify(toProblem(toErrorBody(error)))}\n\n`)
  } finally {
    clearInterval(heartbeat)
    body.end()
  }
}

function toMessage({
  delivery,
  exchange,
  routingKey,
  headers,
  idempotencyKey,
  redelivered,
  contentType,
  body,
}: Delivery): DeliveredMessage {
  return {
    delivery,
    exchange,
    routing_key: routingKey,
    headers: { ...headers },
    idempotency_key: idempotencyKey,
    redelivered,
    content_type: contentType,
    ...contentOf(contentType, body),
  }
}

/** JSON as its value and text as text, so that a program need not unwrap it; what does not hold what its type says, as bytes. */
function contentOf(contentType: string, body: Uint8Array): Pick<DeliveredMessage, 'body'> | Pick<DeliveredMessage, 'body_base64'> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
  const isJson = type === 'application/json' || type.endsWith('+json')
  try {
    if (isJson) return { body: JSON.parse(utf8.decode(bytes)) }
    if (type.startsWith('text/')) return { body: utf8.decode(bytes) }
  } catch {
    // Not what its type says.
  }
  return { body_base64: bytes.toString('base64') }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function messageOptions({ headers }: FastifyRequest, query: URLSearchParams, what: string): Omit<OutgoingMessage, 'body'> {
  const own = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(headerPrefix) && typeof value === 'string'
      ? [[name.slice(headerPrefix.length), decoded(value, name, what)] as const]
      : [],
  )
  const id = headers['idempotency-key']
  const ttlMs = wholeNumber(query, 'ttl_ms', 0, longestTtlMs)
  if (id === '') throw new PortError('invalid', `${what}: the Idempotency-Key is empty.`)
  return {
    headers: Object.fromEntries(own),
    mandatory: isOn(query, 'mandatory') || query.get('mandatory') === '',
    ...(headers['content-type'] === undefined ? {} : { contentType: headers['content-type'] }),
    ...(id === undefined ? {} : { idempotencyKey: shortText(String(id), 'The Idempotency-Key') }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
  }
}

/** The name in `NAME/messages`; a slash in a name is percent-encoded. */
function nameBefore(names: readonly string[], last: string): string {
  if (names.length !== 2 || names[1] !== last)
    throw new UserError('not-found', `There is nothing at this address; it ends in NAME/${last}.`)
  return names[0] ?? ''
}
