/** A look at what buckets there are, for planning: it only ever reads, and leaves no trace. */
import { readdir } from 'node:fs/promises'
import { expiredBefore } from '../../../shared/expiry'
import type { LifecycleRule, Policy } from '../../../shared/profile/model'
import { type Amount, type BucketQuestion, type BucketState, nothing, type StorageView } from '../../core/ports/object-storage'
import { type Database, lookAt, toPortError, versionOf, viewDatabase } from '../sqlite/database'
import { holdsAny } from '../sqlite/holds-any'
import { layoutOf } from './layout'
import { afterAllWith } from './list'

/** Whether any object was ever left in `root`. Throws a `UserError` where that cannot be told. */
export function holdsObjects(root: string): boolean {
  return holdsAny(layoutOf(root).catalogue, ['objects'])
}

/**
 * Look at the storage in `root`. One that does not exist holds no buckets, and is not made by looking. The cost is one listing
 * of `root` and a few statements, however many buckets there are.
 * A catalogue that cannot be opened rejects with a `PortError` that says what `openStorageFs` would.
 */
export function viewStorageFs(root: string): StorageView {
  const view = viewDatabase(layoutOf(root).catalogue)

  return {
    async describe(questions, signal) {
      signal.throwIfAborted()
      try {
        const directories = await directoriesIn(root)
        const db = view.get()
        if (db === undefined) return new Map<string, BucketState>()
        const here = questions.filter(({ name }) => directories.has(name))
        return db.transaction(() => describe(db, here))()
      } catch (error) {
        throw toPortError(error, root)
      }
    },

    async expirable(bucket, { prefix, expireDays }, at, signal) {
      signal.throwIfAborted()
      return amount((db) => {
        const first = Buffer.from(prefix)
        return db
          .prepare<[string, Buffer, Buffer, number], Amount>(
            `SELECT count(*) AS count, coalesce(sum(size), 0) AS bytes FROM objects
             WHERE bucket = (SELECT id FROM buckets WHERE name = ?) AND key >= ? AND key < ? AND modified <= ?`,
          )
          .get(bucket, first, afterAllWith(first), expiredBefore(at, expireDays))
      })
    },

    async contents(bucket, signal) {
      signal.throwIfAborted()
      return amount((db) => {
        const newest = 'SELECT bucket, size FROM objects'
        // A catalogue that no later version has opened yet knows none but the newest.
        const all = versionOf(db) < 2 ? newest : `${newest} UNION ALL SELECT bucket, size FROM versions WHERE file IS NOT NULL`
        return db
          .prepare<[string], Amount>(
            `SELECT count(*) AS count, coalesce(sum(size), 0) AS bytes FROM (${all}) WHERE bucket = (SELECT id FROM buckets WHERE name = ?)`,
          )
          .get(bucket)
      })
    },

    async close() {
      view.close()
    },
  }

  function amount(ask: (db: Database) => Amount | undefined): Promise<Amount> {
    return lookAt(view.get, root, nothing, (db) => ask(db) ?? nothing)
  }
}

async function directoriesIn(root: string): Promise<ReadonlySet<string>> {
  try {
    const entries = await readdir(root, { withFileTypes: true })
    return new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set()
    throw error
  }
}

interface BucketRow {
  readonly name: string
  readonly versioning: number
  readonly policy: string | null
}

const asked = 'FROM json_each(?) AS asked JOIN buckets AS b ON b.name = asked.value'

function describe(db: Database, questions: readonly BucketQuestion[]): Map<string, BucketState> {
  const names = (wanted: (question: BucketQuestion) => boolean) => JSON.stringify(questions.filter(wanted).map(({ name }) => name))
  const buckets = new Map(
    db
      .prepare<[string], BucketRow>(`SELECT b.name, b.versioning, b.policy ${asked}`)
      .all(names(() => true))
      .map((row) => [row.name, row]),
  )
  const rules = Map.groupBy(
    db
      .prepare<[string], LifecycleRule & { bucket: string }>(
        `SELECT b.name AS bucket, r.id, r.prefix, r.expire_days AS expireDays ${asked} JOIN lifecycle_rules AS r ON r.bucket = b.id ORDER BY b.id, r.id`,
      )
      .all(names(({ lifecycle }) => lifecycle)),
    ({ bucket }) => bucket,
  )
  const tags = Map.groupBy(
    db
      .prepare<[string], { bucket: string; key: string; value: string }>(
        `SELECT b.name AS bucket, t.key, t.value ${asked} JOIN tags AS t ON t.bucket = b.id ORDER BY b.id, t.key`,
      )
      .all(names((question) => question.tags)),
    ({ bucket }) => bucket,
  )

  const states = new Map<string, BucketState>()
  for (const question of questions) {
    const row = buckets.get(question.name)
    if (row === undefined) continue
    states.set(question.name, {
      name: question.name,
      ...(question.versioning && { versioning: row.versioning === 1 }),
      ...(question.lifecycle && {
        lifecycle: (rules.get(row.name) ?? []).map(({ id, prefix, expireDays }) => ({ id, prefix, expireDays })),
      }),
      ...(question.tags && { tags: Object.fromEntries((tags.get(row.name) ?? []).map(({ key, value }) => [key, value])) }),
      ...(question.policy && { policy: policyOf(row) }),
    })
  }
  return states
}

function policyOf({ policy }: BucketRow): Policy | null {
  return policy === null ? null : (JSON.parse(policy) as Policy)
}
