/** Listing objects: one page, straight from the catalogue. */
import { limitOf } from '../../core/object-storage/page'
import type { Listing, ListOptions, ObjectInfo } from '../../core/ports/object-storage'
import type { Database } from '../sqlite/database'
import { type BucketRow, type ObjectRow, objectColumns } from './catalogue'
import { infoOf } from './objects'

export function lister(db: Database): (bucket: BucketRow, options: ListOptions) => Listing {
  const rows = db.prepare<[number, Buffer, Buffer], ObjectRow>(
    `SELECT ${objectColumns} FROM objects WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key`,
  )
  return (bucket, options) => {
    const limit = limitOf(options)
    const prefix = Buffer.from(options.prefix ?? '')
    const common = commonPrefix(prefix, Buffer.from(options.delimiter ?? ''))
    const end = afterAllWith(prefix)
    const objects: ObjectInfo[] = []
    const prefixes: string[] = []
    let last = ''
    const first = later(prefix, firstAfter(options.after, common))
    for (const entry of rolledUp((from) => rows.iterate(bucket.id, from, end), first, common)) {
      if (objects.length + prefixes.length === limit) return { objects, prefixes, next: last }
      last = (Buffer.isBuffer(entry) ? entry : entry.key).toString()
      if (Buffer.isBuffer(entry)) prefixes.push(last)
      else objects.push(infoOf(entry, bucket))
    }
    return { objects, prefixes }
  }
}

/** Rows in the order of their keys, those that share a common prefix as that one. `rows` reads from a key on. */
export function* rolledUp<R extends { readonly key: Buffer }>(
  rows: (from: Buffer) => Iterable<R>,
  first: Buffer,
  common: (key: Buffer) => Buffer | undefined,
): Generator<R | Buffer> {
  // Each round reads on until a prefix is met, then goes on behind everything that it rolls up.
  for (let from = first; ; ) {
    let prefix: Buffer | undefined
    for (const row of rows(from)) {
      prefix = common(row.key)
      if (prefix !== undefined) break
      yield row
    }
    if (prefix === undefined) return
    yield prefix
    from = afterAllWith(prefix)
  }
}

/** The common prefix that stands for a key in a listing, its delimiter included; undefined for a key that stands for itself. */
export function commonPrefix(prefix: Buffer, delimiter: Buffer): (key: Buffer) => Buffer | undefined {
  return (key) => {
    if (delimiter.length === 0 || !key.subarray(0, prefix.length).equals(prefix)) return undefined
    const at = key.indexOf(delimiter, prefix.length)
    return at < 0 ? undefined : key.subarray(0, at + delimiter.length)
  }
}

/** Where a page begins: what rolls up into a prefix at or before `after` was listed with it. */
export function firstAfter(after: string | undefined, common: (key: Buffer) => Buffer | undefined): Buffer {
  if (after === undefined) return Buffer.alloc(0)
  const bytes = Buffer.from(after)
  const prefix = common(bytes)
  return prefix === undefined ? justAfter(bytes) : afterAllWith(prefix)
}

/** The least key that is greater than `key`. */
export function justAfter(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.alloc(1)])
}

/** The least text above all that begin with `prefix`. No byte of UTF-8 is 0xff, which therefore ends everything. */
export function afterAllWith(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.of(0xff)])
}

export function later(a: Buffer, b: Buffer): Buffer {
  return a.compare(b) < 0 ? b : a
}
