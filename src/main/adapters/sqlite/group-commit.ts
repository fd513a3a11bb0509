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

/** What one piece of work in a transaction came to; `reason` is what it threw. */
export type Attempt<T> = { readonly value: T } | { readonly reason: unknown }

/**
 * Inside a transaction, run one piece of work so that its failure undoes it alone. Throws where the whole transaction is lost: a full disk
 * rolls back everything, and SQLite then has none left to go on with.
 */
export function savepoints(db: Database): <T>(work: () => T) => Attempt<T> {
  // Nested in another transaction it is a savepoint.
  const alone = db.transaction((work: () => unknown) => work())
  return <T>(work: () => T) => {
    try {
      return { value: alone(work) as T }
    } catch (error) {
      if (!db.inTransaction) throw error
      return { reason: error }
    }
  }
}

/** Close a store once the writes that were asked for before have had their commit. Where that fails, it is they that are told. */
export async function closeAfterWrites(db: Database, commit: GroupCommit): Promise<void> {
  if (!db.open) return
  await commit(() => undefined).catch(() => undefined)
  db.close()
}

interface Waiting {
  readonly work: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

export function groupCommit(db: Database, check: FileCheck = fileCheck(db)): GroupCommit {
  let waiting: Waiting[] = []
  const attempt = savepoints(db)

  const together = db.transaction((batch: readonly Waiting[]) =>
    batch.map(({ work, resolve, reject }) => {
      const result = attempt(work)
      return 'reason' in result ? () => reject(result.reason) : () => resolve(result.value)
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
