/** Messages in the database: one row each, and one more for every queue that holds it. */
import type { Database } from '../sqlite/database'

/** A message as it is stored. Its id in the database is its place in the order of publishing. */
export interface StoredMessage {
  readonly messageId: string
  readonly exchange: string
  readonly routingKey: string
  readonly contentType: string
  /** JSON text of an object of strings. */
  readonly headers: string
  readonly body: Uint8Array
}

export interface Messages {
  /** Store a message in the given queues. */
  add(message: StoredMessage, publishedAt: number, queues: Iterable<number>): void
  /** Ids of what a queue holds after `after`, in order, at most `limit`. */
  idsAfter(queue: number, after: number, limit: number): number[]
  /** A message, unless the queue no longer holds it. */
  read(queue: number, id: number): StoredMessage | undefined
  /** Take a message out of one queue. Its row goes with the last queue that held it. */
  remove(queue: number, id: number): void
  /** Note that this process hands out the queue's messages from now on. Returns the highest id handed out before. */
  beginDelivery(queue: number): number
  /** Note how far this process came, at its orderly end. */
  endDelivery(queue: number, deliveredTo: number): void
}

export function openMessages(db: Database): Messages {
  const addMessage = db.prepare<[string, string, string, number, string, string, Uint8Array]>(
    'INSERT INTO messages (message_id, exchange, routing_key, published_at, content_type, headers, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const addEntry = db.prepare<[number, number | bigint]>('INSERT INTO entries (queue, message) VALUES (?, ?)')
  const idsAfter = db
    .prepare<[number, number, number], number>('SELECT message FROM entries WHERE queue = ? AND message > ? ORDER BY message LIMIT ?')
    .pluck()
  const read = db.prepare<[number, number], StoredMessage>(`
    SELECT m.message_id AS messageId, m.exchange, m.routing_key AS routingKey, m.content_type AS contentType, m.headers, m.body
    FROM entries e JOIN messages m ON m.id = e.message
    WHERE e.queue = ? AND e.message = ?`)
  const remove = db.prepare<[number, number]>('DELETE FROM entries WHERE queue = ? AND message = ?')
  const deliveredTo = db.prepare<[number], number | null>('SELECT delivered_to FROM queues WHERE id = ?').pluck()
  const setDeliveredTo = db.prepare<[number | null, number]>('UPDATE queues SET delivered_to = ? WHERE id = ?')

  // A NULL that stands at the start was left by a process that died while it handed out messages.
  db.exec(`
    UPDATE queues SET delivered_to = coalesce((SELECT max(message) FROM entries WHERE queue = id), 0)
    WHERE delivered_to IS NULL`)

  return {
    add({ messageId, exchange, routingKey, contentType, headers, body }, publishedAt, queues) {
      const id = addMessage.run(messageId, exchange, routingKey, publishedAt, contentType, headers, body).lastInsertRowid
      for (const queue of queues) addEntry.run(queue, id)
    },
    idsAfter: (queue, after, limit) => idsAfter.all(queue, after, limit),
    read: (queue, id) => read.get(queue, id),
    remove(queue, id) {
      remove.run(queue, id)
    },
    beginDelivery(queue) {
      const before = deliveredTo.get(queue) ?? 0
      setDeliveredTo.run(null, queue)
      return before
    },
    endDelivery(queue, to) {
      setDeliveredTo.run(to, queue)
    },
  }
}
