/** The tables of `node.db`, the node's durable memory. */
import type { Migrations } from '../sqlite/database'

export const migrations: Migrations = [
  `
  CREATE TABLE steps (
    id INTEGER PRIMARY KEY,
    component TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    backend TEXT NOT NULL,
    action TEXT NOT NULL,
    generation TEXT NOT NULL,
    desired_hash TEXT NOT NULL,
    pass INTEGER NOT NULL,
    at TEXT NOT NULL
  ) STRICT;

  -- The key is the promise that a step is closed once.
  CREATE TABLE closings (
    step INTEGER PRIMARY KEY REFERENCES steps (id) ON DELETE CASCADE,
    outcome TEXT NOT NULL,
    at TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    message TEXT
  ) STRICT;

  -- What the node did, by resource. Kept apart from the steps, because those are pruned. A step that is done clears what was tried before it.
  CREATE TABLE deeds (
    component TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    backend TEXT NOT NULL,
    done TEXT,
    tried TEXT,
    PRIMARY KEY (component, kind, name, backend)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    -- JSON.
    body TEXT NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  -- Finds what is unsent, and the oldest of what is sent, without reading past the rest.
  CREATE INDEX events_by_sent ON events (sent, seq);

  CREATE TABLE applies (
    component TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    changes INTEGER NOT NULL,
    generation TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE revisions (
    revision INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    author TEXT NOT NULL,
    generation TEXT NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER revision_changed BEFORE UPDATE ON revisions BEGIN
    SELECT RAISE(ABORT, 'a revision is never rewritten');
  END;
  CREATE TRIGGER revision_deleted BEFORE DELETE ON revisions BEGIN
    SELECT RAISE(ABORT, 'a revision is never deleted');
  END;
  `,
]
