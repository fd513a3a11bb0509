/** A read-only look at the embedded bus, which may not exist yet. Planning holds nothing else. */
import type { BindingModel, ExchangeModel, QueueModel } from '../../../shared/profile/model'
import type { BrokerView } from '../../core/ports/event-bus'
import { toPortError, viewDatabase } from '../sqlite/database'
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
            .prepare<[string], BindingModel>(
              `SELECT e.name AS exchange, q.name AS queue, b.key
               FROM bindings b JOIN exchanges e ON e.id = b.exchange JOIN queues q ON q.id = b.queue
               WHERE e.vhost = ? ORDER BY e.name, q.name, b.key`,
            )
            .all(vhost),
        }))()
      } catch (error) {
        throw toPortError(error, 'Looking at the message bus')
      }
    },

    async close() {
      view.close()
    },
  }
}
