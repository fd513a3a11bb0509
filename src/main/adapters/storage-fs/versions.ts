/** Listing versions: one page of a bucket's, the newest object of each key first and then what came before it. */
import type { ObjectVersion, VersionListing, VersionListOptions } from '../../core/ports/object-storage'
import type { Database } from '../sqlite/database'
import type { BucketRow, ContentRow } from './catalogue'
import { afterAllWith, firstAfter, later, limitOf, rollUp } from './list'
import { infoOf, keyBytes } from './objects'

/** `place` orders the versions of one key, newest first. */
interface Row extends ContentRow {
  readonly place: number
  readonly marker: 0 | 1
}

/** The place of the object of a key: before that of every version that came before it. */
const newest = Number.MIN_SAFE_INTEGER
const columns = 'key, version, size, etag, modified, mtime, content_type AS contentType, metadata'

export function versionLister(db: Database): (bucket: BucketRow, options: VersionListOptions) => VersionListing {
  const rows = db.prepare<[{ bucket: number; first: Buffer; end: Buffer }], Row>(
    `SELECT ${columns}, ${newest} AS place, 0 AS marker FROM objects WHERE bucket = @bucket AND key >= @first AND key < @end
     UNION ALL
     SELECT ${columns}, -id AS place, file IS NULL AS marker FROM versions WHERE bucket = @bucket AND key >= @first AND key < @end
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
    const rolledUp = key === undefined ? rollUp(prefix, Buffer.from(options.delimiter ?? '')) : () => undefined
    // The least key that is greater than another one is that one with a zero byte more.
    const end = key === undefined ? afterAllWith(prefix) : Buffer.concat([keyBytes(key), Buffer.alloc(1)])
    const versions: ObjectVersion[] = []
    const prefixes: string[] = []
    let next: { key: string; version?: string } | undefined
    let latestOf: Buffer | undefined
    let skip = skipTo()
    let first = later(prefix, skip?.key ?? firstAfter(after?.key, rolledUp))

    for (;;) {
      let common: Buffer | undefined
      for (const row of rows.iterate({ bucket: bucket.id, first, end })) {
        const latest = latestOf === undefined || !latestOf.equals(row.key)
        latestOf = row.key
        if (skip !== undefined) {
          // Those of this key up to the one named were on the page before.
          if (skip.key.equals(row.key) && row.place <= skip.place) continue
          skip = undefined
        }
        if (versions.length + prefixes.length === limit) return { versions, prefixes, ...(next === undefined ? {} : { next }) }
        common = rolledUp(row.key)
        if (common !== undefined) break
        versions.push({ ...infoOf(row, { versioning: 1 }), version: row.version, deleteMarker: row.marker === 1, latest })
        next = { key: row.key.toString(), version: row.version }
      }
      if (common === undefined) return { versions, prefixes }
      next = { key: common.toString() }
      prefixes.push(next.key)
      first = afterAllWith(common)
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
