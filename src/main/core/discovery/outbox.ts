/**
 * Takes stored events to the bus: stored first, sent afterwards, at least once. While the bus does not take them they stay
 * stored, and the next call tries again.
 */
import { PortError } from '../../../shared/errors'
import { type BootstrapEvent, eventExchange, eventTopic } from '../../../shared/events'
import type { BrokerShaper, EventBus } from '../ports/event-bus'
import type { Journal } from '../ports/journal'
import type { Log } from '../ports/log'

export interface Outbox {
  /** Send what is stored and not yet sent. Calls made while one is under way are answered by one more. */
  flush(): Promise<void>
  /** Wait for the flush under way; later ones do nothing. */
  stop(): Promise<void>
}

export interface OutboxParts {
  readonly journal: Journal
  readonly bus: EventBus
  readonly shaper: Pick<BrokerShaper, 'ensureExchange'>
  readonly vhost: () => string
  readonly encode: (text: string) => Uint8Array
  readonly log: Log
}

const batchSize = 200

export function createOutbox({ journal, bus, shaper, vhost, encode, log }: OutboxParts): Outbox {
  const stopping = new AbortController()
  let running: Promise<void> | undefined
  let again = false
  /** The vhost in which the events' exchange is known to stand. */
  let ready: string | undefined

  async function send(event: BootstrapEvent): Promise<void> {
    const body = encode(JSON.stringify(event))
    const message = { body, contentType: 'application/json', idempotencyKey: event.event_id }
    await bus.publish(eventExchange.name, eventTopic(event), message, stopping.signal)
  }

  async function drain(): Promise<void> {
    for (;;) {
      stopping.signal.throwIfAborted()
      const batch = await journal.unsent(batchSize)
      if (batch.length === 0) return
      if (ready !== vhost()) {
        await shaper.ensureExchange(vhost(), eventExchange, stopping.signal)
        ready = vhost()
      }
      await Promise.all(batch.map(send))
      await journal.markSent(batch.map((event) => event.event_id))
      if (batch.length < batchSize) return
    }
  }

  async function work(): Promise<void> {
    try {
      do {
        again = false
        await attempt()
      } while (again && !stopping.signal.aborted)
    } finally {
      // In the same step as the last look at `again`: a call that came between the two would be answered by nobody.
      running = undefined
    }
  }

  async function attempt(): Promise<void> {
    try {
      await drain()
    } catch (error) {
      ready = undefined
      if (stopping.signal.aborted) return
      if (!(error instanceof PortError)) throw error
      log('warn', 'events stay stored until the bus takes them', { component: 'node', action: 'publish', error: error.message })
    }
  }

  return {
    flush() {
      if (stopping.signal.aborted) return Promise.resolve()
      if (running !== undefined) {
        again = true
        return running
      }
      running = work()
      return running
    },
    async stop() {
      stopping.abort(new Error('the node is stopping'))
      await running
    },
  }
}
