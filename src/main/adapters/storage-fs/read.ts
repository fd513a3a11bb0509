/** Getting, and what a head tells. */
import { closeSync, fstatSync, openSync, statSync } from 'node:fs'
import { PortError } from '../../../shared/errors'
import type { Bytes, ObjectInfo, ObjectStorage } from '../../core/ports/object-storage'
import type { ByHand } from './by-hand'
import { type BucketRow, type ContentRow, isKept, type ObjectRow } from './catalogue'
import { fileBody, hashOf } from './file-body'
import { infoOf, keyBytes, looksUntouched } from './objects'
import type { Store } from './store'

interface Found {
  readonly resource: string
  readonly bucketName: string
  readonly bucket: BucketRow
  readonly row: ContentRow
  /** Where the file lies, the likeliest place first. */
  readonly paths: readonly string[]
  /** Whether a change by hand makes a new version of it: only the newest one lies where hands reach. */
  readonly newest: boolean
}

export interface Reader extends Pick<ObjectStorage, 'get' | 'head'> {
  /** The content of one version, the newest unless told, for a copy within. Its body must be read or ended. */
  content(
    bucket: string,
    key: string,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly info: ObjectInfo; readonly body: Bytes }>
}

type Range = { readonly start: number; readonly end?: number }

export function reader(store: Store, byHand: ByHand): Reader {
  const { layout, catalogue } = store

  async function open(bucket: string, key: string, range: Range | undefined, version: string | undefined, signal: AbortSignal) {
    const found = (await find(bucket, key, version, signal)) ?? missing(bucket, key, version)
    // Without an await between them: the file that is opened is the one of this row, whatever is put a moment later.
    const descriptor = firstOf(found, (path) => openSync(path, 'r'))
    try {
      const untouched = await isUntouched(descriptor, found, signal)
      if (untouched)
        return { info: infoOf(found.row, found.bucket), body: fileBody(descriptor, partOf(range, found), found.resource, signal) }
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
    closeSync(descriptor)
    if (!found.newest) throw changedByHand(found)
    await byHand.change(bucket, found.row.key, signal)
    return undefined
  }

  async function content(bucket: string, key: string, range: Range | undefined, version: string | undefined, signal: AbortSignal) {
    // A change by hand that is noted now is what the second look finds; one that goes on is told.
    for (let looks = 0; looks < 3; looks++) {
      const opened = await open(bucket, key, range, version, signal)
      if (opened !== undefined) return opened
    }
    throw new PortError('unavailable', `${bucket}/${key} is being changed by hand at this moment; try again.`)
  }

  return {
    get(bucket, key, { range, version }, callerSignal) {
      return store.call(`${bucket}/${key}`, callerSignal, (signal) => content(bucket, key, range, version, signal))
    },

    head(bucket, key, { version }, callerSignal) {
      return store.call(`${bucket}/${key}`, callerSignal, async (signal) => {
        let found = (await find(bucket, key, version, signal)) ?? missing(bucket, key, version)
        if (
          !looksUntouched(
            firstOf(found, (path) => statSync(path)),
            found.row,
          )
        ) {
          if (!found.newest) throw changedByHand(found)
          await byHand.change(bucket, found.row.key, signal)
          found = (await find(bucket, key, version, signal)) ?? missing(bucket, key, version)
        }
        return infoOf(found.row, found.bucket)
      })
    },

    content: (bucket, key, version, signal) => content(bucket, key, undefined, version, signal),
  }

  async function find(bucketName: string, key: string, version: string | undefined, signal: AbortSignal): Promise<Found | undefined> {
    const stored = keyBytes(key)
    // Whether the bucket's directory is there is asked only once a file is not: most are.
    const bucket = catalogue.bucket(bucketName) ?? store.bucket(bucketName)
    const row = catalogue.find(bucket.id, stored)
    if (row !== undefined && (version === undefined || version === row.version)) return newest(bucketName, key, version, bucket, row)
    store.bucket(bucketName)
    if (version !== undefined) return old(bucketName, bucket, key, stored, version)
    // A key that nobody put may be the name of a file that somebody dropped in.
    const adopted = (await byHand.adopt(bucketName, key, signal)) ? catalogue.find(bucket.id, stored) : undefined
    return adopted === undefined ? undefined : newest(bucketName, key, version, bucket, adopted)
  }

  function newest(bucketName: string, key: string, version: string | undefined, bucket: BucketRow, row: ObjectRow): Found {
    const place = layout.object(bucketName, row.file)
    const paths = row.incoming === null ? [place] : [layout.arrival(row.incoming), place]
    return { resource: nameOf(bucketName, key, version), bucketName, bucket, row, newest: true, paths }
  }

  function old(bucketName: string, bucket: BucketRow, key: string, stored: Buffer, version: string): Found | undefined {
    const row = catalogue.findVersion(bucket.id, stored, version)
    if (!isKept(row)) return undefined
    const paths = [row.file, ...(row.comingFrom === null ? [] : [row.comingFrom])].map(layout.under)
    return { resource: nameOf(bucketName, key, version), bucketName, bucket, row, newest: false, paths }
  }

  /** What `use` makes of the file, in the first place where there is one. */
  function firstOf<T>(found: Found, use: (path: string) => T): T {
    for (const path of found.paths) {
      try {
        return use(path)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
      }
    }
    // Where the whole bucket is gone, that is what is to be said.
    store.bucket(found.bucketName)
    throw removedByHand(found)
  }
}

function nameOf(bucket: string, key: string, version: string | undefined): string {
  return version === undefined ? `${bucket}/${key}` : `${bucket}/${key} version ${version}`
}

function missing(bucket: string, key: string, version: string | undefined): never {
  throw new PortError('not-found', `${nameOf(bucket, key, version)} does not exist`)
}

/** The bytes asked for, from `start` until before `end`. */
function partOf(range: Range | undefined, { resource, row: { size } }: Found): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: size }
  const { start, end = size - 1 } = range
  if (Number.isSafeInteger(start) && start >= 0 && start < size && end >= start) return { start, end: Math.min(end + 1, size) }
  throw new PortError('invalid', `${resource} has ${size} bytes; there is no range from ${start} to ${range.end ?? 'its end'}`)
}

function removedByHand({ resource, paths, newest }: Found): PortError {
  const remedy = newest ? 'Put it again, or delete the object.' : 'Put the file back, or delete this version.'
  return new PortError('not-found', `${resource} has no file any more: ${paths.at(-1)} was removed by hand. ${remedy}`)
}

function changedByHand({ resource, paths }: Found): PortError {
  return new PortError(
    'incompatible',
    `${resource} is not what was stored any more: ${paths.at(-1)} was changed by hand. Put the file back as it was, or delete this version.`,
  )
}

/**
 * No bytes under an etag that is not theirs. Size and time stamp tell an untouched file at no cost; where the time stamp alone
 * differs, as after the whole directory was copied, the content is what counts.
 */
async function isUntouched(descriptor: number, found: Found, signal: AbortSignal): Promise<boolean> {
  const stats = fstatSync(descriptor)
  const { resource, row } = found
  if (!stats.isFile()) throw removedByHand(found)
  if (looksUntouched(stats, row)) return true
  return stats.size === row.size && (await hashOf(descriptor, row.size, resource, signal)) === row.etag
}
