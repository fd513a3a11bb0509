/** What the parts of one open storage share: the catalogue, its commits, and the calls under way. */
import { PortError } from '../../../shared/errors'
import { type KeyLock, keyLock } from '../../core/key-lock'
import { type Database, type FileCheck, fileCheck, toPortError } from '../sqlite/database'
import { type GroupCommit, groupCommit } from '../sqlite/group-commit'
import { type Aftercare, aftercare } from './aftercare'
import { type BucketRow, type Catalogue, openCatalogue } from './catalogue'
import { isDirectory, type Layout } from './layout'

export interface Store {
  readonly layout: Layout
  readonly db: Database
  readonly catalogue: Catalogue
  /** Milliseconds since the epoch, for time stamps only. */
  readonly now: () => number
  /** A version id, never the same twice. */
  readonly versionId: () => string
  /** What changes a key, one after the other. */
  readonly locked: KeyLock
  readonly commit: GroupCommit
  /** Each commit asks it; what touches files before its commit asks as well. */
  readonly file: FileCheck
  /** Sync directories and tidy up, when it costs least. What a crash leaves undone, the next start does. */
  readonly afterwards: Aftercare['add']
  /**
   * To be awaited, under the key's lock, before a commit that makes an old version of an object that was put a moment ago: its rename is
   * not on disk yet, and only the row of a newest version says where else a power cut may have left its file.
   */
  steady(bucket: string, key: Buffer): Promise<void>
  /** A bucket that is really there, row and directory; else it throws `not-found`. */
  bucket(name: string): BucketRow
  /** Run one call of the port: its failures become `PortError`s that name the resource, and `close` stops it. */
  call<T>(resource: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T> | T): Promise<T>
  /** Stop what is under way, wait for it, then close the catalogue. */
  close(): Promise<void>
}

export function openStore(layout: Layout, db: Database, now: () => number, versionId: () => string): Store {
  const catalogue = openCatalogue(db)
  const closing = new AbortController()
  const running = new Set<Promise<unknown>>()
  const file = fileCheck(db)
  const care = aftercare(groupCommit(db, file))

  async function close(): Promise<void> {
    closing.abort(new PortError('unavailable', `the storage in ${layout.root} was closed`))
    await Promise.allSettled(running)
    try {
      await care.finish()
    } catch (error) {
      // A catalogue that was removed takes with it all that there was to note.
      if (file.stands()) throw toPortError(error, layout.catalogue)
    } finally {
      db.close()
    }
  }
  let closed: Promise<void> | undefined

  return {
    layout,
    db,
    catalogue,
    now,
    versionId,
    locked: keyLock(),
    commit: care.commit,
    file,
    afterwards: care.add,

    async steady(name, key) {
      const found = catalogue.bucket(name)
      if (found?.versioning === 1 && catalogue.find(found.id, key)?.incoming != null) await care.sync()
    },

    bucket(name) {
      const found = catalogue.bucket(name)
      if (found === undefined) throw new PortError('not-found', `bucket ${name} does not exist`)
      if (isDirectory(layout.bucket(name))) return found
      throw new PortError('not-found', `bucket ${name} has no directory any more: ${layout.bucket(name)} was removed by hand`)
    },

    async call(resource, signal, work) {
      const either = AbortSignal.any([signal, closing.signal])
      const run = (async () => {
        either.throwIfAborted()
        return work(either)
      })()
      running.add(run)
      try {
        return await run
      } catch (error) {
        throw either.aborted && error === either.reason ? error : toPortError(error, resource)
      } finally {
        running.delete(run)
      }
    },

    close() {
      closed ??= close()
      return closed
    },
  }
}
