/**
 * The directories of buckets that were removed. The commit that forgets a bucket notes its directories; they are then renamed into the
 * trash, where no later bucket of that name meets them, and removed from there.
 */
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { wasAllowed } from './files'
import type { Store } from './store'

interface Trash {
  readonly id: number
  readonly directory: string
  readonly name: string
}

/** Inside the commit that forgets the bucket. */
export function noteTrash({ db }: Store, directory: string, name: string): void {
  db.prepare<[string, string]>('INSERT INTO trash (directory, name) VALUES (?, ?)').run(directory, name)
}

/** At a start: rename what is noted, remove it, and forget it. What cannot be removed now stays noted for the next start. */
export function emptyTrash(store: Store): void {
  for (const { id, path } of moveToTrash(store)) {
    if (!wasAllowed(() => rmSync(path, { recursive: true, force: true }))) continue
    forget(store).run(id)
  }
}

/** The same while calls go on: a bucket may hold a great many files, so they are removed off the main thread. */
export async function emptyTrashAside(store: Store): Promise<void> {
  for (const { id, path } of moveToTrash(store)) {
    const [removed] = await Promise.allSettled([rm(path, { recursive: true, force: true })])
    if (removed.status === 'fulfilled') await store.commit(() => void forget(store).run(id))
  }
}

function forget({ db }: Store) {
  return db.prepare<[number]>('DELETE FROM trash WHERE id = ?')
}

/** What lies in the trash now. Synchronous, so that no bucket of the same name is made in between. */
function moveToTrash({ db, layout }: Store): { readonly id: number; readonly path: string }[] {
  const all = db.prepare<[], Trash>('SELECT id, directory, name FROM trash').all()
  if (all.length === 0) return []
  const again = db.prepare<[string], number>('SELECT 1 FROM buckets WHERE name = ?').pluck()
  mkdirSync(layout.trash, { recursive: true })
  return all.flatMap(({ id, directory, name }) => {
    const path = join(layout.trash, name)
    // A bucket that was made anew meanwhile has the directory, and the old one was renamed before.
    const isThere = again.get(directory) !== undefined || wasAllowed(() => moveAway(layout.under(directory), path))
    return isThere ? [{ id, path }] : []
  })
}

function moveAway(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
