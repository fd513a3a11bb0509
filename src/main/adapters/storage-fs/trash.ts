/**
 * The directories of buckets that were removed. The commit that forgets a bucket notes its directories; they are then renamed into the
 * trash, where no later bucket of that name meets them, and removed from there.
 */
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
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

/** Rename what is noted, remove it, and forget it. What cannot be removed now stays noted for the next start. */
export function emptyTrash({ db, layout }: Store): void {
  const all = db.prepare<[], Trash>('SELECT id, directory, name FROM trash').all()
  if (all.length === 0) return
  const forget = db.prepare<[number]>('DELETE FROM trash WHERE id = ?')
  const again = db.prepare<[string], number>('SELECT 1 FROM buckets WHERE name = ?').pluck()
  mkdirSync(layout.trash, { recursive: true })
  for (const { id, directory, name } of all) {
    try {
      // A bucket that was made anew meanwhile has the directory, and the old one was renamed before.
      if (again.get(directory) === undefined) moveAway(layout.under(directory), join(layout.trash, name))
      rmSync(join(layout.trash, name), { recursive: true, force: true })
      forget.run(id)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    }
  }
}

function moveAway(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
