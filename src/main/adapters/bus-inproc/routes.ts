/** Who gets a message: the topology of the database, compiled into memory. It only grows; what shrinks is read anew. */
import type { ExchangeModel } from '../../../shared/profile/model'
import type { QueuePolicy } from '../../core/ports/event-bus'
import { headerMatch } from './header-match'
import type { Headers } from './headers'
import { topicTrie } from './topic-trie'

/** A queue as routing and expiry know it. Its policy changes in place. */
export interface Queue {
  /** Its id in the database. */
  readonly id: number
  readonly vhost: string
  readonly name: string
  policy: QueuePolicy
}

export interface Routes {
  addExchange(vhost: string, name: string, id: number, type: ExchangeModel['type']): void
  addQueue(queue: Queue): void
  /** The exchange and the queue have been added before. */
  addBinding(exchange: number, key: string, bindingArguments: Headers, queue: number): void
  /** A queue, or undefined where there is none of that name. */
  queue(vhost: string, name: string): Queue | undefined
  queueById(id: number): Queue | undefined
  queues(): Iterable<Queue>
  /** The queues that a message reaches, each once; undefined when there is no such exchange. */
  route(vhost: string, exchange: string, key: string, headers: Headers): readonly Queue[] | undefined
}

interface Matcher {
  add(key: string, bindingArguments: Headers, queue: Queue): void
  match(key: string, headers: Headers): readonly Queue[]
}

const matchers: Readonly<Record<ExchangeModel['type'], () => Matcher>> = {
  topic: byTopic,
  direct: byEqualKey,
  fanout: always,
  headers: byHeaders,
}

const none: readonly Queue[] = []

export function emptyRoutes(): Routes {
  const exchanges = new Map<string, Matcher>()
  const exchangesById = new Map<number, Matcher>()
  const queues = new Map<string, Queue>()
  const queuesById = new Map<number, Queue>()

  return {
    addExchange(vhost, name, id, type) {
      const matcher = matchers[type]()
      exchanges.set(inVhost(vhost, name), matcher)
      exchangesById.set(id, matcher)
    },
    addQueue(queue) {
      queues.set(inVhost(queue.vhost, queue.name), queue)
      queuesById.set(queue.id, queue)
    },
    addBinding(exchange, key, bindingArguments, id) {
      const queue = queuesById.get(id)
      if (queue !== undefined) exchangesById.get(exchange)?.add(key, bindingArguments, queue)
    },
    queue: (vhost, name) => queues.get(inVhost(vhost, name)),
    queueById: (id) => queuesById.get(id),
    queues: () => queuesById.values(),
    route(vhost, exchange, key, headers) {
      if (exchange !== '') return exchanges.get(inVhost(vhost, exchange))?.match(key, headers)
      // AMQP's default exchange: every queue is bound to it by its own name.
      const queue = queues.get(inVhost(vhost, key))
      return queue === undefined ? none : [queue]
    },
  }
}

/** One text for a vhost and a name; the length keeps any two pairs apart. */
function inVhost(vhost: string, name: string): string {
  return `${vhost.length}:${vhost}${name}`
}

/** Answers that are remembered per topic exchange: programs publish by few keys, again and again. */
const REMEMBERED = 1_000

function byTopic(): Matcher {
  const trie = topicTrie<Queue>()
  const remembered = new Map<string, readonly Queue[]>()
  return {
    add(key, _arguments, queue) {
      trie.add(key, queue)
      remembered.clear()
    },
    match(key) {
      const known = remembered.get(key)
      if (known !== undefined) return known
      const found = [...trie.match(key)]
      if (remembered.size >= REMEMBERED) remembered.clear()
      remembered.set(key, found)
      return found
    },
  }
}

function byEqualKey(): Matcher {
  const bound = new Map<string, readonly Queue[]>()
  return {
    add(key, _arguments, queue) {
      bound.set(key, withOne(bound.get(key) ?? none, queue))
    },
    match: (key) => bound.get(key) ?? none,
  }
}

function always(): Matcher {
  let bound = none
  return {
    add(_key, _arguments, queue) {
      bound = withOne(bound, queue)
    },
    match: () => bound,
  }
}

function byHeaders(): Matcher {
  const bindings: { readonly queue: Queue; readonly matches: (headers: Headers) => boolean }[] = []
  return {
    add(_key, bindingArguments, queue) {
      bindings.push({ queue, matches: headerMatch(bindingArguments) })
    },
    match(_key, headers) {
      const found = new Set<Queue>()
      for (const { queue, matches } of bindings) if (!found.has(queue) && matches(headers)) found.add(queue)
      return [...found]
    },
  }
}

function withOne(queues: readonly Queue[], queue: Queue): readonly Queue[] {
  return queues.includes(queue) ? queues : [...queues, queue]
}
