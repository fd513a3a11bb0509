/** A read-only look at the embedded bus, which may not exist yet. Planning holds nothing else. */
import type { BindingModel, ExchangeModel, QueueModel } from '../../../shared/profile/model'
import type { BrokerState, BrokerView } from '../../core/ports/event-bus'
import { type Amount, nothing } from '../../core/ports/object-storage'
import { type Database, lookAt, versionOf, viewDatabase } from '../sqlite/database'
import { holdsAny } from '../sqlite/holds-any'
import { busFile } from './schema'

/** Whether any message was ever left in a queue. Throws a `UserError` where that cannot be told. */
export function holdsMessages(directory: string): boolean {
  return holdsAny(busFile(directory), ['queued', 'entries'])
}

/**
 * Look at the bus kept in `directory`. Where there is none, everything is absent and nothing is created.
 * `describe` sorts by name in UTF-8 byte order.
 */
export function viewBusInproc(directory: string): BrokerView {
  const view = viewDatabase(busFile(directory))
  const look = <T>(absent: T, read: (db: Database) => T) => lookAt(view.get, 'Looking at the message bus', absent, read)

  return {
    async describe(vhost, _question, signal) {
      signal.throwIfAborted()
      // One transaction, so that what is described stood there at one moment.
      return look<BrokerState>({ exchanges: [], queues: [], bindings: [] }, (db) => db.transaction(() => describe(db, vhost))())
    },

    async contents(vhost, queue, { before }, signal) {
      signal.throwIfAborted()
      return look(nothing, (db) => {
        const held = isFirstVersion(db)
          ? 'SELECT e.queue, m.published_at AS arrived, length(m.body) AS length FROM entries e JOIN messages m ON m.id = e.message'
          : 'SELECT queue, arrived, length FROM queued'
        const amount = db
          .prepare<[string, string, number | null], Amount>(
            `SELECT count(*) AS count, coalesce(sum(h.length), 0) AS bytes FROM (${held}) h JOIN queues q ON q.id = h.queue
             WHERE q.vhost = ? AND q.name = ? AND h.arrived < coalesce(?, 9e18)`,
          )
          .get(vhost, queue, before ?? null)
        return amount ?? nothing
      })
    },

    async close() {
      view.close()
    },
  }
}

function describe(db: Database, vhost: string): BrokerState {
  const exchanges = db.prepare<[string], ExchangeModel>('SELECT name, type FROM exchanges WHERE vhost = ? ORDER BY name')
  const queues = db.prepare<[string], { name: string; type: QueueModel['type']; ttl: number; dlx: string | null }>(
    'SELECT name, type, ttl, dlx FROM queues WHERE vhost = ? ORDER BY name',
  )
  const bindings = db.prepare<[string], { exchange: string; queue: string; key: string; arguments: string }>(
    `SELECT e.name AS exchange, q.name AS queue, b.key, ${isFirstVersion(db) ? "'{}'" : 'b.arguments'} AS arguments
     FROM bindings b JOIN exchanges e ON e.id = b.exchange JOIN queues q ON q.id = b.queue
     WHERE e.vhost = ? ORDER BY e.name, q.name, b.key, arguments`,
  )
  return {
    exchanges: exchanges.all(vhost),
    queues: queues.all(vhost).map(({ name, type, ttl, dlx }) => ({ name, type, policy: { ttl, dlx } })),
    bindings: bindings
      .all(vhost)
      .map(
        ({ arguments: given, ...binding }): BindingModel =>
          given === '{}' ? binding : { ...binding, arguments: JSON.parse(given) as Record<string, string> },
      ),
  }
}

/** A file that no later version has opened yet is read as it stands. */
function isFirstVersion(db: Database): boolean {
  return versionOf(db) < 2
}
