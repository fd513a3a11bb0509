/**
 * The tables of `bus.db`.
 *
 * A message is stored once, however many queues it reached; `entries` says which queues still hold it. Ids come from
 * AUTOINCREMENT, so none is ever used twice: the order of message ids is the order of publishing, and what was bound to a
 * deleted queue can never attach itself to a new queue of the same name.
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
]
