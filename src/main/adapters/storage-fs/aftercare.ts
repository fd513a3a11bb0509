/**
 * What no caller needs to wait for. Once a put is committed and renamed, a crash can no longer lose it; that the rename itself is on
 * disk only spares the next start some work. So directories are synced in the background, each once for all who changed it
 * meanwhile, and what is to be noted of it rides on the next commit, whatever that one is for.
 */
import { syncDirectory } from '../sqlite/directory'
import type { GroupCommit } from '../sqlite/group-commit'

export interface Aftercare {
  /** Once these directories are synced, do `tidy` as a part of the next commit. */
  add(changed: readonly string[], tidy: () => void): void
  /** A commit that does first what is due, because the work may want what tidying frees. */
  readonly commit: GroupCommit
  /** Sync now what waits for it; what is to be noted of it comes before the work of the next commit. */
  sync(): Promise<void>
  /** Do all of it now. Rejects where the catalogue cannot be written: nothing is lost then, the next start does it. */
  finish(): Promise<void>
}

const syncAfterMs = 200

interface Task {
  readonly changed: readonly string[]
  readonly tidy: () => void
}

export function aftercare(commit: GroupCommit): Aftercare {
  let unsynced: Task[] = []
  let due: Task[] = []
  let syncing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  async function syncAll(): Promise<void> {
    while (unsynced.length > 0) {
      const batch = unsynced
      unsynced = []
      const directories = new Set(batch.flatMap(({ changed }) => changed))
      const results = await Promise.allSettled([...directories].map(syncDirectory))
      // Where a directory cannot be synced, its puts stay noted as unfinished, and the next start looks after them.
      if (results.every(({ status }) => status === 'fulfilled')) due.push(...batch)
    }
    syncing = undefined
  }

  function sync(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    syncing ??= syncAll()
    return syncing
  }

  async function tidyUp(): Promise<void> {
    const tasks = due
    due = []
    try {
      await commit(() => {
        for (const { tidy } of tasks) tidy()
      })
    } catch (error) {
      due.unshift(...tasks)
      throw error
    }
  }

  return {
    add(changed, tidy) {
      const task = { changed, tidy }
      if (changed.length === 0) {
        due.push(task)
        return
      }
      unsynced.push(task)
      // Not now, when the next put wants the disk: one sync then does for all that came meanwhile.
      timer ??= setTimeout(sync, syncAfterMs).unref()
    },

    commit(work) {
      // Where it fails it stays due, and finishing is where that is told.
      if (due.length > 0) tidyUp().catch(() => undefined)
      return commit(work)
    },

    sync,

    async finish() {
      await sync()
      if (due.length > 0) await tidyUp()
    },
  }
}
