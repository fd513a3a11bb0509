/** A read-only look at the embedded vector index, which may not exist yet. Planning holds nothing else. */
import { type Amount, nothing } from '../../core/ports/object-storage'
import type { ClassState, IndexView } from '../../core/ports/vector-index'
import { lookAt, viewDatabase } from '../sqlite/database'
import { holdsAny } from '../sqlite/holds-any'
import { classReader } from './classes'
import { indexFile } from './schema'

/** Whether any object was ever left there. Throws a `UserError` where that cannot be told. */
export function holdsVectors(directory: string): boolean {
  return holdsAny(indexFile(directory), ['objects'])
}

/**
 * Look at the index kept in `directory`. Where there is none, everything is absent and nothing is created.
 * A file that cannot be opened rejects with a `PortError` that says what `openIndexMem` would.
 */
export function viewIndexMem(directory: string): IndexView {
  const file = indexFile(directory)
  const view = viewDatabase(file)

  return {
    async describe(classes, signal) {
      signal.throwIfAborted()
      return lookAt(
        view.get,
        file,
        new Map<string, ClassState>(),
        (db) => new Map([...classReader(db)(classes)].map(([name, { state }]) => [name, state])),
      )
    },

    async contents(className, tenant, signal) {
      signal.throwIfAborted()
      return lookAt(view.get, file, nothing, (db) => {
        const amount = db
          .prepare<[{ name: string; tenant: string | null }], Amount>(
            `SELECT count(*) AS count, coalesce(sum(length(vector) + length(metadata)), 0) AS bytes FROM objects
             WHERE class = (SELECT id FROM classes WHERE name = @name) AND (@tenant IS NULL OR tenant = @tenant)`,
          )
          .get({ name: className, tenant: tenant ?? null })
        return amount ?? nothing
      })
    },

    async close() {
      view.close()
    },
  }
}
