/**
 * The tables of `bus.db`.
 *
 * A message has a row of its own in each queue that holds it, in the order of the queue: what is published, read and settled
 * together lies together, and a range of places goes in one statement. Small bodies stand in the row, so a queue is read by one
 * scan; larger ones lie in segment files (`segments.ts`), once for all queues, and the rows say where. Ids of exchanges and queues
 * come from AUTOINCREMENT, so what was bound to a deleted queue can never attach itself to a new queue of the same name.
 *
 * Triggers, not foreign keys, take away what hangs on a deleted row. They also run when a person deletes a queue with a tool
 * that leaves foreign keys off, as the `sqlite3` shell does.
 */
import { join } from 'node:path'
import type { Migrations } from '../sqlite/database'

/** The file of a bus that is kept in `directory`. */
export function busFile(directory: string): string {
  return join(directory, 'bus.db')
}

export const migrations: Migrations = [
  `
  CREATE TABLE exchanges (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    vhost TEXT NOT NULL,
    name  TEXT NOT NULL,
    type  TEXT NOT NULL CHECK (type IN ('topic', 'fanout', 'direct', 'headers')),
    UNIQUE (vhost, name)
  ) STRICT;

  CREATE TABLE queues (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    vhost TEXT NOT NULL,
    name  TEXT NOT NULL,
    type  TEXT NOT NULL CHECK (type IN ('classic', 'quorum')),
    -- The queue's policy: seconds a message lives (0 for ever), and where dead ones go.
    ttl   INTEGER NOT NULL DEFAULT 0,
    dlx   TEXT,
    -- The highest message id handed to a consumer. NULL while a process hands messages out: after a crash
    -- nobody knows how far it came, and all that the queue then holds counts as delivered.
    delivered_to INTEGER DEFAULT 0,
    UNIQUE (vhost, name)
  ) STRICT;

  CREATE TABLE bindings (
    exchange INTEGER NOT NULL,
    queue    INTEGER NOT NULL,
    key      TEXT NOT NULL,
    PRIMARY KEY (exchange, queue, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX bindings_by_queue ON bindings (queue);

  CREATE TABLE messages (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id   TEXT NOT NULL,
    exchange     TEXT NOT NULL,
    routing_key  TEXT NOT NULL,
    -- Milliseconds since the epoch: what the age of a message is measured from.
    published_at INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    headers      TEXT NOT NULL CHECK (json_valid(headers)),
    body         BLOB NOT NULL
  ) STRICT;

  CREATE TABLE entries (
    queue   INTEGER NOT NULL,
    message INTEGER NOT NULL,
    PRIMARY KEY (queue, message)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX entries_by_message ON entries (message);

  CREATE TRIGGER exchange_deleted AFTER DELETE ON exchanges BEGIN
    DELETE FROM bindings WHERE exchange = OLD.id;
  END;
  CREATE TRIGGER queue_deleted AFTER DELETE ON queues BEGIN
    DELETE FROM bindings WHERE queue = OLD.id;
    DELETE FROM entries WHERE queue = OLD.id;
  END;
  CREATE TRIGGER entry_deleted AFTER DELETE ON entries
  WHEN NOT EXISTS (SELECT 1 FROM entries WHERE message = OLD.message) BEGIN
    DELETE FROM messages WHERE id = OLD.message;
  END;
  `,
  `
  DROP TRIGGER exchange_deleted;
  DROP TRIGGER queue_deleted;
  DROP TRIGGER entry_deleted;

  CREATE TABLE bindings_with_arguments (
    exchange  INTEGER NOT NULL,
    queue     INTEGER NOT NULL,
    key       TEXT NOT NULL,
    -- Canonical JSON text of an object of strings, so that equal arguments are one binding.
    arguments TEXT NOT NULL CHECK (json_valid(arguments)),
    PRIMARY KEY (exchange, queue, key, arguments)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO bindings_with_arguments SELECT exchange, queue, key, '{}' FROM bindings;
  DROP TABLE bindings;
  ALTER TABLE bindings_with_arguments RENAME TO bindings;
  CREATE INDEX bindings_by_queue ON bindings (queue);

  CREATE TABLE queued (
    queue        INTEGER NOT NULL,
    -- Counts up in each queue and is never given twice while the queue holds or remembers something.
    place        INTEGER NOT NULL,
    -- Milliseconds since the epoch when it came into this queue, and when its own TTL ends.
    arrived      INTEGER NOT NULL,
    expires      INTEGER,
    message_id   TEXT NOT NULL,
    exchange     TEXT NOT NULL,
    routing_key  TEXT NOT NULL,
    -- NULL for application/octet-stream, and for no headers at all.
    content_type TEXT,
    headers      TEXT CHECK (headers IS NULL OR json_valid(headers)),
    length       INTEGER NOT NULL,
    -- NULL where the body lies in a segment file: which, from which byte on, and its CRC-32.
    body         BLOB,
    segment      INTEGER,
    start        INTEGER,
    checksum     INTEGER,
    PRIMARY KEY (queue, place)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO queued
    SELECT e.queue, e.message, m.published_at, NULL, m.message_id, m.exchange, m.routing_key,
      nullif(m.content_type, 'application/octet-stream'), nullif(m.headers, '{}'), length(m.body), m.body, NULL, NULL, NULL
    FROM entries e JOIN messages m ON m.id = e.message ORDER BY e.queue, e.message;
  DROP TABLE entries;
  DROP TABLE messages;
  CREATE INDEX queued_by_expiry ON queued (queue, expires) WHERE expires IS NOT NULL;
  CREATE INDEX queued_by_segment ON queued (segment, start) WHERE segment IS NOT NULL;

  -- The idempotency keys that a queue has seen, numbered in its order, so that the oldest are found and counted at once.
  CREATE TABLE keys (
    queue   INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    key     TEXT NOT NULL,
    -- SHA-256 of the body.
    digest  BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (queue, number)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX keys_by_key ON keys (queue, key);

  CREATE TRIGGER exchange_deleted AFTER DELETE ON exchanges BEGIN
    DELETE FROM bindings WHERE exchange = OLD.id;
  END;
  CREATE TRIGGER queue_deleted AFTER DELETE ON queues BEGIN
    DELETE FROM bindings WHERE queue = OLD.id;
    DELETE FROM queued WHERE queue = OLD.id;
    DELETE FROM keys WHERE queue = OLD.id;
  END;
  `,
]
