/**
 * The embedded message bus: exchanges, queues, bindings and messages in one SQLite file, with the semantics of RabbitMQ.
 *
 * What the port leaves to the adapter:
 * - The default exchange `""` routes to the queue that the routing key names. There are no other predeclared exchanges.
 * - A binding has no arguments, so a headers exchange delivers to every queue bound to it, as `x-match: all` over none does.
 * - Classic and quorum queues differ in name only: there is one copy, and it is durable.
 * - Consumers of a queue get messages in turn. A message counts as delivered once it is assigned to a consumer, read or not.
 * - An abort of the signal given to `consume` ends the stream as `close` does. A queue that is deleted beneath its consumers
 *   ends their streams with `not-found`, at the next call on this bus after the deletion.
 * - A requeued message goes back to its place. A rejected one is dropped, as in a queue without a dead-letter exchange.
 * - After a crash, everything left in a queue that had consumers counts as redelivered; after `close`, only what was delivered.
 */
import { PortError } from '../../../shared/errors'
import type { BrokerShaper, EventBus } from '../../core/ports/event-bus'
import { fileCheck, finishOpening, openDatabase, toPortError } from '../sqlite/database'
import { groupCommit } from '../sqlite/group-commit'
import { type Dispatcher, openDispatcher } from './dispatcher'
import { openMessages } from './messages'
import type { Routes } from './routes'
import { busFile, migrations } from './schema'
import { exchangeIn, missing, openTopology, queueIn } from './topology'

export interface BusInprocOptions {
  /** Makes message ids for messages without an idempotency key, and names for streams. Never the same twice. */
  readonly uuid: () => string
  /** Wall time in milliseconds since the epoch, recorded with each message. The system's unless told. */
  readonly now?: () => number
  /** The vhost that `publish` and `consume` speak to, asked at each call so that it can follow the profile. `/` unless told. */
  readonly vhost?: () => string
}

const MAX_BODY = 16 * 1024 * 1024
/** AMQP carries the prefetch count in 16 bits. */
const MAX_PREFETCH = 65_535
const DEFAULT_CONTENT_TYPE = 'application/octet-stream'

/**
 * Open the bus kept in `directory`, creating it when missing. One process at a time may have it open for writing.
 * Throws a `UserError` for a file that cannot be used.
 */
export function openBusInproc(directory: string, options: BusInprocOptions): EventBus & BrokerShaper {
  const { uuid, now = Date.now, vhost = () => '/' } = options
  const file = busFile(directory)
  const { db, messages, topology, disk, commit } = finishOpening(openDatabase(file, migrations), (opened) => {
    const check = fileCheck(opened)
    return {
      db: opened,
      topology: openTopology(opened, onReload),
      messages: openMessages(opened),
      disk: check,
      commit: groupCommit(opened, check),
    }
  })
  const dispatchers = new Map<number, Dispatcher>()
  let closing: Promise<void> | undefined

  function onReload(routes: Routes): void {
    for (const [id, dispatcher] of dispatchers) {
      if (routes.holdsQueue(id)) {
        dispatcher.rescan()
      } else {
        dispatchers.delete(id)
        dispatcher.end(new PortError('not-found', `${dispatcher.label} was deleted.`))
      }
    }
  }

  /** Run `work` in the next transaction, against the routes of that moment. Rejects as the port says. */
  async function write<T>(resource: string, work: (routes: Routes) => T, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    try {
      return await commit(() => {
        signal?.throwIfAborted()
        return work(topology.routes())
      })
    } catch (error) {
      throw signal?.aborted && error === signal.reason ? error : toPortError(error, resource)
    }
  }

  async function shape(resource: string, work: (routes: Routes) => void, signal: AbortSignal): Promise<void> {
    try {
      await write(resource, work, signal)
    } catch (error) {
      // The routes may already know of what the failed commit has undone.
      topology.forget()
      throw error
    }
  }

  function dispatcherOf(id: number, label: string, deliveredTo: number): Dispatcher {
    const known = dispatchers.get(id)
    if (known !== undefined) return known
    const remove = (message: number) => write(label, () => messages.remove(id, message))
    const created = openDispatcher({ id, label, deliveredTo, remove }, messages)
    dispatchers.set(id, created)
    return created
  }

  async function shutDown(): Promise<void> {
    for (const dispatcher of dispatchers.values()) dispatcher.end()
    try {
      // The last in its group, so everything asked for before is on disk as well.
      await write(file, () => {
        for (const [id, dispatcher] of dispatchers) messages.endDelivery(id, dispatcher.deliveredTo())
      })
    } catch (error) {
      // A file that was removed takes with it all that there was to note.
      if (disk.stands()) throw error
    } finally {
      db.close()
    }
  }

  return {
    supports: { ttl: false, deadLetters: false, dedupe: false },
    authoritative: true,

    async publish(exchange, routingKey, message, signal) {
      const at = vhost()
      const label = exchangeIn(at, exchange)
      const { body, contentType = DEFAULT_CONTENT_TYPE, headers = {}, idempotencyKey, mandatory = false } = message
      if (body.byteLength > MAX_BODY) {
        throw new PortError('too-large', `${label}: a message of ${body.byteLength} bytes is over the limit of ${MAX_BODY} bytes (16 MiB).`)
      }
      const messageId = idempotencyKey ?? uuid()
      const stored = { messageId, exchange, routingKey, contentType, headers: JSON.stringify(headers), body }
      const publishedAt = now()
      const reached = await write(
        label,
        (routes) => {
          const queues = routes.route(at, exchange, routingKey)
          if (queues === undefined) throw missing(label)
          if (queues.size > 0) messages.add(stored, publishedAt, queues)
          else if (mandatory) throw new PortError('not-found', `${label}: no queue is bound for the key ${JSON.stringify(routingKey)}.`)
          return [...queues]
        },
        signal,
      )
      for (const queue of reached) dispatchers.get(queue)?.wake()
      return { messageId, routed: reached.length > 0 }
    },

    async consume(queue, { prefetch }, signal) {
      const at = vhost()
      const label = queueIn(at, queue)
      if (!Number.isInteger(prefetch) || prefetch < 1 || prefetch > MAX_PREFETCH) {
        throw new PortError('invalid', `${label}: prefetch must be an integer from 1 to ${MAX_PREFETCH}, not ${prefetch}.`)
      }
      const found = await write(
        label,
        (routes) => {
          const id = routes.queue(at, queue)
          if (id === undefined) throw missing(label)
          return { id, deliveredTo: dispatchers.has(id) ? 0 : messages.beginDelivery(id) }
        },
        signal,
      )
      signal.throwIfAborted()
      if (closing !== undefined) throw new PortError('unavailable', `${label}: the bus was closed.`)
      return dispatcherOf(found.id, label, found.deliveredTo).addConsumer(uuid(), prefetch, signal).subscription
    },

    ensureExchange: (at, exchange, signal) =>
      shape(exchangeIn(at, exchange.name), (routes) => topology.ensureExchange(routes, at, exchange), signal),
    ensureQueue: (at, queue, signal) => shape(queueIn(at, queue.name), (routes) => topology.ensureQueue(routes, at, queue), signal),
    ensureQueuePolicy: (at, queue, policy, signal) =>
      shape(queueIn(at, queue), () => topology.ensureQueuePolicy(at, queue, policy), signal),
    ensureBinding: (at, binding, signal) =>
      shape(exchangeIn(at, binding.exchange), (routes) => topology.ensureBinding(routes, at, binding), signal),

    close() {
      closing ??= shutDown()
      return closing
    },
  }
}
