/** What an earlier process left in the middle: completed where it was committed, swept up where it was not. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { syncDirectorySync } from '../sqlite/directory'
import type { Arrival, Removal } from './catalogue'
import { moveIntoPlace, removeFile } from './files'
import { isOfThisProcess } from './incoming'
import type { Layout } from './layout'
import type { Store } from './store'

/** Run once, before the first call. What this process itself has under way, in another storage on the same root, is left alone. */
export function recover({ layout, catalogue, db }: Store): void {
  const arrivals = catalogue.arrivals().filter(({ incoming }) => !isOfThisProcess(incoming))
  const arrived = arrivals.filter((arrival) => hasArrived(layout, arrival))
  const removed = catalogue.removals().filter((removal) => isRemoved(layout, removal))
  if (arrived.length + removed.length > 0) {
    db.transaction(() => {
      for (const { incoming } of arrived) catalogue.settle(incoming)
      for (const { id } of removed) catalogue.forgetRemoval(id)
    }).immediate()
  }

  const kept = new Set(catalogue.arrivals().map(({ incoming }) => incoming))
  for (const name of readdirSync(layout.incoming)) {
    if (!kept.has(name) && !isOfThisProcess(name)) rmSync(join(layout.incoming, name), { force: true, recursive: true })
  }
}

/** An object whose file cannot be moved now is read from where it is, and the next start tries again. */
function hasArrived(layout: Layout, arrival: Arrival): boolean {
  // Renamed before the end came. Should it be missing in its place too, reading it is what says so.
  if (!existsSync(join(layout.incoming, arrival.incoming))) return true
  return completed(() => moveIntoPlace(layout, arrival))
}

/** A file that cannot be removed now stays noted, so that it is never taken for a new one, and the next start tries again. */
function isRemoved(layout: Layout, removal: Removal): boolean {
  return completed(() => removeFile(layout, removal))
}

function completed(move: () => readonly string[]): boolean {
  try {
    for (const directory of move()) syncDirectorySync(directory)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return false
  }
}
