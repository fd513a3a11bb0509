/** Who gets a message: the topology of the database, compiled into memory. It only grows; what shrinks is read anew. */
import type { ExchangeModel } from '../../../shared/profile/model'
import { topicTrie } from './topic-trie'

/** Queues by their id in the database. */
export interface Routes {
  addExchange(vhost: string, name: string, id: number, type: ExchangeModel['type']): void
  addQueue(vhost: string, name: string, id: number): void
  /** The exchange has been added before. */
  addBinding(exchange: number, key: string, queue: number): void
  /** The id of a queue, or undefined where there is none of that name. */
  queue(vhost: string, name: string): number | undefined
  holdsQueue(id: number): boolean
  /** The queues that a message reaches, each once; undefined when there is no such exchange. */
  route(vhost: string, exchange: string, key: string): ReadonlySet<number> | undefined
}

interface Matcher {
  add(key: string, queue: number): void
  match(key: string): ReadonlySet<number>
}

const matchers: Readonly<Record<ExchangeModel['type'], () => Matcher>> = {
  topic: () => topicTrie<number>(),
  direct: equalKey,
  fanout: always,
  // A headers exchange compares the arguments of a binding, and without any, all of them match.
  headers: always,
}

export function emptyRoutes(): Routes {
  const exchanges = new Map<string, Matcher>()
  const exchangesById = new Map<number, Matcher>()
  const queues = new Map<string, number>()
  const queueIds = new Set<number>()

  return {
    addExchange(vhost, name, id, type) {
      const matcher = matchers[type]()
      exchanges.set(inVhost(vhost, name), matcher)
      exchangesById.set(id, matcher)
    },
    addQueue(vhost, name, id) {
      queues.set(inVhost(vhost, name), id)
      queueIds.add(id)
    },
    addBinding(exchange, key, queue) {
      exchangesById.get(exchange)?.add(key, queue)
    },
    queue: (vhost, name) => queues.get(inVhost(vhost, name)),
    holdsQueue: (id) => queueIds.has(id),
    route(vhost, exchange, key) {
      if (exchange !== '') return exchanges.get(inVhost(vhost, exchange))?.match(key)
      // AMQP's default exchange: every queue is bound to it by its own name.
      const queue = queues.get(inVhost(vhost, key))
      return new Set(queue === undefined ? [] : [queue])
    },
  }
}

/** One text for a vhost and a name; the length keeps any two pairs apart. */
function inVhost(vhost: string, name: string): string {
  return `${vhost.length}:${vhost}${name}`
}

function equalKey(): Matcher {
  const queues = new Map<string, Set<number>>()
  const none: ReadonlySet<number> = new Set()
  return {
    add(key, queue) {
      const bound = queues.get(key)
      if (bound === undefined) queues.set(key, new Set([queue]))
      else bound.add(queue)
    },
    match: (key) => queues.get(key) ?? none,
  }
}

function always(): Matcher {
  const queues = new Set<number>()
  return {
    add(_key, queue) {
      queues.add(queue)
    },
    match: () => queues,
  }
}
