/**
 * What a message that died carries, and which queues must not get it again, by the rules of RabbitMQ 3.10. `x-death` is JSON text
 * here: an array, newest first, of `{ queue, reason, exchange, "routing-keys", count, time }`, with `time` in seconds since the epoch.
 */
import { z } from 'zod'
import type { Headers } from './headers'

export type DeathReason = 'rejected' | 'expired'

export interface Death {
  readonly queue: string
  readonly reason: DeathReason
  /** Where it was published to, and with which key, when it came to that queue. */
  readonly exchange: string
  readonly routingKey: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

const entrySchema = z.object({
  queue: z.string(),
  reason: z.string(),
  exchange: z.string(),
  'routing-keys': z.array(z.string()),
  count: z.int().positive(),
  time: z.number(),
})
type Entry = z.infer<typeof entrySchema>
const historySchema = z.array(entrySchema)

/**
 * The headers of a message after a death. A queue and reason that it has died of before is counted on and moved to the front, and
 * keeps its other fields. A history that somebody else wrote and that cannot be read begins anew.
 */
export function withDeath(headers: Headers, { queue, reason, exchange, routingKey, at }: Death): Headers {
  const history = historyOf(headers)
  const isSame = (entry: Entry) => entry.queue === queue && entry.reason === reason
  const before = history.find(isSame)
  const entry: Entry =
    before === undefined
      ? { queue, reason, exchange, 'routing-keys': [routingKey], count: 1, time: Math.floor(at / 1_000) }
      : { ...before, count: before.count + 1 }
  const deaths = [entry, ...history.filter((other) => !isSame(other))]
  const first =
    history.length > 0 ? {} : { 'x-first-death-reason': reason, 'x-first-death-queue': queue, 'x-first-death-exchange': exchange }
  return {
    ...headers,
    ...first,
    'x-last-death-reason': reason,
    'x-last-death-queue': queue,
    'x-last-death-exchange': exchange,
    'x-death': JSON.stringify(deaths),
  }
}

/** Whether a message with these headers, which has just expired, has been in the queue before without a rejection since. */
export function closesCycle(headers: Headers, queue: string): boolean {
  const history = historyOf(headers)
  const last = history.findIndex((entry) => entry.queue === queue)
  return last >= 0 && history.slice(0, last + 1).every(({ reason }) => reason !== 'rejected')
}

function historyOf(headers: Headers): readonly Entry[] {
  const text = headers['x-death']
  if (text === undefined) return []
  try {
    return historySchema.parse(JSON.parse(text))
  } catch {
    return []
  }
}
