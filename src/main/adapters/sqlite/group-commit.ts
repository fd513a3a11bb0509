/**
 * One fsync for all who wait: writes asked for at the same time share a transaction. No timer: the next commit takes all
 * that has gathered while the event loop was busy with the last one.
 */
import { setImmediate } from 'node:timers'
import type { Database } from './database'

export interface GroupCommit {
  /**
   * Run `work` inside the next transaction. Resolves with its value once that transaction is on disk; rejects with what
   * `work` threw (its own writes are undone, its neighbours' are not) or with the failure of the commit itself.
   */
  <T>(work: () => T): Promise<T>
}

interface Waiting {
  readonly work: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

export function groupCommit(db: Database): GroupCommit {
  let waiting: Waiting[] = []

  function flush(): void {
    const batch = waiting
    waiting = []
    const settle: (() => void)[] = []
    try {
      db.transaction(() => {
        for (const { work, resolve, reject } of batch) {
          try {
            // Nested: a savepoint, so that one failure undoes one piece of work.
            const value = db.transaction(work)()
            settle.push(() => resolve(value))
          } catch (error) {
            // A full disk rolls back everything, and SQLite then has no transaction left to go on with.
            if (!db.inTransaction) throw error
            settle.push(() => reject(error))
          }
        }
      })()
    } catch (error) {
      for (const { reject } of batch) reject(error)
      return
    }
    for (const done of settle) done()
  }

  return <T>(work: () => T) =>
    new Promise<T>((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ work, resolve: resolve as (value: unknown) => void, reject })
    })
}
