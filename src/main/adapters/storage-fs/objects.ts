/** What an object's row means to callers. */
import type { Stats } from 'node:fs'
import { PortError } from '../../../shared/errors'
import type { ObjectInfo } from '../../core/ports/object-storage'
import type { BucketRow, ContentRow } from './catalogue'

/** Bytes of UTF-8: S3's own limit. */
export const longestKey = 1024

/**
 * A key as it is stored. Callers have checked it; what would be stored as another key, or as a name nobody could read back, is
 * refused all the same (`invalid`), because nothing later could notice.
 */
export function keyBytes(key: string): Buffer {
  const size = Buffer.byteLength(key)
  if (size === 0 || size > longestKey) {
    throw new PortError('invalid', `key ${JSON.stringify(key.slice(0, 60))} has ${size} bytes; 1 to ${longestKey} are allowed`)
  }
  if (!key.isWellFormed()) throw new PortError('invalid', `key ${JSON.stringify(key)} is not valid Unicode`)
  return Buffer.from(key)
}

/** What a content's row says, with its version where the bucket keeps versions. */
export function infoOf(row: ContentRow, { versioning }: Pick<BucketRow, 'versioning'>): ObjectInfo {
  return {
    key: row.key.toString(),
    size: row.size,
    etag: row.etag,
    modified: new Date(row.modified).toISOString(),
    contentType: row.contentType,
    metadata: JSON.parse(row.metadata),
    ...(versioning === 1 && { version: row.version }),
  }
}

/** Whether a file is as it was stored, by all that can be seen without reading it. */
export function looksUntouched(stats: Stats, row: Pick<ContentRow, 'size' | 'mtime'>): boolean {
  return stats.size === row.size && Math.trunc(stats.mtimeMs) === row.mtime
}
