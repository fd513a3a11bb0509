/**
 * A little room on the disk that is kept for deleting: noting that an object is gone takes room as well, and on a disk that is full to
 * the last byte nobody could make any.
 */
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { PortError } from '../../../shared/errors'
import { toPortError } from '../sqlite/database'

/** Room for the log of some hundred deletions. */
const reserveBytes = 512 * 1024

/** A disk with less than this left has no room to spare. */
const worthwhileBytes = 16 * 1024 * 1024

export interface Reserve {
  /** Do `work`; where it finds no space, free the reserve and do it once more. */
  spend<T>(work: () => Promise<T>): Promise<T>
}

export function openReserve(file: string): Reserve {
  function keep(): void {
    if (existsSync(file)) return
    try {
      const { bavail, bsize } = statfsSync(dirname(file))
      if (bavail * bsize < worthwhileBytes) return
      writeFileSync(file, Buffer.alloc(reserveBytes), { flag: 'wx' })
    } catch {
      // No room for it now, or none of ours to write: the next deletion tries again.
      rmSync(file, { force: true })
    }
  }

  keep()
  return {
    async spend(work) {
      try {
        return await work()
      } catch (error) {
        const cause = toPortError(error, file)
        if (!(cause instanceof PortError) || cause.code !== 'no-space' || !existsSync(file)) throw error
      }
      rmSync(file, { force: true })
      try {
        return await work()
      } finally {
        keep()
      }
    },
  }
}
