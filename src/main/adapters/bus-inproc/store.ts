/** What a commit does to queues, and what came of it. Everything that writes runs inside the transaction of the pipeline. */
import type { Entry } from './consumer'
import { closesCycle, type DeathReason, withDeath } from './deaths'
import { packHeaders, unpackHeaders } from './headers'
import { endOf } from './lifetime'
import type { Content, Messages, StoredMessage } from './messages'
import type { Queue, Routes } from './routes'

/** What came into a queue. */
interface Arrival {
  /** When the first of them ends, milliseconds since the epoch; `Infinity` for never. */
  soonestEnd: number
  /** Places of those that live for this moment only. */
  readonly instant: number[]
}

export interface Store {
  /** Put a message at the end of a queue. `ttl` is its own, in milliseconds. */
  add(queue: Queue, content: Content, ttl: number | undefined, now: number): void
  /** Take a message out of its queue, together with all others that this commit takes out. */
  acknowledge(queue: number, message: Entry): void
  /** Take a message out of its queue and publish it to the dead-letter exchange, if there is one. */
  bury(routes: Routes, queue: Queue, message: StoredMessage, reason: DeathReason, now: number): void
  /** Carry out what was put off to the end of the transaction. */
  finish(): void
  /** What the transaction has brought into queues, and the segments that it took rows from. To be asked once it is on disk. */
  outcome(): { readonly arrivals: ReadonlyMap<number, Arrival>; readonly segments: ReadonlySet<number> }
  /** Forget a transaction that failed. */
  reset(): void
}

export function openStore(messages: Messages): Store {
  let arrivals = new Map<number, Arrival>()
  let segments = new Set<number>()
  const acknowledged = new Map<number, number[]>()

  function add(queue: Queue, content: Content, ttl: number | undefined, now: number): void {
    const lifetime = { arrived: now, expires: ttl === undefined ? null : now + ttl }
    const place = messages.add(queue.id, lifetime, content)
    let arrival = arrivals.get(queue.id)
    if (arrival === undefined) {
      arrival = { soonestEnd: Number.POSITIVE_INFINITY, instant: [] }
      arrivals.set(queue.id, arrival)
    }
    arrival.soonestEnd = Math.min(arrival.soonestEnd, endOf(lifetime, queue.policy))
    if (ttl === 0) arrival.instant.push(place)
  }

  function buryIn(routes: Routes, queue: Queue, message: StoredMessage, reason: DeathReason, now: number): void {
    const { dlx } = queue.policy
    if (dlx === null) return
    const { exchange, routingKey } = message
    const headers = withDeath(unpackHeaders(message.headers), { queue: queue.name, reason, exchange, routingKey, at: now })
    const content = { ...message, exchange: dlx, headers: packHeaders(headers) }
    for (const target of routes.route(queue.vhost, dlx, routingKey, headers) ?? []) {
      if (reason === 'expired' && closesCycle(headers, target.name)) continue
      add(target, content, undefined, now)
    }
  }

  function reset(): void {
    arrivals = new Map()
    segments = new Set()
    acknowledged.clear()
  }

  return {
    add,

    acknowledge(queue, { place, segment }) {
      const places = acknowledged.get(queue)
      if (places === undefined) acknowledged.set(queue, [place])
      else places.push(place)
      if (segment !== null) segments.add(segment)
    },

    bury(routes, queue, message, reason, now) {
      messages.remove(queue.id, message.place, message.place)
      if (message.segment !== null) segments.add(message.segment)
      buryIn(routes, queue, message, reason, now)
    },

    finish() {
      for (const [queue, places] of acknowledged) {
        for (const [first, last] of runs(places)) messages.remove(queue, first, last)
      }
      acknowledged.clear()
    },

    outcome() {
      const result = { arrivals, segments }
      reset()
      return result
    },

    reset,
  }
}

/** Neighbours together: places are whole numbers that count up, so nothing lies between two that follow each other. */
function* runs(places: number[]): Generator<readonly [first: number, last: number]> {
  places.sort((a, b) => a - b)
  let first: number | undefined
  let last = 0
  for (const place of places) {
    if (first !== undefined && place !== last + 1) {
      yield [first, last]
      first = place
    }
    first ??= place
    last = place
  }
  if (first !== undefined) yield [first, last]
}
