/** Removing a bucket: its rows in one commit, its directories by the trash. */
import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PortError } from '../../../shared/errors'
import { versionsOf } from './layout'
import type { Store } from './store'
import { emptyTrashAside, noteTrash } from './trash'

const tables = ['objects', 'versions', 'removals', 'tags', 'lifecycle_rules'] as const

/** Without `contents`, a bucket that holds an object, an old version or a file that nobody adopted is refused `precondition-failed`. */
export async function removeBucket(store: Store, bucket: string, contents: boolean, signal: AbortSignal): Promise<void> {
  const { catalogue, db } = store
  await store.commit(() => {
    signal.throwIfAborted()
    const found = catalogue.bucket(bucket)
    if (found === undefined) return
    if (!contents && !isEmpty(store, bucket, found.id)) {
      throw new PortError('precondition-failed', `bucket ${bucket} is not empty`)
    }
    for (const table of tables) db.prepare<[number]>(`DELETE FROM ${table} WHERE bucket = ?`).run(found.id)
    db.prepare<[number]>('DELETE FROM buckets WHERE id = ?').run(found.id)
    for (const directory of [bucket, versionsOf(bucket)]) noteTrash(store, directory, randomUUID())
  })
  await emptyTrashAside(store)
}

function isEmpty({ db, layout }: Store, bucket: string, id: number): boolean {
  const rows = db
    .prepare<[{ id: number }], number>(
      'SELECT (SELECT count(*) FROM objects WHERE bucket = @id) + (SELECT count(*) FROM versions WHERE bucket = @id)',
    )
    .pluck()
    .get({ id })
  return rows === 0 && holdsNoFile(layout.bucket(bucket))
}

/** Directory by directory: a recursive read would follow links, to wherever they lead. */
function holdsNoFile(directory: string): boolean {
  try {
    return readdirSync(directory, { withFileTypes: true }).every((entry) => entry.isDirectory() && holdsNoFile(join(directory, entry.name)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
}
