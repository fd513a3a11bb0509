/** The tables of `index.db`, the one file in which the embedded vector index keeps everything. */
import { join } from 'node:path'
import type { Migrations } from '../sqlite/database'

export function indexFile(directory: string): string {
  return join(directory, 'index.db')
}

/** Bytes of a page, for a file that is made anew. Measured: vectors are read faster from larger pages, and updated slower from still larger ones. */
export const pageSize = 16_384

/**
 * What belongs to a class goes with it by triggers, which hold for any program that deletes one by hand. Foreign keys would only
 * work where that program has switched them on.
 */
export const migrations: Migrations = [
  `
  CREATE TABLE classes (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    vectorizer TEXT NOT NULL,
    distance TEXT NOT NULL,
    search TEXT NOT NULL,
    multi_tenancy INTEGER NOT NULL,
    -- Length of every vector of the class; null until the first one.
    dimension INTEGER
  ) STRICT;

  CREATE TABLE properties (
    class INTEGER NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    PRIMARY KEY (class, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tenants (
    class INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (class, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE objects (
    class INTEGER NOT NULL,
    -- Empty on a class without multi-tenancy.
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    -- Little-endian float32.
    vector BLOB NOT NULL,
    -- JSON.
    metadata TEXT NOT NULL,
    UNIQUE (class, tenant, id)
  ) STRICT;

  CREATE TRIGGER class_deleted AFTER DELETE ON classes BEGIN
    DELETE FROM objects WHERE class = OLD.id;
    DELETE FROM tenants WHERE class = OLD.id;
    DELETE FROM properties WHERE class = OLD.id;
  END;

  CREATE TRIGGER tenant_deleted AFTER DELETE ON tenants BEGIN
    DELETE FROM objects WHERE class = OLD.class AND tenant = OLD.name;
  END;
  `,
]
