/** How long a message lives in a queue. All times are milliseconds since the epoch. */
import type { QueuePolicy } from '../../core/ports/event-bus'

export interface Lifetime {
  /** When it came into the queue. */
  readonly arrived: number
  /** When its own TTL ends; null without one. */
  readonly expires: number | null
}

/** When a message ends under the policy that its queue has now; `Infinity` for one that stays for ever. */
export function endOf({ arrived, expires }: Lifetime, { ttl }: QueuePolicy): number {
  const byQueue = ttl === 0 ? Number.POSITIVE_INFINITY : arrived + ttl * 1_000
  return expires === null ? byQueue : Math.min(expires, byQueue)
}
