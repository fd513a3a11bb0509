/** A read-only look at the embedded vector index, which may not exist yet. Planning holds nothing else. */
import type { ClassState, IndexView } from '../../core/ports/vector-index'
import { toPortError, viewDatabase } from '../sqlite/database'
import { classReader } from './classes'
import { indexFile } from './schema'

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
      try {
        const db = view.get()
        if (db === undefined) return new Map<string, ClassState>()
        return new Map([...classReader(db)(classes)].map(([name, { state }]) => [name, state]))
      } catch (error) {
        throw toPortError(error, file)
      }
    },

    async close() {
      view.close()
    },
  }
}
