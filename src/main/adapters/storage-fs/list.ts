/** Listing objects: one page, straight from the catalogue. */
import { PortError } from '../../../shared/errors'
import type { Listing, ListOptions, ObjectInfo } from '../../core/ports/object-storage'
import type { Database } from '../sqlite/database'
import { type BucketRow, type ObjectRow, objectColumns } from './catalogue'
import { infoOf } from './objects'

const longestPage = 1000

/** Keys of bucket `id` from `first` until before `end`, both as bytes. */
type Rows = (id: number, first: Buffer, end: Buffer) => Iterable<ObjectRow>

export function lister(db: Database): (bucket: BucketRow, options: ListOptions) => Listing {
  const rows = db.prepare<[number, Buffer, Buffer], ObjectRow>(
    `SELECT ${objectColumns} FROM objects WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key`,
  )
  return (bucket, options) => page((id, first, end) => rows.iterate(id, first, end), bucket, options)
}

function page(rows: Rows, bucket: BucketRow, options: ListOptions): Listing {
  const limit = limitOf(options)
  const prefix = Buffer.from(options.prefix ?? '')
  const rolledUp = rollUp(prefix, Buffer.from(options.delimiter ?? ''))
  const end = afterAllWith(prefix)
  const objects: ObjectInfo[] = []
  const prefixes: string[] = []
  let last = ''
  let first = later(prefix, firstAfter(options.after, rolledUp))

  // Each round reads on until a prefix is met, then goes on behind everything that it rolls up.
  for (;;) {
    let common: Buffer | undefined
    for (const row of rows(bucket.id, first, end)) {
      if (objects.length + prefixes.length === limit) return { objects, prefixes, next: last }
      common = rolledUp(row.key)
      if (common !== undefined) break
      objects.push(infoOf(row, bucket))
      last = row.key.toString()
    }
    if (common === undefined) return { objects, prefixes }
    last = common.toString()
    prefixes.push(last)
    first = afterAllWith(common)
  }
}

/** Throws `invalid` for a page of another length than a listing can have. */
export function limitOf({ limit = longestPage }: { readonly limit?: number }): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= longestPage) return limit
  throw new PortError('invalid', `a listing holds 1 to ${longestPage} entries, not ${limit}`)
}

/** The common prefix that stands for a key in a listing, its delimiter included; undefined for a key that stands for itself. */
export function rollUp(prefix: Buffer, delimiter: Buffer): (key: Buffer) => Buffer | undefined {
  return (key) => {
    if (delimiter.length === 0 || !key.subarray(0, prefix.length).equals(prefix)) return undefined
    const at = key.indexOf(delimiter, prefix.length)
    return at < 0 ? undefined : key.subarray(0, at + delimiter.length)
  }
}

/** Where a page begins: what rolls up into a prefix at or before `after` was listed with it. */
export function firstAfter(after: string | undefined, rolledUp: (key: Buffer) => Buffer | undefined): Buffer {
  if (after === undefined) return Buffer.alloc(0)
  const bytes = Buffer.from(after)
  const common = rolledUp(bytes)
  // The least key that is greater than another one is that one with a zero byte more.
  return common === undefined ? Buffer.concat([bytes, Buffer.alloc(1)]) : afterAllWith(common)
}

/** The least text above all that begin with `prefix`. No byte of UTF-8 is 0xff, which therefore ends everything. */
export function afterAllWith(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.of(0xff)])
}

export function later(a: Buffer, b: Buffer): Buffer {
  return a.compare(b) < 0 ? b : a
}
