/**
 * The embedded message bus: exchanges, queues, bindings and messages in one SQLite file, larger bodies in segment files beside it,
 * with the semantics of RabbitMQ.
 *
 * What the port leaves to the adapter:
 * - The default exchange `""` routes to the queue that the routing key names, also as a dead-letter exchange. There are no other
 *   predeclared exchanges.
 * - Classic and quorum queues differ in name only: there is one copy, and it is durable.
 * - Consumers of a queue get messages in turn. A message counts as delivered once it is assigned to a consumer, read or not.
 * - A queue that is deleted beneath its consumers by hand ends their streams at the next call on this bus after the deletion.
 * - After a crash, everything left in a queue that had consumers counts as redelivered; after `close`, only what was delivered.
 * - A message whose body was damaged on the disk ends the stream that meets it, once, and is then passed over until a restart.
 *
 * Where it differs from RabbitMQ (compared with 3.10.8):
 * - Messages expire anywhere in a queue by their own TTL; RabbitMQ takes them away at its head alone.
 * - The TTL of a queue's policy counts for what is in the queue already, and no longer once it is taken back; RabbitMQ fixes the end
 *   of a message when it comes in.
 * - A message that was given to a consumer and not read yet can still expire; RabbitMQ has sent it by then.
 * - `x-last-death-…` are set as RabbitMQ does from 4.0 on, and `original-expiration` is not kept in `x-death`.
 *
 * Clocks: a message that came in before the wall clock was set back lives longer by as much, and holds up the expiry, never the
 * delivery, of those behind it that have no TTL of their own.
 */
import { setTimeout as sleepFor } from 'node:timers/promises'
import { PortError } from '../../../shared/errors'
import { missing, queueIn } from '../../core/event-bus/words'
import type { BrokerRemover, BrokerShaper, EventBus } from '../../core/ports/event-bus'
import { fileCheck, finishOpening, openDatabase, toPortError } from '../sqlite/database'
import { openBurial } from './burial'
import type { Entry } from './consumer'
import { type Dispatcher, openDispatcher } from './dispatcher'
import { openExpiry } from './expiry'
import { type DedupeWindow, openKeys } from './keys'
import { endOf } from './lifetime'
import { openMessages } from './messages'
import { openPipeline, type Turn } from './pipeline'
import { publishWork } from './publishing'
import { busFile, migrations } from './schema'
import { openSegments, segmentDirectory } from './segments'
import { shaper } from './shaper'
import { openStore } from './store'
import { noPolicy, openTopology } from './topology'

export interface BusInprocOptions {
  /** Makes message ids for messages without an idempotency key, and names for streams. Never the same twice. */
  readonly uuid: () => string
  /** Wall time in milliseconds since the epoch, from which the age of a message is counted. The system's unless told. */
  readonly now?: () => number
  /** Resolves after `ms`, rejects with the reason of the signal. The system's timer unless told, which keeps no process alive. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>
  /** The vhost that `publish` and `consume` speak to, asked at each call so that it can follow the profile. `/` unless told. */
  readonly vhost?: () => string
  /** How long, and how many, idempotency keys are remembered. 7 days and 1,000,000 a queue unless told. */
  readonly dedupe?: DedupeWindow
}

/** AMQP carries the prefetch count in 16 bits. */
const MAX_PREFETCH = 65_535
const DEFAULT_DEDUPE: DedupeWindow = { windowMs: 7 * 24 * 3_600_000, keysPerQueue: 1_000_000 }
/** Milliseconds until what could not be taken away, on a full disk for one, is looked at again. */
const AFTER_FAILURE = 5_000

const systemSleep = async (ms: number, signal: AbortSignal) => sleepFor(ms, undefined, { signal, ref: false })

/**
 * Open the bus kept in `directory`, creating it when missing. One process at a time may have it open for writing.
 * Throws a `UserError` for a file that cannot be used.
 */
