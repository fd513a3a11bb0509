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
  `
  ALTER TABLE steps ADD COLUMN makes INTEGER NOT NULL DEFAULT 0;
  UPDATE steps SET makes = 1 WHERE action = 'create';

  -- Whether this node made the resource. Of what was made before, the steps that were kept tell.
  ALTER TABLE deeds ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
  UPDATE deeds SET made = 1 WHERE EXISTS (
    SELECT 1 FROM steps s JOIN closings c ON c.step = s.id
    WHERE s.makes = 1 AND c.outcome IN ('done', 'found')
      AND s.component = deeds.component AND s.kind = deeds.kind AND s.name = deeds.name AND s.backend = deeds.backend);

  CREATE TABLE intents (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    plan_hash TEXT NOT NULL,
    acknowledged_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    -- JSON; NULL while it is open.
    outcome TEXT
  ) STRICT;
  CREATE TRIGGER intent_closed BEFORE UPDATE ON intents WHEN OLD.outcome IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'an intent is closed once');
  END;
  CREATE TRIGGER intent_deleted BEFORE DELETE ON intents BEGIN
    SELECT RAISE(ABORT, 'an intent is never deleted');
  END;
  `,
  `
  -- Which server, and of the broker which vhost there. Older versions did not keep it, so of what they did it is not known ('?') until
  -- the first start with such a backend settles it; the embedded storage and index are but one each, and have no parts.
  ALTER TABLE steps ADD COLUMN address TEXT NOT NULL DEFAULT '?';
  UPDATE steps SET address = '' WHERE backend = 'embedded' AND component <> 'broker';

  CREATE TABLE deeds_by_place (
    component TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    backend TEXT NOT NULL,
    address TEXT NOT NULL,
    done TEXT,
    tried TEXT,
    made INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (component, backend, address, kind, name)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO deeds_by_place (component, kind, name, backend, address, done, tried, made)
    SELECT component, kind, name, backend, iif(backend = 'embedded' AND component <> 'broker', '', '?'), done, tried, made FROM deeds;
  DROP TABLE deeds;
  ALTER TABLE deeds_by_place RENAME TO deeds;
  `,
]
