/** The catalogue's tables. Keys are blobs, so that SQLite's order is that of their UTF-8 bytes. */
import type { Migrations } from '../sqlite/database'

export const migrations: Migrations = [
  `
  CREATE TABLE buckets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL, -- ms since the epoch
    versioning INTEGER NOT NULL DEFAULT 0,
    policy TEXT -- canonical JSON of the document; NULL for none
  ) STRICT;

  CREATE TABLE lifecycle_rules (
    bucket INTEGER NOT NULL REFERENCES buckets (id),
    id TEXT NOT NULL,
    prefix TEXT NOT NULL,
    expire_days INTEGER NOT NULL,
    PRIMARY KEY (bucket, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tags (
    bucket INTEGER NOT NULL REFERENCES buckets (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
  ) STRICT, WITHOUT ROWID;

  -- The newest version of each key.
  CREATE TABLE objects (
    bucket INTEGER NOT NULL REFERENCES buckets (id),
    key BLOB NOT NULL,
    file TEXT NOT NULL, -- path in the bucket's directory, with slashes
    folded TEXT NOT NULL, -- equal for all paths that some file system could take for one another
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    modified INTEGER NOT NULL, -- ms since the epoch
    mtime INTEGER NOT NULL, -- ms, the file's own: another one means that a hand may have changed it
    content_type TEXT NOT NULL,
    metadata TEXT NOT NULL, -- JSON
    incoming TEXT, -- name of the file on its way in, until it is known to be in place
    PRIMARY KEY (bucket, key)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX objects_by_folded ON objects (bucket, folded);
  CREATE INDEX objects_incoming ON objects (incoming) WHERE incoming IS NOT NULL;

  -- Files of deleted objects, until they are known to be gone. Without it, a crash would leave files that look like new ones.
  CREATE TABLE removals (
    id INTEGER PRIMARY KEY,
    bucket INTEGER NOT NULL REFERENCES buckets (id),
    file TEXT NOT NULL,
    folded TEXT NOT NULL
  ) STRICT;
  CREATE INDEX removals_by_folded ON removals (bucket, folded);
  `,
  `
  ALTER TABLE objects ADD COLUMN version TEXT NOT NULL DEFAULT '';
  UPDATE objects SET version = lower(hex(randomblob(16)));

  -- All versions of a key but its newest object: older ones, and delete markers. A higher id is a newer version; where the highest is a
  -- marker, the key has no object.
  CREATE TABLE versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket INTEGER NOT NULL REFERENCES buckets (id),
    key BLOB NOT NULL,
    version TEXT NOT NULL,
    file TEXT, -- path under the root; NULL for a delete marker
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    modified INTEGER NOT NULL, -- ms since the epoch
    mtime INTEGER NOT NULL, -- ms, the file's own
    content_type TEXT NOT NULL,
    metadata TEXT NOT NULL, -- JSON
    coming_from TEXT, -- path under the root, until the file is known to have its own place
    UNIQUE (bucket, key, version)
  ) STRICT;
  CREATE INDEX versions_by_key ON versions (bucket, key, id);
  CREATE INDEX versions_coming ON versions (id) WHERE coming_from IS NOT NULL;

  -- 1: the file is a path under the root, not in the bucket's directory.
  ALTER TABLE removals ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;

  -- Directories of removed buckets, until they are known to be gone.
  CREATE TABLE trash (
    id INTEGER PRIMARY KEY,
    directory TEXT NOT NULL, -- path under the root
    name TEXT NOT NULL -- in the trash
  ) STRICT;
  `,
]
