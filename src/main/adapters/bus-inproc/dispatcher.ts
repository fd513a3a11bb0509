/** Hands the messages of one queue to its consumers: in order, in turn, and to each no more than it asked for. */
import { toPortError } from '../sqlite/database'
import { type Consumer, type ConsumerQueue, openConsumer } from './consumer'
import type { Messages } from './messages'

export interface Dispatcher {
  /** How messages to people name the queue. */
  readonly label: string
  /** The highest message id that any consumer was ever given. */
  deliveredTo(): number
  addConsumer(name: string, prefetch: number, signal: AbortSignal): Consumer
  /** There may be something to hand out. */
  wake(): void
  /** Look at the queue from its front: someone else may have changed it. */
  rescan(): void
  /** End every stream, with `error` if the queue is lost. */
  end(error?: unknown): void
}

export interface DispatcherQueue {
  readonly id: number
  readonly label: string
  /** The highest message id given to a consumer before this process. */
  readonly deliveredTo: number
  /** Take a message out of the queue; resolves once that is on disk. */
  remove(message: number): Promise<void>
}

/** Ids read at once. They are small; this bounds how long one look at the queue occupies the thread. */
const PAGE = 1_000

export function openDispatcher(queue: DispatcherQueue, messages: Messages): Dispatcher {
  let consumers: Consumer[] = []
  /** Messages that some consumer holds. They stay in the database until settled, so a look at the queue must pass over them. */
  const held = new Set<number>()
  /** Everything up to here is held or gone. */
  let cursor = 0
  let deliveredTo = queue.deliveredTo
  let turn = 0
  let waking = false

  const side: ConsumerQueue = {
    label: queue.label,
    read: (message) => messages.read(queue.id, message),
    remove: queue.remove,
    release(message, again) {
      held.delete(message)
      if (again) cursor = Math.min(cursor, message - 1)
      wake()
    },
    leave(consumer) {
      consumers = consumers.filter((other) => other !== consumer)
      wake()
    },
  }

  /** Many reasons to look come at once, when a group of publishes or acks was committed; they share one look. */
  function wake(): void {
    if (waking) return
    waking = true
    queueMicrotask(() => {
      waking = false
      try {
        handOut()
      } catch (error) {
        end(toPortError(error, queue.label))
        return
      }
      // Only now, since a consumer that fails to read its message ends and gives back, which moves the cursor.
      for (const consumer of consumers) consumer.serve()
    })
  }

  function handOut(): void {
    let room = consumers.reduce((sum, consumer) => sum + consumer.room(), 0)
    while (room > 0) {
      const limit = Math.min(room, PAGE)
      const page = messages.idsAfter(queue.id, cursor, limit)
      for (const message of page) {
        if (!held.has(message)) {
          const consumer = nextWithRoom()
          if (consumer === undefined) return
          consumer.give(message, message <= deliveredTo)
          held.add(message)
          deliveredTo = Math.max(deliveredTo, message)
          room -= 1
        }
        cursor = message
      }
      if (page.length < limit) return
    }
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
    addConsumer(name, prefetch, signal) {
      const consumer = openConsumer(side, name, prefetch, signal)
      consumers = [...consumers, consumer]
      wake()
      return consumer
    },
    wake,
    rescan() {
      cursor = 0
      wake()
    },
    end,
  }
}
