/** One consumer of a queue: what it was given, what it has in hand, and the stream it reads. */
import { PortError } from '../../../shared/errors'
import type { Delivery, Settlement, Subscription } from '../../core/ports/event-bus'
import { toPortError } from '../sqlite/database'
import type { StoredMessage } from './messages'

/** What a consumer needs of its queue. Messages go by their id in the database. */
export interface ConsumerQueue {
  /** How messages to people name the queue. */
  readonly label: string
  read(message: number): StoredMessage | undefined
  /** Take a message out of the queue for good; resolves once that is on disk. */
  remove(message: number): Promise<void>
  /** No longer held by this consumer: `again` puts it back at its place, else it has left the queue. */
  release(message: number, again: boolean): void
  /** No more messages for this consumer. */
  leave(consumer: Consumer): void
}

export interface Consumer {
  readonly subscription: Subscription
  /** How many more messages it may be given. */
  room(): number
  give(message: number, redelivered: boolean): void
  /** Answer readers that wait with what was given. */
  serve(): void
  /** End the stream, with `error` if it did not end by the consumer's own wish, and give back what is not settled. */
  end(error?: unknown): void
}

interface Given {
  readonly message: number
  readonly redelivered: boolean
}

interface Held extends Given {
  /** Its settlement is on the way to the disk. */
  settling: boolean
}

interface Reader {
  resolve(result: IteratorResult<Delivery, undefined>): void
  reject(error: unknown): void
}

/** `name` is unique for ever, and so are the ids of deliveries, which begin with it. The stream ends when `signal` aborts. */
export function openConsumer(queue: ConsumerQueue, name: string, prefetch: number, signal: AbortSignal): Consumer {
  /** Given and not read yet. Only ids wait here: a body is read from the database when the consumer asks for it. */
  let given: Given[] = []
  const hand = new Map<string, Held>()
  const readers: Reader[] = []
  let deliveries = 0
  let ended = false
  let failure: { readonly error: unknown } | undefined

  const self: Consumer = {
    subscription: { settle, close: async () => end(), [Symbol.asyncIterator]: iterator },
    room: () => (ended ? 0 : prefetch - given.length - hand.size),
    give(message, redelivered) {
      given.push({ message, redelivered })
    },
    serve,
    end,
  }

  const abort = () => end()
  signal.addEventListener('abort', abort)

  /** The next delivery that was given and still exists: someone may have taken its row away by hand. */
  function take(): Delivery | undefined {
    for (let next = given[0]; next !== undefined; next = given[0]) {
      // Read first: a message that cannot be read stays among those that `end` gives back.
      const stored = queue.read(next.message)
      given.shift()
      if (stored === undefined) {
        queue.release(next.message, false)
        continue
      }
      deliveries += 1
      const delivery = `${name}.${deliveries}`
      hand.set(delivery, { ...next, settling: false })
      return {
        delivery,
        exchange: stored.exchange,
        routingKey: stored.routingKey,
        headers: JSON.parse(stored.headers) as Record<string, string>,
        idempotencyKey: stored.messageId,
        redelivered: next.redelivered,
        contentType: stored.contentType,
        body: stored.body,
      }
    }
    return undefined
  }

  function serve(): void {
    try {
      while (readers.length > 0) {
        const delivery = take()
        if (delivery === undefined) return
        readers.shift()?.resolve({ done: false, value: delivery })
      }
    } catch (error) {
      end(toPortError(error, queue.label))
    }
  }

  function end(error?: unknown): void {
    if (ended) return
    ended = true
    signal.removeEventListener('abort', abort)
    if (error !== undefined) failure = { error }
    for (const { message } of given) queue.release(message, true)
    given = []
    for (const [delivery, { message, settling }] of hand) {
      if (settling) continue
      hand.delete(delivery)
      queue.release(message, true)
    }
    queue.leave(self)
    for (const reader of readers.splice(0)) finish(reader)
  }

  /** The end, told once with its reason to the first who asks. */
  function finish(reader: Reader): void {
    if (failure === undefined) {
      reader.resolve({ done: true, value: undefined })
      return
    }
    reader.reject(failure.error)
    failure = undefined
  }

  function iterator(): AsyncIterator<Delivery, undefined> {
    return {
      next: () =>
        new Promise((resolve, reject) => {
          if (ended) {
            finish({ resolve, reject })
            return
          }
          readers.push({ resolve, reject })
          serve()
        }),
      return: async () => {
        end()
        return { done: true, value: undefined }
      },
    }
  }

  async function settle(delivery: string, as: Settlement): Promise<void> {
    const held = hand.get(delivery)
    if (held === undefined || held.settling) {
      throw new PortError('not-found', `${queue.label}: delivery ${JSON.stringify(delivery)} is not in hand on this stream.`)
    }
    if (as === 'requeue') {
      hand.delete(delivery)
      queue.release(held.message, true)
      return
    }
    held.settling = true
    try {
      await queue.remove(held.message)
    } catch (error) {
      // The message is still in the queue: in hand as before, or given back late if the stream ended meanwhile.
      held.settling = false
      if (ended) {
        hand.delete(delivery)
        queue.release(held.message, true)
      }
      throw error
    }
    hand.delete(delivery)
    queue.release(held.message, false)
  }

  return self
}
