/** What an earlier process left in the middle: completed where it was committed, swept up where it was not. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { syncDirectorySync } from '../sqlite/directory'
import { type Arrival, isKept, type Removal, type VersionRow } from './catalogue'
import { exists, moveAside, moveIntoPlace, placeOfVersion, removeFile, wasAllowed } from './files'
import { isOfThisProcess } from './incoming'
import type { Layout } from './layout'
import type { Store } from './store'
import { emptyTrash } from './trash'

/** Run once, before the first call. What this process itself has under way, in another storage on the same root, is left alone. */
export function recover(store: Store): void {
  const { layout, catalogue, db } = store
  // Old versions first: the place of one may be where a newer one is to arrive.
  const aside = catalogue.moving().filter((version) => isAside(layout, version))
  const arrivals = catalogue.arrivals().filter(({ incoming }) => !isOfThisProcess(incoming))
  const arrived = arrivals.filter((arrival) => hasArrived(layout, arrival))
  const removed = catalogue.removals().filter((removal) => isRemoved(layout, removal))
  if (aside.length + arrived.length + removed.length > 0) {
    const settleAside = db.prepare<[number]>('UPDATE versions SET coming_from = NULL WHERE id = ?')
    db.transaction(() => {
      for (const { id } of aside) settleAside.run(id)
      for (const { incoming } of arrived) catalogue.settle(incoming)
      for (const { id } of removed) catalogue.forgetRemoval(id)
    }).immediate()
  }
  emptyTrash(store)

  const kept = new Set([
    ...catalogue.arrivals().map(({ incoming }) => layout.arrival(incoming)),
    // An old version that could not be moved to its place may never have been anywhere else.
    ...catalogue.moving().map(({ comingFrom }) => layout.under(comingFrom ?? '')),
  ])
  for (const name of readdirSync(layout.incoming)) {
    const path = join(layout.incoming, name)
    if (!kept.has(path) && !isOfThisProcess(name)) rmSync(path, { force: true, recursive: true })
  }
}

/** What lies where the old version came from is moved only if it is that version: a newer one may have arrived there since. */
function isAside(layout: Layout, version: VersionRow): boolean {
  return !isKept(version) || placeOfVersion(layout, version) === version.file || completed(() => moveAside(layout, version))
}

/** An object whose file cannot be moved now is read from where it is, and the next start tries again. */
function hasArrived(layout: Layout, arrival: Arrival): boolean {
  // Renamed before the end came. Should it be missing in its place too, reading it is what says so.
  if (!exists(layout.arrival(arrival.incoming))) return true
  return completed(() => moveIntoPlace(layout, arrival))
}

/** A file that cannot be removed now stays noted, so that it is never taken for a new one, and the next start tries again. */
function isRemoved(layout: Layout, removal: Removal): boolean {
  return completed(() => removeFile(layout, removal))
}

function completed(move: () => readonly string[]): boolean {
  return wasAllowed(() => {
    for (const directory of move()) syncDirectorySync(directory)
  })
}
