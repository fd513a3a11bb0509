/**
 * One fsync for all who wait: writes asked for at the same time share a transaction. No timer: the next commit takes all
 * that has gathered while the event loop was busy with the last one.
 */
import { setImmediate } from 'node:timers'
import { type Database, type FileCheck, fileCheck } from './database'

/**
 * Run `work`, which must not be async, inside the next transaction, in the order in which it was asked for. Resolves with its
 * value once that transaction is on disk; rejects with what `work` threw (its own writes are undone, its neighbours' are not)
 * or with the failure of the commit itself. Where the file is no longer the one that was opened, nothing is run at all.
 */
export type GroupCommit = <T>(work: () => T) => Promise<T>

interface Waiting {
  readonly work: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

export function groupCommit(db: Database, check: FileCheck = fileCheck(db)): GroupCommit {
  let waiting: Waiting[] = []
  // Nested in the transaction below it is a savepoint, so that one failure undoes one piece of work.
  const alone = db.transaction((work: () => unknown) => work())

  const together = db.transaction((batch: readonly Waiting[]) =>
    batch.map(({ work, resolve, reject }) => {
      try {
        const value = alone(work)
        return () => resolve(value)
      } catch (error) {
        // A full disk rolls back everything, and SQLite then has no transaction left to go on with.
        if (!db.inTransaction) throw error
        return () => reject(error)
      }
    }),
  )

  function flush(): void {
    const batch = waiting
    waiting = []
    let settle: readonly (() => void)[]
    try {
      check.require()
      // Immediate: a work that reads before it writes must not find that another connection wrote in between.
      settle = together.immediate(batch)
    } catch (error) {
      settle = batch.map(
        ({ reject }) =>
          () =>
            reject(error),
      )
    }
    for (const done of settle) done()
  }

  return <T>(work: () => T) =>
    new Promise<T>((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ work, resolve: resolve as (value: unknown) => void, reject })
    })
}
