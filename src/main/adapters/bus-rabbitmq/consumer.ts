/** One consumer: a channel of its own, what came over it, and the stream it is read by. */
import type { Channel, ConsumeMessage } from 'amqplib'
import { PortError } from '../../../shared/errors'
import { missing, queueIn } from '../../core/event-bus/words'
import type { Delivery, Settlement, Subscription } from '../../core/ports/event-bus'
import type { Place } from '../net/trouble'
import { openAcks } from './acks'
import { lost, replyCode, toPortError } from './answers'
import { inTime } from './in-time'
import { dropChannel, errorOf, type Line } from './line'
import { delivered } from './messages'
import type { SeenOfQueue } from './seen'

export interface ConsumerSide {
  /** Held; the consumer lets it go at its end, or where it cannot begin. */
  readonly line: Line
  readonly place: Place
  readonly deadlineMs: number
  /** Names the stream, unlike any other ever. */
  readonly name: string
  /** The messages of the queue that were acknowledged. */
  readonly seen: SeenOfQueue
  /** It has ended, and given back what it had in hand. */
  ended(consumer: Consumer): void
}

export interface Consumer {
  readonly subscription: Subscription
  /** End the stream; resolves once the broker has back what was not settled. */
  end(): Promise<void>
}

interface Held {
  readonly message: ConsumeMessage
}

interface Reader {
  resolve(result: IteratorResult<Delivery, undefined>): void
  reject(error: unknown): void
}

/** Rejects `not-found` for a queue that is not there. The stream ends when `signal` aborts. */
export async function openConsumer(queue: string, prefetch: number, side: ConsumerSide, signal: AbortSignal): Promise<Consumer> {
  const { line, place, deadlineMs, name } = side
  const label = queueIn(line.vhost, queue)
  let channel: Channel
  try {
    channel = await line.openChannel(signal)
  } catch (error) {
    line.release()
    throw error
  }
  const closed = new Promise<void>((resolve) => {
    channel.on('close', () => {
      line.release()
      whenClosed()
      resolve()
    })
  })

  /** Came, from `read` on not yet read. */
  let given: ConsumeMessage[] = []
  let read = 0
  const acks = openAcks(channel)
  const hand = new Map<string, Held>()
  let readers: Reader[] = []
  let deliveries = 0
  let failure: { readonly error: unknown } | undefined
  let ending: Promise<void> | undefined
  /** The server has answered all that was sent before; one more round trip waits for its turn. */
  let round: Promise<void> | undefined
  let nextRound: Promise<void> | undefined

  const self: Consumer = {
    subscription: { settle, close: () => end(), [Symbol.asyncIterator]: iterator },
    end: () => end(),
  }
  const abort = () => void end()

  function whenClosed(): void {
    if (ending !== undefined) return
    const closedFor = errorOf(channel)
    void end(replyCode(closedFor) === undefined ? lost(line.cause(), place) : closedByServer(closedFor))
  }

  /** RabbitMQ closes the channel of a consumer that holds a delivery for too long, half an hour unless configured otherwise. */
  function closedByServer(error: unknown): PortError {
    return new PortError('unavailable', `${label}: RabbitMQ ended the stream: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    })
  }

  function take(): Delivery | undefined {
    for (let message = given[read]; message !== undefined; message = given[read]) {
      read += 1
      if (read === given.length) {
        given = []
        read = 0
      }
      const { messageId } = message.properties
      if (typeof messageId === 'string' && side.seen.has(messageId)) {
        acks.ack(message)
        continue
      }
      deliveries += 1
      const delivery = `${name}.${deliveries}`
      hand.set(delivery, { message })
      return delivered(message, delivery)
    }
    return undefined
  }

  function onMessage(message: ConsumeMessage | null): void {
    if (message === null) {
      void end(new PortError('not-found', `${label} was deleted.`))
      return
    }
    if (ending !== undefined) return
    given.push(message)
    while (readers.length > 0) {
      const value = take()
      if (value === undefined) return
      readers.shift()?.resolve({ done: false, value })
    }
  }

  async function settle(delivery: string, as: Settlement): Promise<void> {
    const held = hand.get(delivery)
    if (held === undefined || ending !== undefined) {
      throw new PortError('not-found', `${label}: delivery ${JSON.stringify(delivery)} is not, or no longer, in hand on this stream.`)
    }
    hand.delete(delivery)
    line.gather()
    try {
      if (as === 'ack') acks.ack(held.message)
      else acks.nack(held.message, as === 'requeue')
      await answered()
    } catch (error) {
      throw toPortError(line.cause() ?? error, label, place)
    }
    const { messageId } = held.message.properties
    if (as === 'ack' && typeof messageId === 'string') side.seen.add(messageId)
  }

  /**
   * AMQP does not answer an acknowledgement. A channel does what it is told in order, so the answer to anything that is asked afterwards
   * tells that it was heard; one question serves all that were sent before it.
   */
  function answered(): Promise<void> {
    if (round === undefined) return startRound()
    nextRound ??= round.then(startRound, startRound)
    return nextRound
  }

  function startRound(): Promise<void> {
    nextRound = undefined
    line.gather()
    acks.flush()
    const started: Promise<void> = inTime(channel.prefetch(prefetch), deadlineMs).then(
      () => endRound(started),
      (error: unknown) => {
        endRound(started)
        throw error
      },
    )
    round = started
    return started
  }

  function endRound(ended: Promise<void>): void {
    if (round === ended && nextRound === undefined) round = undefined
  }

  /** With `error` where it did not end by the wish of its reader. */
  function end(error?: PortError): Promise<void> {
    ending ??= shutDown(error)
    return ending
  }

  async function shutDown(error: PortError | undefined): Promise<void> {
    signal.removeEventListener('abort', abort)
    if (error !== undefined) failure = { error }
    given = []
    read = 0
    hand.clear()
    for (const reader of readers) finish(reader)
    readers = []
    // What was settled is told and answered before the channel ends.
    await Promise.allSettled([round, nextRound])
    const close = async () => {
      acks.flush()
      await channel.close()
    }
    // Where the connection ends meanwhile, the question is never answered.
    await inTime(Promise.race([close(), closed]), deadlineMs).catch(() => undefined)
    side.ended(self)
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
          const reader = { resolve, reject }
          if (ending !== undefined) {
            finish(reader)
            return
          }
          const value = readers.length === 0 ? take() : undefined
          if (value === undefined) readers.push(reader)
          else resolve({ done: false, value })
        }),
      async return() {
        await end()
        return { done: true, value: undefined }
      },
    }
  }

  signal.addEventListener('abort', abort)
  try {
    await inTime(channel.prefetch(prefetch), deadlineMs, signal)
    await inTime(channel.consume(queue, onMessage), deadlineMs, signal)
    signal.throwIfAborted()
  } catch (error) {
    // The end of a channel that was never handed out is nobody's business.
    ending ??= Promise.resolve()
    signal.removeEventListener('abort', abort)
    dropChannel(channel)
    if (signal.aborted && error === signal.reason) throw error
    if (replyCode(error) === 404) throw missing(label)
    throw toPortError(error, label, place)
  }
  return self
}
