/** Deleting: an object, by a marker or for good, or one version. What is committed is completed, by the next start if need be. */
import type { ObjectStorage } from '../../core/ports/object-storage'
import { syncDirectory } from '../sqlite/directory'
import type { ByHand } from './by-hand'
import { type BucketRow, contentOf, isKept, type KeptRow, type ObjectRow, type Removal } from './catalogue'
import { exists, moveAside, moveIntoPlace, placeOfVersion, removeFile, tidyAfter } from './files'
import { discard } from './incoming'
import { foldPath } from './key-path'
import { keyBytes } from './objects'
import { pathFor } from './place'
import { checkConditions, setAside } from './put'
import { openReserve } from './reserve'
import type { Store } from './store'

type Deleted = Awaited<ReturnType<ObjectStorage['delete']>>

export interface Remover {
  readonly delete: ObjectStorage['delete']
  /** Delete an object as `delete` does, if this version of it is still the newest. */
  expire(bucket: string, key: Buffer, version: string, signal: AbortSignal): Promise<void>
}

/** What a commit decided, for the files to follow. */
interface Decision {
  readonly answer: Deleted
  /** What to do about files. Returns the directories that changed. */
  readonly carryOut: () => readonly string[]
  /** The rows as they were, where the files would not follow. */
  readonly withdraw: () => void
  /** Noted once the directories are synced. */
  readonly settle: () => void
  /** A file in `tmp` that nobody needs any more. */
  readonly leftover?: string | null
}

