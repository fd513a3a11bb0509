/** Getting, and what a head tells. */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, lstatSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { PortError } from '../../../shared/errors'
import type { ObjectStorage } from '../../core/ports/object-storage'
import type { ObjectRow } from './catalogue'
import { fileBody, readSome } from './file-body'
import { infoOf, keyBytes } from './objects'
import type { Store } from './store'

interface Found {
  readonly resource: string
  readonly row: ObjectRow
  /** Where the file lies, the likeliest place first. */
  readonly paths: readonly string[]
}

export function reader(store: Store): Pick<ObjectStorage, 'get' | 'head'> {
  const { layout, catalogue } = store

  return {
    get(bucket, key, { range, version }, callerSignal) {
      return store.call(`${bucket}/${key}`, callerSignal, async (signal) => {
        refuseVersion(version)
        // Without an await between them: the file that is opened is the one of this row, whatever is put a moment later.
        const found = find(bucket, key)
        const part = partOf(range, found)
        const descriptor = firstOf(found, (path) => openSync(path, 'r'))
        try {
          await verify(descriptor, found, signal)
        } catch (error) {
          closeSync(descriptor)
          throw error
        }
        return { info: infoOf(found.row), body: fileBody(descriptor, part, found.resource, signal) }
      })
    },

    head(bucket, key, { version }, callerSignal) {
      return store.call(`${bucket}/${key}`, callerSignal, () => {
        refuseVersion(version)
        const found = find(bucket, key)
        if (firstOf(found, (path) => lstatSync(path)).size !== found.row.size) throw changedByHand(found)
        return infoOf(found.row)
      })
    },
  }

  function find(bucket: string, key: string): Found {
    const resource = `${bucket}/${key}`
    const row = catalogue.find(store.bucket(bucket), keyBytes(key))
    if (row === undefined) throw new PortError('not-found', `${resource} does not exist`)
    const place = layout.object(bucket, row.file)
    return { resource, row, paths: row.incoming === null ? [place] : [join(layout.incoming, row.incoming), place] }
  }
}

function refuseVersion(version: string | undefined): void {
  if (version !== undefined) throw new PortError('unsupported', 'this storage keeps no versions')
}

type Range = { readonly start: number; readonly end?: number }

/** The bytes asked for, from `start` until before `end`. */
function partOf(range: Range | undefined, { resource, row: { size } }: Found): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: size }
  const { start, end = size - 1 } = range
  if (Number.isSafeInteger(start) && start >= 0 && start < size && end >= start) return { start, end: Math.min(end + 1, size) }
  throw new PortError('invalid', `${resource} has ${size} bytes; there is no range from ${start} to ${range.end ?? 'its end'}`)
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
  throw removedByHand(found)
}

function removedByHand({ resource, paths }: Found): PortError {
  return new PortError(
    'not-found',
    `${resource} has no file any more: ${paths.at(-1)} was removed by hand. Put it again, or delete the object.`,
  )
}

function changedByHand({ resource, paths }: Found): PortError {
  return new PortError(
    'incompatible',
    `${resource} is not what was stored any more: ${paths.at(-1)} was changed by hand. Put it again, or delete the object.`,
  )
}

/**
 * No bytes under an etag that is not theirs. Size and time stamp tell an untouched file at no cost; where the time stamp alone
 * differs, as after the whole directory was copied, the content is what counts.
 */
async function verify(descriptor: number, found: Found, signal: AbortSignal): Promise<void> {
  const stats = fstatSync(descriptor)
  const { resource, row } = found
  if (!stats.isFile()) throw removedByHand(found)
  if (stats.size !== row.size) throw changedByHand(found)
  if (Math.trunc(stats.mtimeMs) === row.mtime) return
  if ((await hashOf(descriptor, row.size, resource, signal)) !== row.etag) throw changedByHand(found)
}

async function hashOf(descriptor: number, size: number, resource: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for (let position = 0; position < size; ) {
    const bytes = await readSome(descriptor, position, size, resource)
    signal.throwIfAborted()
    hash.update(bytes)
    position += bytes.length
  }
  return hash.digest('hex')
}
