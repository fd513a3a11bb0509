/** Takes away what has ended, and what was rejected. */
import type { Dispatcher } from './dispatcher'
import { endOf } from './lifetime'
import type { Messages, StoredMessage } from './messages'
import type { Routes } from './routes'
import type { Store } from './store'

export interface Burial {
  /** Inside a commit: take away what has ended in a queue, a bounded number of messages, and answer their places. */
  expired(routes: Routes, queue: number, dispatcher: Dispatcher | undefined, now: number): ReadonlySet<number>
  /** Inside a commit: take away one message that was rejected. */
  rejected(routes: Routes, queue: number, place: number, now: number): void
  /** When the next message of a queue ends that no consumer holds; `Infinity` for never. */
  nextEnd(routes: Routes, queue: number, dispatcher: Dispatcher | undefined): number
}

/** Taken away by one commit. This bounds how long it occupies the thread. */
const MOST = 500

export function openBurial(messages: Messages, store: Store): Burial {
  return {
    expired(routes, id, dispatcher, now) {
      const queue = routes.queueById(id)
      const places = new Set<number>()
      if (queue === undefined) return places
      const { policy } = queue
      const cursor = dispatcher?.cursor() ?? 0
      const ended: StoredMessage[] = []
      for (const entry of dispatcher?.givenBack() ?? []) {
        if (places.size === MOST) break
        if (endOf(entry, policy) > now) continue
        places.add(entry.place)
        const message = messages.find(id, entry.place)
        if (message !== undefined) ended.push(message)
      }
      const left = () => MOST - ended.length
      if (left() > 0) ended.push(...messages.endingBy(id, cursor, now, left()))
      if (left() > 0 && policy.ttl > 0) {
        for (const message of messages.after(id, cursor, left())) {
          // What came in later ends later.
          if (message.arrived + policy.ttl * 1_000 > now) break
          ended.push(message)
        }
      }
      const inOrder = [...new Map(ended.map((message) => [message.place, message])).values()].sort((a, b) => a.place - b.place)
      for (const message of inOrder) store.bury(routes, queue, message, 'expired', now)
      return places
    },

    rejected(routes, id, place, now) {
      const queue = routes.queueById(id)
      const message = messages.find(id, place)
      if (queue !== undefined && message !== undefined) store.bury(routes, queue, message, 'rejected', now)
    },

    nextEnd(routes, id, dispatcher) {
      const policy = routes.queueById(id)?.policy
      if (policy === undefined) return Number.POSITIVE_INFINITY
      const cursor = dispatcher?.cursor() ?? 0
      const arrived = policy.ttl === 0 ? undefined : messages.firstArrival(id, cursor)
      let soonest = messages.firstEnd(id, cursor) ?? Number.POSITIVE_INFINITY
      if (arrived !== undefined) soonest = Math.min(soonest, arrived + policy.ttl * 1_000)
      for (const entry of dispatcher?.givenBack() ?? []) soonest = Math.min(soonest, endOf(entry, policy))
      return soonest
    },
  }
}
