/** One consumer of a queue: what it was given, what it has in hand, and the stream it reads. */
import { PortError } from '../../../shared/errors'
import type { Delivery, Settlement, Subscription } from '../../core/ports/event-bus'
import { toPortError } from '../sqlite/database'
import { type BodyReader, DamagedBody } from './bodies'
import { unpackHeaders } from './headers'
import type { Lifetime } from './lifetime'
import type { StoredMessage } from './messages'

/** A message as those know it who only pass it on. */
export interface Entry extends Lifetime {
  readonly place: number
  /** Where its body lies, if not in the database. */
  readonly segment: number | null
}

/** What a consumer needs of its queue. */
export interface ConsumerQueue {
  /** How messages to people name the queue. */
  readonly label: string
  readonly bodies: BodyReader
  hasEnded(message: Lifetime): boolean
  holds(place: number): boolean
  /** Take a message out of the queue for good. One of the two is called, once that is on disk or has failed. */
  settle(message: Entry, as: 'ack' | 'reject', done: () => void, fail: (error: unknown) => void): void
  /** No longer held by this consumer: back to its place, or to its end. */
  giveBack(message: Entry): void
  /** There is room for another message. */
  hasRoom(): void
  /** No more messages for this consumer. */
  leave(consumer: Consumer): void
}

export interface Consumer {
  readonly subscription: Subscription
  /** How many more messages it may be given. */
  room(): number
  give(message: Given): void
  /** Answer readers that wait with what was given. */
  serve(): void
  /** End the stream, with `error` if it did not end by the consumer's own wish, and give back what is not settled. */
  end(error?: unknown): void
}

interface Given {
  readonly message: StoredMessage
  readonly redelivered: boolean
  /** It came in with no time to live, to a consumer that had room: it may be read whenever that gets to it. */
  readonly justInTime: boolean
}

interface Held {
  readonly message: Entry
  /** Its settlement is on the way to the disk. */
  settling: boolean
}

interface Reader {
  resolve(result: IteratorResult<Delivery, undefined>): void
  reject(error: unknown): void
}

const noBytes = new Uint8Array(0)

/** `name` is unique for ever, and so are the ids of deliveries, which begin with it. The stream ends when `signal` aborts. */
export function openConsumer(queue: ConsumerQueue, name: string, prefetch: number, signal: AbortSignal): Consumer {
  /** Given, from `read` on not yet read. A small body is here with its row; a larger one stays in its file until it is asked for. */
  let given: Given[] = []
  let read = 0
  const hand = new Map<string, Held>()
  let readers: Reader[] = []
  let deliveries = 0
  let ended = false
  let failure: { readonly error: unknown } | undefined

  const self: Consumer = {
    subscription: { settle, close: async () => end(), [Symbol.asyncIterator]: iterator },
    room: () => (ended ? 0 : prefetch - (given.length - read) - hand.size),
    give(one) {
      given.push(one)
    },
    serve,
    end,
  }

  const abort = () => end()
  signal.addEventListener('abort', abort)

  function passOver(): void {
    read += 1
    if (read < given.length) return
    given = []
    read = 0
  }

  /** The body, or undefined where the message has gone: someone may have taken its row away by hand, and its file went with it. */
  function bodyOf({ place, messageId, length, body, segment, start, checksum }: StoredMessage): Uint8Array | undefined {
    if (segment === null || start === null || checksum === null) return body ?? noBytes
    try {
      return queue.bodies.read({ segment, start, checksum }, length)
    } catch (error) {
      if (!(error instanceof DamagedBody)) throw error
      // Told once and set aside: whoever consumes next goes on with the others.
      passOver()
      if (!queue.holds(place)) return undefined
      throw new PortError(
        'internal',
        `${queue.label}: the body of message ${JSON.stringify(messageId)} is damaged: ${error.message}. It is passed over until the node restarts; restore the file from a backup, or reject the message then.`,
        { cause: error },
      )
    }
  }

  /** The next delivery that was given, still exists and has not ended. */
  function take(): Delivery | undefined {
    for (let next = given[read]; next !== undefined; next = given[read]) {
      const { message, redelivered, justInTime } = next
      if (!justInTime && queue.hasEnded(message)) {
        passOver()
        queue.giveBack(entryOf(message))
        continue
      }
      const body = bodyOf(message)
      if (body === undefined) continue
      passOver()
      deliveries += 1
      const delivery = `${name}.${deliveries}`
      hand.set(delivery, { message: entryOf(message), settling: false })
      return {
        delivery,
        exchange: message.exchange,
        routingKey: message.routingKey,
        headers: unpackHeaders(message.headers),
        idempotencyKey: message.messageId,
        redelivered,
        contentType: message.contentType ?? 'application/octet-stream',
        body,
      }
    }
    return undefined
  }

  function serve(): void {
    let answered = 0
    try {
      for (const reader of readers) {
        const value = take()
        if (value === undefined) break
        answered += 1
        reader.resolve({ done: false, value })
      }
      readers = readers.slice(answered)
    } catch (error) {
      readers = readers.slice(answered)
      end(toPortError(error, queue.label))
    }
  }

  function end(error?: unknown): void {
    if (ended) return
    ended = true
    signal.removeEventListener('abort', abort)
    if (error !== undefined) failure = { error }
    for (const { message } of given.slice(read)) queue.giveBack(entryOf(message))
    given = []
    read = 0
    for (const [delivery, { message, settling }] of hand) {
      if (settling) continue
      hand.delete(delivery)
      queue.giveBack(message)
    }
    queue.leave(self)
    for (const reader of readers) finish(reader)
    readers = []
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
          if (read < given.length) serve()
        }),
      return: async () => {
        end()
        return { done: true, value: undefined }
      },
    }
  }

  function settle(delivery: string, as: Settlement): Promise<void> {
    return new Promise((resolve, reject) => {
      const held = hand.get(delivery)
      if (held === undefined || held.settling) {
        throw new PortError('not-found', `${queue.label}: delivery ${JSON.stringify(delivery)} is not in hand on this stream.`)
      }
      if (as === 'requeue') {
        hand.delete(delivery)
        queue.giveBack(held.message)
        resolve()
        return
      }
      held.settling = true
      queue.settle(
        held.message,
        as,
        () => {
          hand.delete(delivery)
          queue.hasRoom()
          resolve()
        },
        (error) => {
          // The message is still in the queue: in hand as before, or given back late if the stream ended meanwhile.
          held.settling = false
          if (ended) {
            hand.delete(delivery)
            queue.giveBack(held.message)
          }
          reject(error)
        },
      )
    })
  }

  return self
}

function entryOf({ place, arrived, expires, segment }: Entry): Entry {
  return { place, arrived, expires, segment }
}
