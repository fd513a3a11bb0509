/** The rows of the catalogue: which objects there are, which are on their way in, which files are on their way out. */
import type { Database } from '../sqlite/database'

/** What is known of one version's content, the newest or an older one. */
export interface ContentRow {
  readonly key: Buffer
  readonly version: string
  readonly size: number
  /** Lower-case hex sha256. */
  readonly etag: string
  /** Milliseconds since the epoch. */
  readonly modified: number
  /** The file's own time stamp, in whole milliseconds. */
  readonly mtime: number
  readonly contentType: string
  /** JSON. */
  readonly metadata: string
}

/** The part of a row that stays with a version, wherever its file goes. */
export function contentOf({ key, version, size, etag, modified, mtime, contentType, metadata }: ContentRow): ContentRow {
  return { key, version, size, etag, modified, mtime, contentType, metadata }
}

/** The newest version of a key. */
export interface ObjectRow extends ContentRow {
  /** Path in the bucket's directory, with slashes. */
  readonly file: string
  readonly folded: string
  /** Set from the commit until the rename is known to be on disk: the content is there (`Layout.arrival`), or already in place. */
  readonly incoming: string | null
}

/** A version that is not the newest object of its key: an older one, or a delete marker. */
export interface VersionRow extends ContentRow {
  readonly id: number
  /** Path under the root; null for a delete marker. */
  readonly file: string | null
  /** Until the file is known to have that place: where it may still lie, as a path under the root. */
  readonly comingFrom: string | null
}

/** A version with a content, no delete marker. */
export type KeptRow = VersionRow & { readonly file: string }

export function isKept(row: VersionRow | undefined): row is KeptRow {
  return row !== undefined && row.file !== null
}

/** An object whose file may still have to be moved into place. */
export interface Arrival {
  readonly bucket: string
  readonly file: string
  readonly incoming: string
}

/** A file that may still have to be removed. */
export interface Removal {
  readonly id: number
  readonly bucket: string
  readonly file: string
  /** 1: `file` is a path under the root, not in the bucket's directory. */
  readonly aside: 0 | 1
}

export interface BucketRow {
  readonly id: number
  readonly versioning: 0 | 1
}

/** Everything here is synchronous; what writes belongs into a transaction. */
export interface Catalogue {
  /** Undefined when there is none of that name. */
  bucket(name: string): BucketRow | undefined
  bucketNames(): string[]
  addBucket(name: string, created: number): void
  find(bucket: number, key: Buffer): ObjectRow | undefined
  /** The object whose file has this path. */
  findByFile(bucket: number, file: string, folded: string): ObjectRow | undefined
  /** Objects in the order of their keys, those after `after`. */
  page(bucket: number, after: Buffer, limit: number): ObjectRow[]
  save(bucket: number, row: ObjectRow): void
  /** Forget an object. */
  drop(bucket: number, key: Buffer): void
  /** An incoming file is in place for good. */
  settle(incoming: string): void
  /** The file of an object, untouched otherwise, has another time stamp. */
  touch(bucket: number, key: Buffer, mtime: number): void

  findVersion(bucket: number, key: Buffer, version: string): VersionRow | undefined
  /** The newest of those that are not the key's object. */
  newestVersion(bucket: number, key: Buffer): VersionRow | undefined
  /** With an id, it takes the place among the others that it had before. */
  addVersion(bucket: number, row: Omit<VersionRow, 'id'> & { readonly id?: number }): void
  dropVersion(id: number): void
  /** Versions whose file may still have to be moved. */
  moving(): VersionRow[]
  settleVersion(bucket: number, key: Buffer, version: string): void

  /** Note that a file is to go; the id is for `forgetRemoval`. */
  addRemoval(bucket: number, removal: Pick<Removal, 'file' | 'aside'>, folded: string): number
  forgetRemoval(id: number): void
  /** Whether a file has this path, or one that could be mistaken for it. */
  isFile(bucket: number, folded: string): boolean
  /** Whether a file lies below this path. */
  isDirectory(bucket: number, folded: string): boolean
  arrivals(): Arrival[]
  removals(): Removal[]
}

export const contentColumns = 'key, version, size, etag, modified, mtime, content_type AS contentType, metadata'
export const objectColumns = `${contentColumns}, file, folded, incoming`
const versionColumns = `${contentColumns}, id, file, coming_from AS comingFrom`

