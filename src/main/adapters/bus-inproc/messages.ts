/** Messages in the database: a row for each queue that holds one. */
import type { Database } from '../sqlite/database'
import type { Lifetime } from './lifetime'

/** What a message is, wherever it lies. */
export interface Content {
  readonly messageId: string
  readonly exchange: string
  readonly routingKey: string
  /** Null for `application/octet-stream`. */
  readonly contentType: string | null
  /** JSON text of an object of strings; null for none. */
  readonly headers: string | null
  /** Bytes of its body. */
  readonly length: number
  /** Null where the body lies in a segment. */
  readonly body: Uint8Array | null
  readonly segment: number | null
  readonly start: number | null
  readonly checksum: number | null
}

export interface StoredMessage extends Content, Lifetime {
  /** Its position in the queue. */
  readonly place: number
}

export interface Messages {
  /** Put a message at the end of a queue. Returns its place. */
  add(queue: number, lifetime: Lifetime, content: Content): number
  /** What a queue holds behind `place`, in order, at most `limit`. */
  after(queue: number, place: number, limit: number): StoredMessage[]
  find(queue: number, place: number): StoredMessage | undefined
  /** Whatever the queue holds from `first` to `last`, in order. */
  between(queue: number, first: number, last: number): StoredMessage[]
  /** Behind `place`, by their own TTL: those that end at `at` or before, soonest first, at most `limit`. */
  endingBy(queue: number, place: number, at: number, limit: number): StoredMessage[]
  /** The least `expires` behind `place`; undefined where none has one. */
  firstEnd(queue: number, place: number): number | undefined
  /** When the first one behind `place` came in. */
  firstArrival(queue: number, place: number): number | undefined
  /** Take away all that the queue holds from `first` to `last`. */
  remove(queue: number, first: number, last: number): void
  count(queue: number): number
  /** Note that this process hands out the queue's messages from now on. Returns the highest place handed out before. */
  beginDelivery(queue: number): number
  /** Note how far this process came, at its orderly end. */
  endDelivery(queue: number, deliveredTo: number): void
}

export function openMessages(db: Database): Messages {
  const columns = `place, arrived, expires, message_id AS messageId, exchange, routing_key AS routingKey,
    content_type AS contentType, headers, length, body, segment, start, checksum`
  type Parameters = [
    number,
    number,
    number,
    number | null,
    string,
    string,
    string,
    string | null,
    string | null,
    number,
    Uint8Array | null,
    number | null,
    number | null,
    number | null,
  ]
  const insert = db.prepare<Parameters>(`
    INSERT INTO queued (queue, place, arrived, expires, message_id, exchange, routing_key, content_type, headers, length, body,
      segment, start, checksum)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const after = db.prepare<[number, number, number], StoredMessage>(
    `SELECT ${columns} FROM queued WHERE queue = ? AND place > ? ORDER BY place LIMIT ?`,
  )
  const find = db.prepare<[number, number], StoredMessage>(`SELECT ${columns} FROM queued WHERE queue = ? AND place = ?`)
  const between = db.prepare<[number, number, number], StoredMessage>(
    `SELECT ${columns} FROM queued WHERE queue = ? AND place BETWEEN ? AND ? ORDER BY place`,
  )
  // By name, since the planner would rather walk through the whole queue.
  const endingBy = db.prepare<[number, number, number, number], StoredMessage>(`
    SELECT ${columns} FROM queued INDEXED BY queued_by_expiry
    WHERE queue = ? AND expires IS NOT NULL AND place > ? AND expires <= ? ORDER BY expires, place LIMIT ?`)
  const firstEnd = db
    .prepare<[number, number], number>(`
      SELECT expires FROM queued INDEXED BY queued_by_expiry
      WHERE queue = ? AND expires IS NOT NULL AND place > ? ORDER BY expires LIMIT 1`)
    .pluck()
  const firstArrival = db
    .prepare<[number, number], number>('SELECT arrived FROM queued WHERE queue = ? AND place > ? ORDER BY place LIMIT 1')
    .pluck()
  const remove = db.prepare<[number, number, number]>('DELETE FROM queued WHERE queue = ? AND place BETWEEN ? AND ?')
  const count = db.prepare<[number], number>('SELECT count(*) FROM queued WHERE queue = ?').pluck()
  const lastPlace = db.prepare<[number], number | null>('SELECT max(place) FROM queued WHERE queue = ?').pluck()
  const deliveredTo = db.prepare<[number], number | null>('SELECT delivered_to FROM queues WHERE id = ?').pluck()
  const setDeliveredTo = db.prepare<[number | null, number]>('UPDATE queues SET delivered_to = ? WHERE id = ?')

  // A NULL that stands at the start was left by a process that died while it handed out messages.
  db.exec(`
    UPDATE queues SET delivered_to = coalesce((SELECT max(place) FROM queued WHERE queue = id), 0)
    WHERE delivered_to IS NULL`)

  /** The last place given in each queue. A place that was given in vain, because its commit failed, stays empty. */
  const places = new Map<number, number>()
  const lastGiven = (queue: number) => places.get(queue) ?? Math.max(lastPlace.get(queue) ?? 0, deliveredTo.get(queue) ?? 0)

  return {
    add(queue, { arrived, expires }, { messageId, exchange, routingKey, contentType, headers, length, body, segment, start, checksum }) {
      const place = lastGiven(queue) + 1
      insert.run(
        queue,
        place,
        arrived,
        expires,
        messageId,
        exchange,
        routingKey,
        contentType,
        headers,
        length,
        body,
        segment,
        start,
        checksum,
      )
      places.set(queue, place)
      return place
    },
    after: (queue, place, limit) => after.all(queue, place, limit),
    find: (queue, place) => find.get(queue, place),
    between: (queue, first, last) => between.all(queue, first, last),
    endingBy: (queue, place, at, limit) => endingBy.all(queue, place, at, limit),
    firstEnd: (queue, place) => firstEnd.get(queue, place),
    firstArrival: (queue, place) => firstArrival.get(queue, place),
    remove(queue, first, last) {
      remove.run(queue, first, last)
    },
    count: (queue) => count.get(queue) ?? 0,
    beginDelivery(queue) {
      const before = deliveredTo.get(queue) ?? 0
      // What has been handed out counts from here on in memory alone, so the places given must not begin below it.
      places.set(queue, lastGiven(queue))
      setDeliveredTo.run(null, queue)
      return before
    },
    endDelivery(queue, to) {
      setDeliveredTo.run(to, queue)
    },
  }
}
