/** A read-only look at the embedded bus, which may not exist yet. Planning holds nothing else. */
import type { BindingModel, ExchangeModel, QueueModel } from '../../../shared/profile/model'
import type { BrokerView } from '../../core/ports/event-bus'
import type { Amount } from '../../core/ports/object-storage'
import { type Database, toPortError, viewDatabase } from '../sqlite/database'
import { busFile } from './schema'

/**
 * Look at the bus kept in `directory`. Where there is none, everything is absent and nothing is created.
 * `describe` sorts by name in UTF-8 byte order.
 */
export function viewBusInproc(directory: string): BrokerView {
  const view = viewDatabase(busFile(directory))

  return {
    async describe(vhost, signal) {
      signal.throwIfAborted()
      try {
        const db = view.get()
        if (db === undefined) return { exchanges: [], queues: [], bindings: [] }
        // One transaction, so that what is described stood there at one moment.
        return db.transaction(() => ({
          exchanges: db.prepare<[string], ExchangeModel>('SELECT name, type FROM exchanges WHERE vhost = ? ORDER BY name').all(vhost),
          queues: db
            .prepare<[string], { name: string; type: QueueModel['type']; ttl: number; dlx: string | null }>(
              'SELECT name, type, ttl, dlx FROM queues WHERE vhost = ? ORDER BY name',
            )
            .all(vhost)
            .map(({ name, type, ttl, dlx }) => ({ name, type, policy: { ttl, dlx } })),
          bindings: db
            .prepare<[string], { exchange: string; queue: string; key: string; arguments: string }>(
              `SELECT e.name AS exchange, q.name AS queue, b.key, ${isFirstVersion(db) ? "'{}'" : 'b.arguments'} AS arguments
               FROM bindings b JOIN exchanges e ON e.id = b.exchange JOIN queues q ON q.id = b.queue
               WHERE e.vhost = ? ORDER BY e.name, q.name, b.key, arguments`,
            )
            .all(vhost)
            .map(
              ({ arguments: given, ...binding }): BindingModel =>
                given === '{}' ? binding : { ...binding, arguments: JSON.parse(given) as Record<string, string> },
            ),
        }))()
      } catch (error) {
        throw toPortError(error, 'Looking at the message bus')
      }
    },

    async contents(vhost, queue, { before }, signal) {
      signal.throwIfAborted()
      try {
        const db = view.get()
        if (db === undefined) return { count: 0, bytes: 0 }
        const held = isFirstVersion(db)
          ? 'SELECT e.queue, m.published_at AS arrived, length(m.body) AS length FROM entries e JOIN messages m ON m.id = e.message'
          : 'SELECT queue, arrived, length FROM queued'
        const amount = db
          .prepare<[string, string, number | null], Amount>(
            `SELECT count(*) AS count, coalesce(sum(h.length), 0) AS bytes FROM (${held}) h JOIN queues q ON q.id = h.queue
             WHERE q.vhost = ? AND q.name = ? AND h.arrived < coalesce(?, 9e18)`,
          )
          .get(vhost, queue, before ?? null)
        return amount ?? { count: 0, bytes: 0 }
      } catch (error) {
        throw toPortError(error, 'Looking at the message bus')
      }
    },

    async close() {
      view.close()
    },
  }
}

/** Looking changes nothing, so a file that no later version has opened yet is read as it stands. */
function isFirstVersion(db: Database): boolean {
  return (db.pragma('user_version', { simple: true }) as number) < 2
}