export function openCatalogue(db: Database): Catalogue {
  const bucket = db.prepare<[string], BucketRow>('SELECT id, versioning FROM buckets WHERE name = ?')
  const bucketNames = db.prepare<[], string>('SELECT name FROM buckets ORDER BY name').pluck()
  const addBucket = db.prepare<[string, number]>('INSERT INTO buckets (name, created) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const find = db.prepare<[number, Buffer], ObjectRow>(`SELECT ${objectColumns} FROM objects WHERE bucket = ? AND key = ?`)
  const findByFile = db.prepare<[number, string, string], ObjectRow>(
    `SELECT ${objectColumns} FROM objects WHERE bucket = ? AND folded = ? AND file = ?`,
  )
  const page = db.prepare<[number, Buffer, number], ObjectRow>(
    `SELECT ${objectColumns} FROM objects WHERE bucket = ? AND key > ? ORDER BY key LIMIT ?`,
  )
  const save = db.prepare<[ObjectRow & { bucket: number }]>(
    `INSERT INTO objects (bucket, key, version, file, folded, size, etag, modified, mtime, content_type, metadata, incoming)
     VALUES (@bucket, @key, @version, @file, @folded, @size, @etag, @modified, @mtime, @contentType, @metadata, @incoming)
     ON CONFLICT (bucket, key) DO UPDATE SET
       version = excluded.version, file = excluded.file, folded = excluded.folded, size = excluded.size, etag = excluded.etag,
       modified = excluded.modified, mtime = excluded.mtime, content_type = excluded.content_type, metadata = excluded.metadata,
       incoming = excluded.incoming`,
  )
  const drop = db.prepare<[number, Buffer]>('DELETE FROM objects WHERE bucket = ? AND key = ?')
  const settle = db.prepare<[string]>('UPDATE objects SET incoming = NULL WHERE incoming = ?')
  const touch = db.prepare<[number, number, Buffer]>('UPDATE objects SET mtime = ? WHERE bucket = ? AND key = ?')
  const findVersion = db.prepare<[number, Buffer, string], VersionRow>(
    `SELECT ${versionColumns} FROM versions WHERE bucket = ? AND key = ? AND version = ?`,
  )
  const newestVersion = db.prepare<[number, Buffer], VersionRow>(
    `SELECT ${versionColumns} FROM versions WHERE bucket = ? AND key = ? ORDER BY id DESC LIMIT 1`,
  )
  const addVersion = db.prepare<[Omit<VersionRow, 'id'> & { bucket: number; id: number | null }]>(
    `INSERT INTO versions (id, bucket, key, version, file, size, etag, modified, mtime, content_type, metadata, coming_from)
     VALUES (@id, @bucket, @key, @version, @file, @size, @etag, @modified, @mtime, @contentType, @metadata, @comingFrom)`,
  )
  const dropVersion = db.prepare<[number]>('DELETE FROM versions WHERE id = ?')
  const moving = db.prepare<[], VersionRow>(`SELECT ${versionColumns} FROM versions WHERE coming_from IS NOT NULL ORDER BY id`)
  const settleVersion = db.prepare<[number, Buffer, string]>(
    'UPDATE versions SET coming_from = NULL WHERE bucket = ? AND key = ? AND version = ?',
  )
  const addRemoval = db.prepare<[number, string, string, number]>('INSERT INTO removals (bucket, file, folded, aside) VALUES (?, ?, ?, ?)')
  const forgetRemoval = db.prepare<[number]>('DELETE FROM removals WHERE id = ?')
  const isFile = exists(db, 'folded = @folded')
  // What is below a directory sorts between its name with a slash and its name with the character that follows the slash.
  const isDirectory = exists(db, "folded >= @folded || '/' AND folded < @folded || '0'")
  const arrivals = db.prepare<[], Arrival>(
    'SELECT b.name AS bucket, o.file, o.incoming FROM objects o JOIN buckets b ON b.id = o.bucket WHERE o.incoming IS NOT NULL',
  )
  const removals = db.prepare<[], Removal>(
    'SELECT r.id, b.name AS bucket, r.file, r.aside FROM removals r JOIN buckets b ON b.id = r.bucket',
  )

  return {
    bucket: (name) => bucket.get(name),
    bucketNames: () => bucketNames.all(),
    addBucket: (name, created) => void addBucket.run(name, created),
    find: (id, key) => find.get(id, key),
    findByFile: (id, file, folded) => findByFile.get(id, folded, file),
    page: (id, after, limit) => page.all(id, after, limit),
    save: (id, row) => void save.run({ ...row, bucket: id }),
    drop: (id, key) => void drop.run(id, key),
    settle: (incoming) => void settle.run(incoming),
    touch: (id, key, mtime) => void touch.run(mtime, id, key),
    findVersion: (id, key, version) => findVersion.get(id, key, version),
    newestVersion: (id, key) => newestVersion.get(id, key),
    addVersion: (bucketId, row) => void addVersion.run({ ...row, id: row.id ?? null, bucket: bucketId }),
    dropVersion: (id) => void dropVersion.run(id),
    moving: () => moving.all(),
    settleVersion: (id, key, version) => void settleVersion.run(id, key, version),
    addRemoval: (id, { file, aside }, folded) => Number(addRemoval.run(id, file, folded, aside).lastInsertRowid),
    forgetRemoval: (id) => void forgetRemoval.run(id),
    isFile: (id, folded) => isFile.get({ bucket: id, folded }) === 1,
    isDirectory: (id, folded) => isDirectory.get({ bucket: id, folded }) === 1,
    arrivals: () => arrivals.all(),
    removals: () => removals.all(),
  }
}

function exists(db: Database, condition: string) {
  return db
    .prepare<[{ bucket: number; folded: string }], 0 | 1>(
      `SELECT EXISTS (SELECT 1 FROM objects WHERE bucket = @bucket AND ${condition})
           OR EXISTS (SELECT 1 FROM removals WHERE bucket = @bucket AND aside = 0 AND ${condition})`,
    )
    .pluck()
}