export function remover(store: Store, byHand: ByHand): Remover {
  const { layout, catalogue, commit } = store
  const reserve = openReserve(layout.reserve)

  async function carryOut(bucket: string, key: Buffer, decide: () => Decision | undefined): Promise<Deleted> {
    await store.steady(bucket, key)
    const decision = await reserve.spend(() => commit(decide))
    if (decision === undefined) return { deleteMarker: false }
    let changed: readonly string[]
    try {
      changed = decision.carryOut()
    } catch (error) {
      await commit(decision.withdraw)
      throw error
    }
    await discard(layout.incoming, decision.leftover)
    // At once, not in passing: until it is done the name of the file cannot be used again.
    await Promise.all([...new Set(changed)].map(syncDirectory))
    store.afterwards([], decision.settle)
    return decision.answer
  }

  function deleteNewest(bucketName: string, bucket: BucketRow, row: ObjectRow): Decision {
    return bucket.versioning === 1 ? hide(bucketName, bucket, row) : forget(bucketName, bucket, row)
  }

  /** A delete marker becomes the newest; the object, an old version. */
  function hide(bucketName: string, { id }: BucketRow, row: ObjectRow): Decision {
    const aside = setAside(store, bucketName, row)
    catalogue.addVersion(id, aside)
    const marker = {
      ...aside,
      version: store.versionId(),
      file: null,
      comingFrom: null,
      size: 0,
      etag: '',
      modified: Math.trunc(store.now()),
    }
    catalogue.addVersion(id, { ...marker, contentType: '', metadata: '{}' })
    catalogue.drop(id, row.key)
    return {
      answer: { version: marker.version, deleteMarker: true },
      carryOut() {
        const moved = moveAside(layout, aside)
        return moved.length === 0 ? [] : [...moved, ...tidyAfter(layout, bucketName, row.file)]
      },
      withdraw() {
        for (const version of [marker.version, aside.version]) {
          const added = catalogue.findVersion(id, row.key, version)
          if (added !== undefined) catalogue.dropVersion(added.id)
        }
        catalogue.save(id, row)
      },
      settle: () => catalogue.settleVersion(id, row.key, aside.version),
    }
  }

  /** The object goes for good. */
  function forget(bucketName: string, { id }: BucketRow, row: ObjectRow): Decision {
    catalogue.drop(id, row.key)
    const removal = note(id, bucketName, { file: row.file, aside: 0 })
    return {
      answer: { deleteMarker: false },
      carryOut: removal.carryOut,
      withdraw() {
        catalogue.forgetRemoval(removal.id)
        catalogue.save(id, row)
      },
      settle: () => catalogue.forgetRemoval(removal.id),
      leftover: row.incoming,
    }
  }

  function note(id: number, bucket: string, file: Pick<Removal, 'file' | 'aside'>) {
    const removal = catalogue.addRemoval(id, file, foldPath(file.file))
    return { id: removal, carryOut: () => removeFile(layout, { bucket, ...file }) }
  }

  /** The newest version goes, and the one before it is the newest again, unless that is a delete marker. */
  function uncover(bucketName: string, bucket: BucketRow, row: ObjectRow): Decision {
    const next = catalogue.newestVersion(bucket.id, row.key)
    if (!isKept(next)) {
      const decision = forget(bucketName, bucket, row)
      return { ...decision, answer: { version: row.version, deleteMarker: false } }
    }
    const promoted = promote(bucketName, bucket.id, next, row)
    return {
      answer: { version: row.version, deleteMarker: false },
      carryOut: promoted.carryOut,
      withdraw() {
        catalogue.save(bucket.id, row)
        catalogue.addVersion(bucket.id, next)
      },
      settle: promoted.settle,
      leftover: row.incoming,
    }
  }

  /** Make an old version the object of its key. The file of `instead`, which it replaces, goes by that. */
  function promote(bucketName: string, id: number, next: KeptRow, instead: ObjectRow | undefined) {
    const key = next.key.toString()
    const incoming = placeOfVersion(layout, next)
    const file = pathFor(store, id, { bucket: bucketName, key, resource: `${bucketName}/${key}` }, instead)
    catalogue.dropVersion(next.id)
    catalogue.save(id, { ...contentOf(next), file, folded: foldPath(file), incoming })
    return {
      // Where a hand removed the old version, nothing takes the place of the one that goes.
      carryOut: () =>
        exists(layout.under(incoming))
          ? moveIntoPlace(layout, { bucket: bucketName, file, incoming })
          : removeFile(layout, { bucket: bucketName, file, aside: 0 }),
      settle: () => catalogue.settle(incoming),
    }
  }

  function deleteVersion(bucketName: string, bucket: BucketRow, key: Buffer, version: string): Decision | undefined {
    const newest = catalogue.find(bucket.id, key)
    if (newest?.version === version) return uncover(bucketName, bucket, newest)
    const found = catalogue.findVersion(bucket.id, key, version)
    if (found === undefined) return undefined
    const isNewest = newest === undefined && catalogue.newestVersion(bucket.id, key)?.id === found.id
    catalogue.dropVersion(found.id)
    if (isKept(found)) return deleteOld(bucketName, bucket, found)
    const answer = { version, deleteMarker: true }
    const next = isNewest ? catalogue.newestVersion(bucket.id, key) : undefined
    if (!isKept(next)) return { answer, carryOut: () => [], withdraw: () => {}, settle: () => {} }
    const promoted = promote(bucketName, bucket.id, next, undefined)
    return {
      answer,
      ...promoted,
      withdraw() {
        catalogue.drop(bucket.id, key)
        catalogue.addVersion(bucket.id, next)
        catalogue.addVersion(bucket.id, found)
      },
    }
  }

  function deleteOld(bucketName: string, { id }: BucketRow, found: KeptRow): Decision {
    const removal = note(id, bucketName, { file: placeOfVersion(layout, found), aside: 1 })
    return {
      answer: { version: found.version, deleteMarker: false },
      carryOut: removal.carryOut,
      withdraw() {
        catalogue.forgetRemoval(removal.id)
        catalogue.addVersion(id, found)
      },
      settle: () => catalogue.forgetRemoval(removal.id),
    }
  }

  return {
    delete(bucketName, key, { version, ifMatch }, callerSignal) {
      const resource = `${bucketName}/${key}`
      const stored = keyBytes(key)
      return store.call(resource, callerSignal, async (signal) => {
        // A file that was dropped in is what a get would show, and so what is to be deleted.
        if (version === undefined && catalogue.find(store.bucket(bucketName).id, stored) === undefined) {
          await byHand.adopt(bucketName, key, signal)
        }
        return store.locked(resource, () =>
          carryOut(bucketName, stored, () => {
            signal.throwIfAborted()
            const bucket = store.bucket(bucketName)
            const row = catalogue.find(bucket.id, stored)
            checkConditions({ options: ifMatch === undefined ? {} : { ifMatch }, resource }, row)
            if (version !== undefined) return deleteVersion(bucketName, bucket, stored, version)
            return row === undefined ? undefined : deleteNewest(bucketName, bucket, row)
          }),
        )
      })
    },

    async expire(bucketName, key, version, callerSignal) {
      const resource = `${bucketName}/${key.toString()}`
      await store.call(resource, callerSignal, (signal) =>
        store.locked(resource, () =>
          carryOut(bucketName, key, () => {
            signal.throwIfAborted()
            const bucket = store.bucket(bucketName)
            const row = catalogue.find(bucket.id, key)
            return row?.version === version ? deleteNewest(bucketName, bucket, row) : undefined
          }),
        ),
      )
    },
  }
}
