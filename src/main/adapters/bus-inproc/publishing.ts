/** A publish as a work of the pipeline: what is checked before it, and what it does inside the commit. */
import { hash } from 'node:crypto'
import { PortError } from '../../../shared/errors'
import { exchangeIn, missing } from '../../core/event-bus/words'
import type { OutgoingMessage } from '../../core/ports/event-bus'
import { toPortError } from '../sqlite/database'
import type { BodyPlace } from './bodies'
import { packHeaders } from './headers'
import type { Keys } from './keys'
import type { Content } from './messages'
import type { Refusal, Turn, Work } from './pipeline'
import type { Queue, Routes } from './routes'
import type { Store } from './store'

const MAX_BODY = 16 * 1024 * 1024
/** Bodies from here on go to a segment: a row that is larger leaves the leaf of its tree for pages of its own. */
const SEGMENT_FROM = 768
const DEFAULT_CONTENT_TYPE = 'application/octet-stream'

export interface PublishSide {
  /** The routes of this moment, inside a commit. */
  routes(): Routes
  readonly store: Store
  readonly keys: Keys
}

interface Publish {
  readonly vhost: string
  readonly exchange: string
  readonly routingKey: string
  readonly message: OutgoingMessage
  readonly messageId: string
  readonly signal: AbortSignal
}

/** Throws a `PortError` for a message that no state of the bus could take. */
export function publishWork(
  { vhost, exchange, routingKey, message, messageId, signal }: Publish,
  { routes, store, keys }: PublishSide,
  resolve: (answer: { messageId: string; routed: boolean }) => void,
  reject: (error: unknown) => void,
): Work {
  const { body, contentType = DEFAULT_CONTENT_TYPE, headers = {}, idempotencyKey, ttlMs, mandatory = false } = message
  const label = () => exchangeIn(vhost, exchange)
  if (body.byteLength > MAX_BODY) {
    throw new PortError('too-large', `${label()}: a message of ${body.byteLength} bytes is over the limit of ${MAX_BODY} bytes (16 MiB).`)
  }
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs >= 0)) {
    throw new PortError('invalid', `${label()}: the TTL of a message must be a whole number of milliseconds, 0 or more, not ${ttlMs}.`)
  }
  const inSegment = body.byteLength >= SEGMENT_FROM
  const digest = idempotencyKey === undefined ? undefined : hash('sha256', body, 'buffer')
  const packed = packHeaders(headers)
  let routed = false

  function content(stored: BodyPlace | undefined): Content {
    return {
      messageId,
      exchange,
      routingKey,
      contentType: contentType === DEFAULT_CONTENT_TYPE ? null : contentType,
      headers: packed,
      length: body.byteLength,
      body: stored === undefined ? body : null,
      segment: stored?.segment ?? null,
      start: stored?.start ?? null,
      checksum: stored?.checksum ?? null,
    }
  }

  /** Those of the queues that have not seen the key, or that it was seen with another body. */
  function unseen(queues: readonly Queue[], now: number): readonly Queue[] | Refusal {
    if (idempotencyKey === undefined || digest === undefined) return queues
    const left: Queue[] = []
    for (const queue of queues) {
      const seen = keys.find(queue.id, idempotencyKey, now)
      if (seen === undefined) left.push(queue)
      else if (Buffer.compare(seen, digest) !== 0) {
        const what = `${label()}: a message with the idempotency key ${JSON.stringify(idempotencyKey)} and another body`
        return {
          reason: new PortError('already-exists', `${what} was published before, and queue ${JSON.stringify(queue.name)} has seen it.`),
        }
      }
    }
    for (const queue of left) keys.add(queue.id, idempotencyKey, digest, now)
    return left
  }

  return {
    body: inSegment ? body : undefined,
    careful: false,

    run({ now, stored }: Turn) {
      if (signal.aborted) return { reason: signal.reason }
      const queues = routes().route(vhost, exchange, routingKey, headers)
      if (queues === undefined) return { reason: missing(label()) }
      if (queues.length === 0) {
        if (!mandatory) return undefined
        return { reason: new PortError('not-found', `${label()}: no queue is bound for the key ${JSON.stringify(routingKey)}.`) }
      }
      const wanting = unseen(queues, now)
      if ('reason' in wanting) return wanting
      routed = true
      for (const queue of wanting) store.add(queue, content(stored), ttlMs, now)
      return undefined
    },
    done: () => resolve({ messageId, routed }),
    fail: (error) => reject(signal.aborted && error === signal.reason ? error : toPortError(error, label())),
  }
}
