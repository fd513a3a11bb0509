/**
 * Putting and deleting. The commit is what counts: before it nothing has happened, and what lies around is swept up; after it the
 * rename (or the removal) is always completed, by the next start if need be.
 */
import { PortError } from '../../../shared/errors'
import type { ObjectStorage, PutOptions } from '../../core/ports/object-storage'
import { syncDirectory } from '../sqlite/directory'
import type { ObjectRow } from './catalogue'
import { moveIntoPlace, removeFile } from './files'
import { discard, type Incoming, receive } from './incoming'
import { keyLock } from './key-lock'
import { choosePath, foldPath } from './key-path'
import { whatIsAt } from './layout'
import { infoOf, keyBytes } from './objects'
import type { Store } from './store'

interface Target {
  readonly bucket: string
  readonly key: string
  readonly stored: Buffer
  readonly options: PutOptions
  /** How messages name it. */
  readonly resource: string
}

export function writer(store: Store): Pick<ObjectStorage, 'put' | 'delete'> {
  const { layout, catalogue, commit } = store
  const locked = keyLock()

  return {
    put(bucket, key, body, options, callerSignal) {
      const resource = `${bucket}/${key}`
      return store.call(resource, callerSignal, async (signal) => {
        store.file.require()
        const target: Target = { bucket, key, stored: keyBytes(key), options, resource }
        // Judged for good in the commit; here, so that no body is taken in for nothing.
        checkConditions(target, catalogue.find(store.bucket(bucket), target.stored))
        const incoming = await receive(layout.incoming, body, resource, signal)
        const { row, changed } = await locked(resource, () => place(target, incoming, signal))
        store.afterwards(changed, () => catalogue.settle(incoming.name))
        return infoOf(row)
      })
    },

    delete(bucket, key, callerSignal) {
      const resource = `${bucket}/${key}`
      return store.call(resource, callerSignal, (signal) => locked(resource, () => remove(bucket, keyBytes(key), signal)))
    },
  }

  /** Commit and rename. Where the rename fails, the row is as it was before the error is answered. */
  async function place(target: Target, incoming: Incoming, signal: AbortSignal) {
    const { bucket, stored } = target
    let committed: { id: number; before: ObjectRow | undefined; row: ObjectRow }
    try {
      committed = await commit(() => {
        signal.throwIfAborted()
        const id = store.bucket(bucket)
        const before = catalogue.find(id, stored)
        checkConditions(target, before)
        const row = rowFor(target, incoming, pathFor(id, target, before))
        catalogue.save(id, row)
        return { id, before, row }
      })
    } catch (error) {
      await discard(layout.incoming, incoming.name)
      throw error
    }
    const { id, before, row } = committed
    try {
      const changed = moveIntoPlace(layout, { bucket, file: row.file, incoming: incoming.name })
      await discard(layout.incoming, before?.incoming ?? null)
      return { row, changed }
    } catch (error) {
      await commit(() => (before === undefined ? catalogue.drop(id, stored) : catalogue.save(id, before)))
      await discard(layout.incoming, incoming.name)
      throw error
    }
  }

  function rowFor({ stored, options }: Target, incoming: Incoming, file: string): ObjectRow {
    return {
      key: stored,
      file,
      folded: foldPath(file),
      size: incoming.size,
      etag: incoming.etag,
      modified: Math.trunc(store.now()),
      mtime: incoming.mtime,
      contentType: options.contentType ?? 'application/octet-stream',
      metadata: JSON.stringify(options.metadata ?? {}),
      incoming: incoming.name,
    }
  }

  /** The path that the key has already, unless something that is not a file has come to lie there; else a new one. */
  function pathFor(id: number, { bucket, key, resource }: Target, before: ObjectRow | undefined): string {
    if (before !== undefined && whatIsAt(layout.object(bucket, before.file)) !== 'obstacle') return before.file
    const path = choosePath(key, {
      isFile: (folded) => catalogue.isFile(id, folded),
      isDirectory: (folded) => catalogue.isDirectory(id, folded),
      isFree: (file) => whatIsAt(layout.object(bucket, file)) === 'nothing',
    })
    if (path !== undefined) return path
    throw new PortError(
      'incompatible',
      `${resource}: whatever name its file could have in ${layout.bucket(bucket)}, something is in the way`,
    )
  }

  /** Commit and remove. Where the removal fails, the object is still there when the error is answered. */
  async function remove(bucket: string, key: Buffer, signal: AbortSignal): Promise<void> {
    const id = store.bucket(bucket)
    const gone = await commit(() => {
      signal.throwIfAborted()
      const row = catalogue.find(id, key)
      if (row === undefined) return undefined
      catalogue.drop(id, key)
      return { row, removal: catalogue.addRemoval(id, row) }
    })
    if (gone === undefined) return
    const { row, removal } = gone
    let changed: readonly string[]
    try {
      changed = removeFile(layout, { bucket, file: row.file })
    } catch (error) {
      await commit(() => {
        catalogue.forgetRemoval(removal)
        catalogue.save(id, row)
      })
      throw error
    }
    await discard(layout.incoming, row.incoming)
    // At once, not in passing: until it is done the name of the file cannot be used again.
    await Promise.all(changed.map(syncDirectory))
    store.afterwards([], () => catalogue.forgetRemoval(removal))
  }
}

function checkConditions({ options, resource }: Target, row: ObjectRow | undefined): void {
  if (options.ifNoneMatch !== undefined && row !== undefined) {
    throw new PortError('precondition-failed', `${resource} exists already, with etag ${row.etag}`)
  }
  if (options.ifMatch !== undefined && options.ifMatch !== row?.etag) {
    const found = row === undefined ? 'it does not exist' : `its etag is ${row.etag}`
    throw new PortError('precondition-failed', `${resource} does not have etag ${options.ifMatch}: ${found}`)
  }
}
