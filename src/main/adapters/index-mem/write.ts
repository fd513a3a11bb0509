/** Writes to the file, and what memory makes of their end. */
import { PortError } from '../../../shared/errors'
import { toPortError } from '../sqlite/database'
import type { GroupCommit } from '../sqlite/group-commit'
import type { Memory } from './memory'

/**
 * Run `work` inside the next shared transaction and resolve once it is on disk. `work` may change memory along with the file,
 * since nothing else runs before the commit; where it refuses with a `PortError`, it has changed neither.
 */
export type Write = <T>(resource: string, signal: AbortSignal, work: () => T) => Promise<T>

export function writer(commit: GroupCommit, memory: Memory): Write {
  return async (resource, signal, work) => {
    signal.throwIfAborted()
    try {
      return await commit(() => {
        signal.throwIfAborted()
        return work()
      })
    } catch (error) {
      if (signal.aborted && error === signal.reason) throw error
      // The file was rolled back; what memory took over from this work was not.
      if (!(error instanceof PortError)) memory.forgetAll()
      throw toPortError(error, resource)
    }
  }
}
