/** Hands the messages of one queue to its consumers: in order, in turn, and to each no more than it asked for. */
import { setImmediate } from 'node:timers'
import { toPortError } from '../sqlite/database'
import type { BodyReader } from './bodies'
import { type Consumer, type ConsumerQueue, type Entry, openConsumer } from './consumer'
import type { Lifetime } from './lifetime'
import type { Messages, StoredMessage } from './messages'

export interface Dispatcher {
  /** How messages to people name the queue. */
  readonly label: string
  /** The highest place that any consumer was ever given. */
  deliveredTo(): number
  /** Whatever lies up to here was handed out: it is held by a consumer, or among what was given back, or gone. */
  cursor(): number
  /** What consumers gave back and nobody was given since. */
  givenBack(): readonly Entry[]
  /** These have left the queue. */
  drop(places: ReadonlySet<number>): void
  addConsumer(name: string, prefetch: number, signal: AbortSignal): Consumer
  /** There may be something to hand out. `instant` are the places of what came in just now and lives for this moment only. */
  wake(instant?: readonly number[]): void
  /** End every stream, with `error` if the queue is lost. */
  end(error?: unknown): void
}

export interface DispatcherQueue {
  readonly id: number
  readonly label: string
  /** The highest place given to a consumer before this process. */
  readonly deliveredTo: number
  reader(): BodyReader
  hasEnded(message: Lifetime): boolean
  /** A message whose life has ended waits to be taken away. */
  onEnded(): void
  /** What was given back ends then, if it is not handed out before. */
  onGivenBack(message: Lifetime): void
  settle: ConsumerQueue['settle']
}

/** Messages handed out at once. This bounds how long one look at the queue occupies the thread. */
const PAGE = 1_000

export function openDispatcher(queue: DispatcherQueue, messages: Pick<Messages, 'after' | 'between' | 'find'>): Dispatcher {
  let consumers: Consumer[] = []
  let cursor = 0
  let deliveredTo = queue.deliveredTo
  /** All of them lie at or before the cursor, so they come first. */
  let givenBack: Entry[] = []
  let inOrder = true
  let instant: ReadonlySet<number> = new Set()
  let turn = 0
  let waking = false

  const side: Omit<ConsumerQueue, 'bodies'> = {
    label: queue.label,
    hasEnded: queue.hasEnded,
    holds: (place) => messages.find(queue.id, place) !== undefined,
    settle: queue.settle,
    giveBack(message) {
      const last = givenBack.at(-1)
      if (last !== undefined && last.place > message.place) inOrder = false
      givenBack.push(message)
      queue.onGivenBack(message)
      wake()
    },
    hasRoom: () => wake(),
    leave(consumer) {
      consumers = consumers.filter((other) => other !== consumer)
      wake()
    },
  }

  /** Many reasons to look come at once, when a group of publishes or acks was committed; they share one look. */
  function wake(places: readonly number[] = []): void {
    if (places.length > 0) instant = new Set([...instant, ...places])
    if (waking) return
    waking = true
    queueMicrotask(look)
  }

  function look(): void {
    waking = false
    try {
      const more = handOut()
      instant = new Set()
      if (more) setImmediate(wake)
    } catch (error) {
      end(toPortError(error, queue.label))
      return
    }
    for (const consumer of consumers) consumer.serve()
  }

  /** Answers whether there may be more for consumers that have room. */
  function handOut(): boolean {
    const room = consumers.reduce((sum, consumer) => sum + consumer.room(), 0)
    const limit = Math.min(room, PAGE)
    const count = limit === 0 || givenBack.length === 0 ? 0 : handOutAgain(limit)
    if (count === limit) return count < room
    const page = messages.after(queue.id, cursor, limit - count)
    for (const message of page) {
      const justInTime = instant.has(message.place)
      if (!justInTime && queue.hasEnded(message)) {
        // Once it has been taken away, this is told to look again.
        queue.onEnded()
        return false
      }
      cursor = message.place
      give(message, justInTime)
    }
    return page.length === limit - count && limit < room
  }

  /** What was given back, in order, in runs of neighbours. Answers how many messages found a consumer. */
  function handOutAgain(limit: number): number {
    if (!inOrder) givenBack.sort((a, b) => a.place - b.place)
    inOrder = true
    const ended: Entry[] = []
    let count = 0
    let at = 0
    try {
      for (let first = givenBack[at]; first !== undefined && count < limit; first = givenBack[at]) {
        if (queue.hasEnded(first)) {
          ended.push(first)
          at += 1
          continue
        }
        let last = first.place
        let length = 1
        for (let next = givenBack[at + 1]; next?.place === last + 1 && count + length < limit; next = givenBack[at + length]) {
          if (queue.hasEnded(next)) break
          last = next.place
          length += 1
        }
        const run = messages.between(queue.id, first.place, last)
        at += length
        count += run.length
        for (const message of run) give(message, false)
      }
    } finally {
      givenBack = [...ended, ...givenBack.slice(at)]
    }
    if (ended.length > 0) queue.onEnded()
    return count
  }

  function give(message: StoredMessage, justInTime: boolean): void {
    const consumer = nextWithRoom()
    if (consumer === undefined) throw new TypeError('a message was handed out to nobody')
    consumer.give({ message, redelivered: message.place <= deliveredTo, justInTime })
    deliveredTo = Math.max(deliveredTo, message.place)
  }

  function nextWithRoom(): Consumer | undefined {
    for (let tried = 0; tried < consumers.length; tried++) {
      const consumer = consumers[turn % consumers.length]
      turn = (turn + 1) % consumers.length
      if (consumer !== undefined && consumer.room() > 0) return consumer
    }
    return undefined
  }

  function end(error?: unknown): void {
    for (const consumer of consumers) consumer.end(error)
  }

  return {
    label: queue.label,
    deliveredTo: () => deliveredTo,
    cursor: () => cursor,
    givenBack: () => givenBack,
    drop(places) {
      givenBack = givenBack.filter(({ place }) => !places.has(place))
    },
    addConsumer(name, prefetch, signal) {
      const consumer = openConsumer({ ...side, bodies: queue.reader() }, name, prefetch, signal)
      consumers = [...consumers, consumer]
      wake()
      return consumer
    },
    wake,
    end,
  }
}
