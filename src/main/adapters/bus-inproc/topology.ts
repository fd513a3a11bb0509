/**
 * Exchanges, queues, policies and bindings in the database, and the routes compiled from them.
 * Every function here runs inside a transaction of the caller.
 */

import { PortError } from '../../../shared/errors'
import { canonicalJson } from '../../../shared/hash'
import type { BindingModel, ExchangeModel, QueueModel } from '../../../shared/profile/model'
import { exchangeIn, missing, queueIn } from '../../core/event-bus/words'
import type { QueuePolicy } from '../../core/ports/event-bus'
import type { Database } from '../sqlite/database'
import type { Headers } from './headers'
import { emptyRoutes, type Routes } from './routes'

export interface Topology {
  /** The routes as the database holds them now. */
  routes(): Routes
  /** The same, within a transaction that has asked for them before: nobody else can have written since. */
  routesWithin(): Routes
  /** Read everything again next time: what was added may not have been committed, or something was taken away. */
  forget(): void
  ensureExchange(vhost: string, exchange: ExchangeModel): void
  ensureQueue(vhost: string, queue: Pick<QueueModel, 'name' | 'type'>): void
  ensureQueuePolicy(vhost: string, queue: string, policy: QueuePolicy): void
  ensureBinding(vhost: string, binding: BindingModel): void
  removeExchange(vhost: string, exchange: string): void
  removeQueue(vhost: string, queue: string): void
  removeBinding(vhost: string, binding: BindingModel): void
}

interface QueueRow {
  readonly id: number
  readonly vhost: string
  readonly name: string
  readonly type: QueueModel['type']
  readonly ttl: number
  readonly dlx: string | null
}

export const noPolicy: QueuePolicy = { ttl: 0, dlx: null }

export function openTopology(db: Database): Topology {
  // Changes when another connection, of this process or of any other, has committed; never by a commit of this one.
  const dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck()
  const findExchange = db.prepare<[string, string], { id: number; type: ExchangeModel['type'] }>(
    'SELECT id, type FROM exchanges WHERE vhost = ? AND name = ?',
  )
  const addExchange = db.prepare<[string, string, string]>('INSERT INTO exchanges (vhost, name, type) VALUES (?, ?, ?)')
  const findQueue = db.prepare<[string, string], QueueRow>(
    'SELECT id, vhost, name, type, ttl, dlx FROM queues WHERE vhost = ? AND name = ?',
  )
  const addQueue = db.prepare<[string, string, string]>('INSERT INTO queues (vhost, name, type) VALUES (?, ?, ?)')
  const setPolicy = db.prepare<[number, string | null, number]>('UPDATE queues SET ttl = ?, dlx = ? WHERE id = ?')
  const addBinding = db.prepare<[number, number, string, string]>(
    'INSERT OR IGNORE INTO bindings (exchange, queue, key, arguments) VALUES (?, ?, ?, ?)',
  )
  const dropExchange = db.prepare<[string, string]>('DELETE FROM exchanges WHERE vhost = ? AND name = ?')
  const dropQueue = db.prepare<[string, string]>('DELETE FROM queues WHERE vhost = ? AND name = ?')
  const dropBinding = db.prepare<[number, number, string, string]>(
    'DELETE FROM bindings WHERE exchange = ? AND queue = ? AND key = ? AND arguments = ?',
  )

  let known: Routes | undefined
  let knownVersion: number | undefined

  function routes(): Routes {
    const version = dataVersion.get()
    if (known !== undefined && version === knownVersion) return known
    known = readRoutes(db)
    knownVersion = version
    return known
  }

  function forget(): void {
    known = undefined
  }

  const routesWithin = () => known ?? routes()

  return {
    routes,
    routesWithin,
    forget,

    ensureExchange(vhost, { name, type }) {
      const found = findExchange.get(vhost, name)
      if (found === undefined) {
        routesWithin().addExchange(vhost, name, Number(addExchange.run(vhost, name, type).lastInsertRowid), type)
      } else if (found.type !== type) {
        throw new PortError(
          'incompatible',
          `${exchangeIn(vhost, name)} is of type ${found.type}, not ${type}, and the type of an exchange cannot be changed.`,
        )
      }
    },

    ensureQueue(vhost, { name, type }) {
      const found = findQueue.get(vhost, name)
      if (found === undefined) {
        routesWithin().addQueue({ id: Number(addQueue.run(vhost, name, type).lastInsertRowid), vhost, name, policy: noPolicy })
      } else if (found.type !== type) {
        throw new PortError(
          'incompatible',
          `${queueIn(vhost, name)} is of type ${found.type}, not ${type}, and the type of a queue cannot be changed.`,
        )
      }
    },

    ensureQueuePolicy(vhost, name, { ttl, dlx }) {
      const found = findQueue.get(vhost, name)
      if (found === undefined) throw missing(queueIn(vhost, name))
      if (found.ttl === ttl && found.dlx === dlx) return
      setPolicy.run(ttl, dlx, found.id)
      const queue = routesWithin().queueById(found.id)
      if (queue !== undefined) queue.policy = { ttl, dlx }
    },

    ensureBinding(vhost, { exchange, queue, key, arguments: given = {} }) {
      const from = findExchange.get(vhost, exchange)
      if (from === undefined) throw missing(exchangeIn(vhost, exchange))
      const to = findQueue.get(vhost, queue)
      if (to === undefined) throw missing(queueIn(vhost, queue))
      const { changes } = addBinding.run(from.id, to.id, key, canonicalJson(given))
      if (changes > 0) routesWithin().addBinding(from.id, key, given, to.id)
    },

    removeExchange(vhost, name) {
      if (dropExchange.run(vhost, name).changes > 0) forget()
    },

    removeQueue(vhost, name) {
      if (dropQueue.run(vhost, name).changes > 0) forget()
    },

    removeBinding(vhost, { exchange, queue, key, arguments: given = {} }) {
      const from = findExchange.get(vhost, exchange)
      const to = findQueue.get(vhost, queue)
      if (from === undefined || to === undefined) return
      if (dropBinding.run(from.id, to.id, key, canonicalJson(given)).changes > 0) forget()
    },
  }
}

function readRoutes(db: Database): Routes {
  const routes = emptyRoutes()
  const exchanges = db.prepare<[], { id: number; vhost: string; name: string; type: ExchangeModel['type'] }>(
    'SELECT id, vhost, name, type FROM exchanges',
  )
  for (const { id, vhost, name, type } of exchanges.iterate()) routes.addExchange(vhost, name, id, type)
  const queues = db.prepare<[], QueueRow>('SELECT id, vhost, name, type, ttl, dlx FROM queues')
  for (const { id, vhost, name, ttl, dlx } of queues.iterate()) routes.addQueue({ id, vhost, name, policy: { ttl, dlx } })
  const bindings = db.prepare<[], { exchange: number; queue: number; key: string; arguments: string }>(
    'SELECT exchange, queue, key, arguments FROM bindings',
  )
  for (const { exchange, queue, key, arguments: given } of bindings.iterate()) {
    routes.addBinding(exchange, key, JSON.parse(given) as Headers, queue)
  }
  return routes
}
