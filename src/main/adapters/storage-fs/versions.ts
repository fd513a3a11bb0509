/** Listing versions: one page of a bucket's, the newest object of each key first and then what came before it. */
import { limitOf } from '../../core/object-storage/page'
import type { ObjectVersion, VersionListing, VersionListOptions } from '../../core/ports/object-storage'
import type { Database } from '../sqlite/database'
import { type BucketRow, type ContentRow, contentColumns } from './catalogue'
import { afterAllWith, commonPrefix, firstAfter, justAfter, later, rolledUp } from './list'
import { infoOf, keyBytes } from './objects'

/** `place` orders the versions of one key, newest first. */
interface Row extends ContentRow {
  readonly place: number
  readonly marker: 0 | 1
}

/** The place of the object of a key: before that of every version that came before it. */
const newest = Number.MIN_SAFE_INTEGER

export function versionLister(db: Database): (bucket: BucketRow, options: VersionListOptions) => VersionListing {
  const rows = db.prepare<[{ bucket: number; first: Buffer; end: Buffer }], Row>(
    `SELECT ${contentColumns}, ${newest} AS place, 0 AS marker FROM objects WHERE bucket = @bucket AND key >= @first AND key < @end
     UNION ALL
     SELECT ${contentColumns}, -id AS place, file IS NULL AS marker FROM versions WHERE bucket = @bucket AND key >= @first AND key < @end
     ORDER BY key, place`,
  )
  const place = db
    .prepare<[{ bucket: number; key: Buffer; version: string }], number>(
      `SELECT ${newest} FROM objects WHERE bucket = @bucket AND key = @key AND version = @version
       UNION ALL SELECT -id FROM versions WHERE bucket = @bucket AND key = @key AND version = @version`,
    )
    .pluck()

  return (bucket, options) => {
    const limit = limitOf(options)
    const { key, after } = options
    const prefix = Buffer.from(key ?? options.prefix ?? '')
    const common = key === undefined ? commonPrefix(prefix, Buffer.from(options.delimiter ?? '')) : () => undefined
    const end = key === undefined ? afterAllWith(prefix) : justAfter(keyBytes(key))
    const skip = skipTo()
    const versions: ObjectVersion[] = []
    const prefixes: string[] = []
    let next: { key: string; version?: string } | undefined
    let latestOf = skip?.key
    const first = later(prefix, skip?.key ?? firstAfter(after?.key, common))

    for (const entry of rolledUp(rowsFrom, first, common)) {
      if (versions.length + prefixes.length === limit) return { versions, prefixes, ...(next === undefined ? {} : { next }) }
      if (Buffer.isBuffer(entry)) {
        next = { key: entry.toString() }
        prefixes.push(next.key)
        continue
      }
      const latest = latestOf === undefined || !latestOf.equals(entry.key)
      latestOf = entry.key
      versions.push({ ...infoOf(entry, { versioning: 1 }), version: entry.version, deleteMarker: entry.marker === 1, latest })
      next = { key: entry.key.toString(), version: entry.version }
    }
    return { versions, prefixes }

    /** Without those that were on the page before: the ones of a key up to the one that `after` names. */
    function* rowsFrom(from: Buffer): Generator<Row> {
      for (const row of rows.iterate({ bucket: bucket.id, first: from, end })) {
        if (skip === undefined || row.place > skip.place || !skip.key.equals(row.key)) yield row
      }
    }

    /** Where a page begins in the middle of a key. A version that is gone meanwhile begins it after the key, as nobody knows its place. */
    function skipTo(): { readonly key: Buffer; readonly place: number } | undefined {
      if (after?.version === undefined) return undefined
      const named = keyBytes(after.key)
      const found = place.get({ bucket: bucket.id, key: named, version: after.version })
      return found === undefined ? undefined : { key: named, place: found }
    }
  }
}
