/** Open streams of deliveries, each as server-sent events, and the deliveries on them that wait for an answer. */
import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import type { DeliveredMessage } from '../../../shared/data-plane'
import { PortError, toErrorBody } from '../../../shared/errors'
import type { Delivery, Settlement, Subscription } from '../../core/ports/event-bus'
import { heartbeat } from '../event-stream'
import { toProblem } from '../problems'

interface Deliveries {
  count(): number
  /** Serve a subscription as the body of an answer. Ends it, and aborts `stop`, when either side has gone. */
  open(queue: string, subscription: Subscription, stop: AbortController): Readable
  /** Settle a delivery of whichever stream of the queue has it in hand; `not-found` where none has. */
  settle(queue: string, delivery: string, as: Settlement): Promise<void>
  /** End every stream. What was delivered on it and not settled goes back. */
  end(): void
}

interface Stream {
  readonly queue: string
  readonly subscription: Subscription
  readonly body: PassThrough
  readonly stop: AbortController
  /** Deliveries that wait for an answer. */
  readonly inHand: Set<string>
}

export function openDeliveries({ heartbeatMs }: { readonly heartbeatMs: number }, sent: (bytes: number) => void): Deliveries {
  const streams = new Set<Stream>()
  /** By queue and delivery, since a delivery is one of its queue. */
  const inHand = new Map<string, Map<string, Stream>>()

  function take(stream: Stream, { delivery }: Delivery): void {
    const ofQueue = inHand.get(stream.queue) ?? new Map<string, Stream>()
    inHand.set(stream.queue, ofQueue.set(delivery, stream))
    stream.inHand.add(delivery)
  }

  function release(stream: Stream, delivery: string): void {
    const ofQueue = inHand.get(stream.queue)
    ofQueue?.delete(delivery)
    if (ofQueue?.size === 0) inHand.delete(stream.queue)
    stream.inHand.delete(delivery)
  }

  /** Write deliveries for as long as both sides last. Prefetch bounds what waits, here as in the bus. */
  async function deliver(stream: Stream): Promise<void> {
    const { subscription, body, stop } = stream
    const write = (event: string) => {
      sent(Buffer.byteLength(event))
      return body.write(event)
    }
    const heartbeats = setInterval(() => {
      if (!body.writableNeedDrain) write(heartbeat)
    }, heartbeatMs)
    // Said at once: a client then knows that it is subscribed, however empty the queue.
    write(': subscribed\n\n')
    try {
      for await (const delivery of subscription) {
        take(stream, delivery)
        if (!write(`event: message\ndata: ${messageText(delivery)}\n\n`)) await once(body, 'drain', { signal: stop.signal })
      }
    } catch (error) {
      if (!stop.signal.aborted) write(`event: error\ndata: ${JSON.stringify(toProblem(toErrorBody(error)))}\n\n`)
    } finally {
      clearInterval(heartbeats)
      for (const delivery of stream.inHand) release(stream, delivery)
      streams.delete(stream)
      body.end()
    }
  }

  return {
    count: () => streams.size,
    open(queue, subscription, stop) {
      const stream: Stream = { queue, subscription, body: new PassThrough(), stop, inHand: new Set() }
      streams.add(stream)
      stream.body.once('close', () => stop.abort())
      deliver(stream)
        .then(() => subscription.close())
        // The stream has told what there was to tell; a close that fails gives back by the end of the bus.
        .catch(() => undefined)
      return stream.body
    },
    async settle(queue, delivery, as) {
      const stream = inHand.get(queue)?.get(delivery)
      if (stream === undefined) {
        throw new PortError('not-found', `queue ${queue}: delivery ${delivery} is not, or no longer, in hand on any stream of this queue.`)
      }
      await stream.subscription.settle(delivery, as)
      release(stream, delivery)
    },
    end() {
      for (const { stop } of streams) stop.abort()
    },
  }
}

/** The JSON of one delivery. A body that is JSON stands in it as it came: read and written anew, large numbers would not be the same. */
function messageText({ delivery, exchange, routingKey, headers, idempotencyKey, redelivered, contentType, body }: Delivery): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const message: DeliveredMessage = {
    delivery,
    exchange,
    routing_key: routingKey,
    headers: { ...headers },
    idempotency_key: idempotencyKey,
    redelivered,
    content_type: contentType,
  }
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
  const isJson = type === 'application/json' || type.endsWith('+json')
  const text = isJson || type.startsWith('text/') ? textOf(bytes) : undefined
  if (text === undefined || (isJson && !holdsJson(text))) return JSON.stringify({ ...message, body_base64: bytes.toString('base64') })
  if (!isJson) return JSON.stringify({ ...message, body: text })
  // A line's end would end the event's line too; in JSON it stands between values only.
  return `${JSON.stringify(message).slice(0, -1)},"body":${text.replace(/[\r\n]/g, ' ')}}`
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text that is not what its type says is bytes. */
function textOf(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

function holdsJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
