/**
 * The embedded object storage: a directory per bucket, with plain files that a person can open, and a catalogue in SQLite beside
 * them. One process at a time may have it open; the lock of the data directory sees to that.
 *
 * A put is written to a file aside, synced, committed to the catalogue and renamed into its place; a reader sees the old object or
 * the new one. The newest version of a key lies in its bucket's directory, older ones under `.thatdam/versions`. What a person does in
 * a bucket's directory is noticed when it is met, and by a survey: see `by-hand.ts`.
 */
import { v7 } from 'uuid'
import { PortError } from '../../../shared/errors'
import type { Bytes, ObjectStorage, StorageRemover, StorageShaper, StorageUpkeep } from '../../core/ports/object-storage'
import { type Database, openDatabase, openError } from '../sqlite/database'
import { makeDirectory, syncDirectorySync } from '../sqlite/directory'
import { byHand as handsOf } from './by-hand'
import { layoutOf } from './layout'
import { lister } from './list'
import { keyBytes } from './objects'
import { putter } from './put'
import { reader } from './read'
import { recover } from './recover'
import { remover } from './remove'
import { migrations } from './schema'
import { shaper } from './shape'
import { openStore, type Store } from './store'
import { strangersOf } from './strangers'
import { upkeeper } from './upkeep'
import { versionLister } from './versions'

export interface StorageFsOptions {
  /** Milliseconds since the epoch: dates objects and buckets, and tells files that are still being written. */
  readonly now?: () => number
  /** Makes version ids; never the same twice. */
  readonly uuid?: () => string
}

/**
 * Open the storage in `root`, creating what is missing, and complete what a crash interrupted. The body of a `get` holds its file
 * open until it was read, its iteration was ended, or the signal of that `get` aborts.
 * Throws a `UserError` where the catalogue cannot be opened or is damaged.
 */
export function openStorageFs(
  root: string,
  options: StorageFsOptions = {},
): ObjectStorage & StorageShaper & StorageRemover & StorageUpkeep {
  const store = open(root, options)
  const list = lister(store.db)
  const listVersions = versionLister(store.db)
  const byHand = handsOf(store)
  const { get, head, content } = reader(store, byHand)
  const put = putter(store, byHand)
  const remove = remover(store, byHand)
  const strangers = strangersOf(store, byHand)
  const upkeep = upkeeper(store, byHand, strangers, remove)
  const copy: ObjectStorage['copy'] = (from, to, stated, signal) =>
    store.call(`${from.bucket}/${from.key}`, signal, async (either) => {
      const source = await content(from.bucket, from.key, from.version, either)
      const { contentType, metadata } = source.info
      return consumed(source.body, put(to.bucket, to.key, source.body, { contentType, metadata, ...stated }, either))
    })

  return {
    supports: { versions: true, lacks: [], refusedKeys: [], atomicConditions: true, asciiTags: false, exactDates: true },
    authoritative: true,
    put,
    get,
    head,
    delete: remove.delete,

    list(bucket, listing, callerSignal) {
      return store.call(`bucket ${bucket}`, callerSignal, async (signal) => {
        store.bucket(bucket)
        await strangers.adoptBeforeListing(bucket, listing.prefix ?? '', signal)
        return list(store.bucket(bucket), listing)
      })
    },

    versions(bucket, listing, callerSignal) {
      return store.call(`bucket ${bucket}`, callerSignal, async (signal) => {
        store.bucket(bucket)
        await strangers.adoptBeforeListing(bucket, listing.key ?? listing.prefix ?? '', signal)
        return listVersions(store.bucket(bucket), listing)
      })
    },

    copy,

    restore: (bucket, key, version, signal) =>
      store.call(`${bucket}/${key}`, signal, (either) => {
        refuseMarker(store, bucket, key, version)
        return copy({ bucket, key, version }, { bucket, key }, {}, either)
      }),

    survey: upkeep.survey,
    expire: upkeep.expire,
    close: () => store.close(),
    ...shaper(store),
  }
}

/** A put that is refused never asks for its body, which would stay open. */
async function consumed<T>(body: Bytes, put: Promise<T>): Promise<T> {
  try {
    return await put
  } finally {
    await body[Symbol.asyncIterator]().return?.()
  }
}

function refuseMarker({ bucket, catalogue }: Store, name: string, key: string, version: string): void {
  const found = catalogue.findVersion(bucket(name).id, keyBytes(key), version)
  if (found === undefined || found.file !== null) return
  throw new PortError(
    'invalid',
    `${name}/${key} version ${version} is a delete marker; delete it to undo the deletion, or restore another version`,
  )
}

function open(root: string, { now = Date.now, uuid = v7 }: StorageFsOptions): Store {
  const layout = layoutOf(root)
  let db: Database | undefined
  try {
    db = openDatabase(layout.catalogue, migrations)
    for (const changed of makeDirectory(layout.incoming)) syncDirectorySync(changed)
    const store = openStore(layout, db, now, uuid)
    recover(store)
    return store
  } catch (error) {
    db?.close()
    throw openError(error, layout.catalogue)
  }
}
