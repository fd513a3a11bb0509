/**
 * Exchanges, queues, policies and bindings in the database, and the routes compiled from them.
 * Every function here runs inside a transaction of the caller, which hands the routes of that moment to those that extend them.
 */
import { PortError } from '../../../shared/errors'
import type { BindingModel, ExchangeModel, QueueModel } from '../../../shared/profile/model'
import type { QueuePolicy } from '../../core/ports/event-bus'
import type { Database } from '../sqlite/database'
import { emptyRoutes, type Routes } from './routes'

export interface Topology {
  /** The routes as the database holds them now. */
  routes(): Routes
  /** Read everything again next time: what was added may not have been committed. */
  forget(): void
  ensureExchange(routes: Routes, vhost: string, exchange: ExchangeModel): void
  ensureQueue(routes: Routes, vhost: string, queue: Pick<QueueModel, 'name' | 'type'>): void
  ensureQueuePolicy(vhost: string, queue: string, policy: QueuePolicy): void
  ensureBinding(routes: Routes, vhost: string, binding: BindingModel): void
}

/** `onReload` is told when routes were read again, because someone else may have taken a queue away. */
export function openTopology(db: Database, onReload: (routes: Routes) => void): Topology {
  // Changes when another connection, of this process or of any other, has committed; never by a commit of this one.
  const dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck()
  const findExchange = db.prepare<[string, string], { id: number; type: ExchangeModel['type'] }>(
    'SELECT id, type FROM exchanges WHERE vhost = ? AND name = ?',
  )
  const addExchange = db.prepare<[string, string, string]>('INSERT INTO exchanges (vhost, name, type) VALUES (?, ?, ?)')
  const findQueue = db.prepare<[string, string], { id: number; type: QueueModel['type']; ttl: number; dlx: string | null }>(
    'SELECT id, type, ttl, dlx FROM queues WHERE vhost = ? AND name = ?',
  )
  const addQueue = db.prepare<[string, string, string]>('INSERT INTO queues (vhost, name, type) VALUES (?, ?, ?)')
  const setPolicy = db.prepare<[number, string | null, number]>('UPDATE queues SET ttl = ?, dlx = ? WHERE id = ?')
  const addBinding = db.prepare<[number, number, string]>('INSERT OR IGNORE INTO bindings (exchange, queue, key) VALUES (?, ?, ?)')

  let known: Routes | undefined
  let knownVersion: number | undefined

  function currentRoutes(): Routes {
    const version = dataVersion.get()
    if (known !== undefined && version === knownVersion) return known
    known = readRoutes(db)
    knownVersion = version
    onReload(known)
    return known
  }

  return {
    routes: currentRoutes,

    forget() {
      known = undefined
    },

    ensureExchange(routes, vhost, { name, type }) {
      const found = findExchange.get(vhost, name)
      if (found === undefined) {
        routes.addExchange(vhost, name, Number(addExchange.run(vhost, name, type).lastInsertRowid), type)
      } else if (found.type !== type) {
        throw new PortError(
          'incompatible',
          `${exchangeIn(vhost, name)} is of type ${found.type}, not ${type}, and the type of an exchange cannot be changed.`,
        )
      }
    },

    ensureQueue(routes, vhost, { name, type }) {
      const found = findQueue.get(vhost, name)
      if (found === undefined) {
        routes.addQueue(vhost, name, Number(addQueue.run(vhost, name, type).lastInsertRowid))
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
      if (found.ttl !== ttl || found.dlx !== dlx) setPolicy.run(ttl, dlx, found.id)
    },

    ensureBinding(routes, vhost, { exchange, queue, key }) {
      const from = findExchange.get(vhost, exchange)
      if (from === undefined) throw missing(exchangeIn(vhost, exchange))
      const to = findQueue.get(vhost, queue)
      if (to === undefined) throw missing(queueIn(vhost, queue))
      addBinding.run(from.id, to.id, key)
      routes.addBinding(from.id, key, to.id)
    },
  }
}

function readRoutes(db: Database): Routes {
  const routes = emptyRoutes()
  const exchanges = db.prepare<[], { id: number; vhost: string; name: string; type: ExchangeModel['type'] }>(
    'SELECT id, vhost, name, type FROM exchanges',
  )
  for (const { id, vhost, name, type } of exchanges.iterate()) routes.addExchange(vhost, name, id, type)
  const queues = db.prepare<[], { id: number; vhost: string; name: string }>('SELECT id, vhost, name FROM queues')
  for (const { id, vhost, name } of queues.iterate()) routes.addQueue(vhost, name, id)
  const bindings = db.prepare<[], { exchange: number; queue: number; key: string }>('SELECT exchange, queue, key FROM bindings')
  for (const { exchange, queue, key } of bindings.iterate()) routes.addBinding(exchange, key, queue)
  return routes
}

/** How messages to people name an exchange. */
export function exchangeIn(vhost: string, name: string): string {
  return `Exchange ${JSON.stringify(name)} in vhost ${JSON.stringify(vhost)}`
}

/** How messages to people name a queue. */
export function queueIn(vhost: string, name: string): string {
  return `Queue ${JSON.stringify(name)} in vhost ${JSON.stringify(vhost)}`
}

export function missing(resource: string): PortError {
  return new PortError('not-found', `${resource} does not exist.`)
}