export function openBusInproc(directory: string, options: BusInprocOptions): EventBus & BrokerShaper & BrokerRemover {
  const { uuid, now = Date.now, sleep = systemSleep, vhost = () => '/', dedupe = DEFAULT_DEDUPE } = options
  const file = busFile(directory)
  const opened = finishOpening(openDatabase(file, migrations), (db) => {
    const topology = openTopology(db)
    return {
      db,
      topology,
      disk: fileCheck(db),
      messages: openMessages(db),
      keys: openKeys(db, dedupe),
      segments: openSegments(segmentDirectory(directory), db),
      routes: topology.routes(),
    }
  })
  const { db, topology, disk, messages, keys, segments } = opened
  /** The routes as they were committed last. */
  let routes = opened.routes
  const store = openStore(messages)
  const burial = openBurial(messages, store)
  const dispatchers = new Map<number, Dispatcher>()
  const expiry = openExpiry({ now, sleep, expire })
  const pipeline = openPipeline(db, disk, segments, {
    now,
    afterBegin: () => void topology.routes(),
    beforeCommit(at) {
      store.finish()
      keys.prune(at)
    },
    afterCommit,
    afterFailure() {
      store.reset()
      topology.forget()
    },
  })
  let closing: Promise<void> | undefined
  for (const { id } of routes.queues()) expiry.set(id, burial.nextEnd(routes, id, undefined))

  function afterCommit(): void {
    const { arrivals, segments: left } = store.outcome()
    for (const [queue, { soonestEnd, instant }] of arrivals) {
      dispatchers.get(queue)?.wake(instant)
      expiry.note(queue, soonestEnd)
    }
    if (left.size > 0) segments.release(left)
    const current = topology.routes()
    if (current === routes) return
    routes = current
    for (const [id, dispatcher] of dispatchers) {
      if (routes.queueById(id) !== undefined) {
        dispatcher.wake()
      } else {
        dispatchers.delete(id)
        expiry.set(id, Number.POSITIVE_INFINITY)
        dispatcher.end(new PortError('not-found', `${dispatcher.label} was deleted.`))
      }
    }
    for (const { id } of routes.queues()) expiry.note(id, burial.nextEnd(routes, id, dispatchers.get(id)))
    segments.releaseAll()
  }

  /** Run `work` in the next commit, undone alone where it throws. Rejects as the port says. */
  function write<T>(resource: string, work: (turn: Turn) => T, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      let result: { readonly value: T } | undefined
      pipeline.submit({
        careful: true,
        run(turn) {
          signal?.throwIfAborted()
          result = { value: work(turn) }
          return undefined
        },
        done: () => result !== undefined && resolve(result.value),
        fail: (error) => reject(signal?.aborted && error === signal.reason ? error : toPortError(error, resource)),
      })
    })
  }

  async function shape(resource: string, work: () => void, signal: AbortSignal): Promise<void> {
    try {
      await write(resource, work, signal)
    } catch (error) {
      // The routes may already know of what was undone.
      topology.forget()
      throw error
    }
  }

  /** The policy of a queue was set anew, which counts for what it holds already. */
  function onPolicy(at: string, queue: string): void {
    const id = routes.queue(at, queue)?.id
    if (id === undefined || closing !== undefined) return
    expiry.set(id, burial.nextEnd(routes, id, dispatchers.get(id)))
    dispatchers.get(id)?.wake()
  }

  function expire(id: number): void {
    let places: ReadonlySet<number> = new Set()
    pipeline.submit({
      careful: false,
      run(turn) {
        places = burial.expired(topology.routesWithin(), id, dispatchers.get(id), turn.now)
        return undefined
      },
      done() {
        const dispatcher = dispatchers.get(id)
        dispatcher?.drop(places)
        dispatcher?.wake()
        expiry.set(id, burial.nextEnd(routes, id, dispatcher))
      },
      // Nobody waits for this. Whoever writes meets the same failure and hears of it.
      fail: () => expiry.set(id, now() + AFTER_FAILURE),
    })
  }

  function dispatcherOf(id: number, label: string, deliveredTo: number): Dispatcher {
    const known = dispatchers.get(id)
    if (known !== undefined) return known
    const policy = () => routes.queueById(id)?.policy ?? noPolicy
    const settle = (message: Entry, as: 'ack' | 'reject', done: () => void, fail: (error: unknown) => void) =>
      pipeline.submit({
        careful: false,
        run(turn) {
          if (as === 'ack') store.acknowledge(id, message)
          else burial.rejected(topology.routesWithin(), id, message.place, turn.now)
          return undefined
        },
        done,
        fail: (error) => fail(toPortError(error, label)),
      })
    const created = openDispatcher(
      {
        id,
        label,
        deliveredTo,
        settle,
        reader: segments.reader,
        hasEnded: (message) => (message.expires !== null || policy().ttl > 0) && endOf(message, policy()) <= now(),
        onEnded: () => expiry.due(id),
        onGivenBack: (message) => expiry.note(id, endOf(message, policy())),
      },
      messages,
    )
    dispatchers.set(id, created)
    return created
  }

  async function shutDown(): Promise<void> {
    for (const dispatcher of dispatchers.values()) dispatcher.end()
    expiry.close()
    try {
      // The last in its group, so everything asked for before is on disk as well.
      await write(file, () => {
        for (const [id, dispatcher] of dispatchers) messages.endDelivery(id, dispatcher.deliveredTo())
      })
    } catch (error) {
      // A file that was removed takes with it all that there was to note.
      if (disk.stands()) throw error
    } finally {
      await pipeline.idle()
      await segments.close()
      db.close()
    }
  }

  return {
    supports: { ttl: true, deadLetters: true, dedupe: 'publish', ages: true, policies: true, lists: true, contents: 'at once' },
    authoritative: true,

    publish(exchange, routingKey, message, signal) {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const messageId = message.idempotencyKey ?? uuid()
        const side = { routes: topology.routesWithin, store, keys }
        pipeline.submit(publishWork({ vhost: vhost(), exchange, routingKey, message, messageId, signal }, side, resolve, reject))
      })
    },

    async consume(queue, { prefetch }, signal) {
      const at = vhost()
      const label = queueIn(at, queue)
      if (!Number.isInteger(prefetch) || prefetch < 1 || prefetch > MAX_PREFETCH) {
        throw new PortError('invalid', `${label}: prefetch must be an integer from 1 to ${MAX_PREFETCH}, not ${prefetch}.`)
      }
      const found = await write(
        label,
        () => {
          const id = topology.routesWithin().queue(at, queue)?.id
          if (id === undefined) throw missing(label)
          return { id, deliveredTo: dispatchers.has(id) ? 0 : messages.beginDelivery(id) }
        },
        signal,
      )
      signal.throwIfAborted()
      if (closing !== undefined) throw new PortError('unavailable', `${label}: the bus was closed.`)
      return dispatcherOf(found.id, label, found.deliveredTo).addConsumer(uuid(), prefetch, signal).subscription
    },

    ...shaper({ topology, messages, shape, onPolicy }),

    close() {
      closing ??= shutDown()
      return closing
    },
  }
}
