/**
 * The embedded object storage: a directory per bucket, with plain files that a person can open, and a catalogue in SQLite beside
 * them. One process at a time may have it open; the lock of the data directory sees to that.
 *
 * A put is written to a file aside, synced, committed to the catalogue and renamed into its place; a reader sees the old object or
 * the new one. Listings come from the catalogue alone. A file that was removed or changed by hand is an error that names it.
 */
import { PortError } from '../../../shared/errors'
import type { ObjectStorage, StorageShaper } from '../../core/ports/object-storage'
import { type Database, openDatabase, openError } from '../sqlite/database'
import { makeDirectory, syncDirectorySync } from '../sqlite/directory'
import { layoutOf } from './layout'
import { lister } from './list'
import { reader } from './read'
import { recover } from './recover'
import { migrations } from './schema'
import { shaper } from './shape'
import { openStore, type Store } from './store'
import { writer } from './write'

/**
 * Open the storage in `root`, creating what is missing, and complete what a crash interrupted. `now` (milliseconds since the epoch)
 * dates objects and buckets, and nothing else. The body of a `get` holds its file open until it was read, its iteration was ended,
 * or the signal of that `get` aborts.
 * Throws a `UserError` where the catalogue cannot be opened or is damaged.
 */
export function openStorageFs(root: string, options: { readonly now?: () => number } = {}): ObjectStorage & StorageShaper {
  const store = open(root, options.now ?? Date.now)
  const list = lister(store.db)
  const { get, head } = reader(store)
  const { put, delete: remove } = writer(store)

  return {
    supports: { versions: false },
    authoritative: true,
    put,
    get,
    head,
    delete: remove,

    list(bucket, options, signal) {
      return store.call(`bucket ${bucket}`, signal, () => list(store.bucket(bucket), options))
    },

    async copy(from, to, signal) {
      const { info, body } = await get(from.bucket, from.key, {}, signal)
      try {
        return await put(to.bucket, to.key, body, { contentType: info.contentType, metadata: info.metadata }, signal)
      } finally {
        // A put that is refused never asks for its body, which would stay open.
        await body[Symbol.asyncIterator]().return?.()
      }
    },

    async versions(bucket, key) {
      throw new PortError('unsupported', `${bucket}/${key}: this storage keeps no versions`)
    },
    async restore(bucket, key, version) {
      throw new PortError('unsupported', `${bucket}/${key} version ${version}: this storage keeps no versions`)
    },

    close: () => store.close(),
    ...shaper(store),
  }
}

function open(root: string, now: () => number): Store {
  const layout = layoutOf(root)
  let db: Database | undefined
  try {
    db = openDatabase(layout.catalogue, migrations)
    for (const changed of makeDirectory(layout.incoming)) syncDirectorySync(changed)
    const store = openStore(layout, db, now)
    recover(store)
    return store
  } catch (error) {
    db?.close()
    throw openError(error, layout.catalogue)
  }
}
