/** The rows of the catalogue: which objects there are, which are on their way in, which files are on their way out. */
import type { Database } from '../sqlite/database'

export interface ObjectRow {
  readonly key: Buffer
  /** Path in the bucket's directory, with slashes. */
  readonly file: string
  readonly folded: string
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
  /** Set from the commit until the rename is known to be on disk: the content is in that file, or already in place. */
  readonly incoming: string | null
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
}

/** Everything here is synchronous; what writes belongs into a transaction. */
export interface Catalogue {
  /** A bucket's id; undefined when there is none of that name. */
  bucket(name: string): number | undefined
  addBucket(name: string, created: number): void
  find(bucket: number, key: Buffer): ObjectRow | undefined
  save(bucket: number, row: ObjectRow): void
  /** Forget an object. */
  drop(bucket: number, key: Buffer): void
  /** An incoming file is in place for good. */
  settle(incoming: string): void
  /** Note that an object's file is to go; the id is for `forgetRemoval`. */
  addRemoval(bucket: number, row: ObjectRow): number
  forgetRemoval(id: number): void
  /** Whether a file has this path, or one that could be mistaken for it. */
  isFile(bucket: number, folded: string): boolean
  /** Whether a file lies below this path. */
  isDirectory(bucket: number, folded: string): boolean
  arrivals(): Arrival[]
  removals(): Removal[]
}

export const objectColumns = 'key, file, folded, size, etag, modified, mtime, content_type AS contentType, metadata, incoming'

export function openCatalogue(db: Database): Catalogue {
  const bucket = db.prepare<[string], number>('SELECT id FROM buckets WHERE name = ?').pluck()
  const addBucket = db.prepare<[string, number]>('INSERT INTO buckets (name, created) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const find = db.prepare<[number, Buffer], ObjectRow>(`SELECT ${objectColumns} FROM objects WHERE bucket = ? AND key = ?`)
  const save = db.prepare<[ObjectRow & { bucket: number }]>(
    `INSERT INTO objects (bucket, key, file, folded, size, etag, modified, mtime, content_type, metadata, incoming)
     VALUES (@bucket, @key, @file, @folded, @size, @etag, @modified, @mtime, @contentType, @metadata, @incoming)
     ON CONFLICT (bucket, key) DO UPDATE SET
       file = excluded.file, folded = excluded.folded, size = excluded.size, etag = excluded.etag, modified = excluded.modified,
       mtime = excluded.mtime, content_type = excluded.content_type, metadata = excluded.metadata, incoming = excluded.incoming`,
  )
  const drop = db.prepare<[number, Buffer]>('DELETE FROM objects WHERE bucket = ? AND key = ?')
  const settle = db.prepare<[string]>('UPDATE objects SET incoming = NULL WHERE incoming = ?')
  const addRemoval = db.prepare<[number, string, string]>('INSERT INTO removals (bucket, file, folded) VALUES (?, ?, ?)')
  const forgetRemoval = db.prepare<[number]>('DELETE FROM removals WHERE id = ?')
  const isFile = exists(db, 'folded = @folded')
  // What is below a directory sorts between its name with a slash and its name with the character that follows the slash.
  const isDirectory = exists(db, "folded >= @folded || '/' AND folded < @folded || '0'")
  const arrivals = db.prepare<[], Arrival>(
    'SELECT b.name AS bucket, o.file, o.incoming FROM objects o JOIN buckets b ON b.id = o.bucket WHERE o.incoming IS NOT NULL',
  )
  const removals = db.prepare<[], Removal>('SELECT r.id, b.name AS bucket, r.file FROM removals r JOIN buckets b ON b.id = r.bucket')

  return {
    bucket: (name) => bucket.get(name),
    addBucket: (name, created) => void addBucket.run(name, created),
    find: (id, key) => find.get(id, key),
    save: (id, row) => void save.run({ ...row, bucket: id }),
    drop: (id, key) => void drop.run(id, key),
    settle: (incoming) => void settle.run(incoming),
    addRemoval: (id, { file, folded }) => Number(addRemoval.run(id, file, folded).lastInsertRowid),
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
           OR EXISTS (SELECT 1 FROM removals WHERE bucket = @bucket AND ${condition})`,
    )
    .pluck()
}
