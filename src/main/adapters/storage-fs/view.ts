/** A look at what buckets there are, for planning: it only ever reads, and leaves no trace. */
import { readdir } from 'node:fs/promises'
import { expiredBefore } from '../../../shared/expiry'
import type { LifecycleRule, Policy } from '../../../shared/profile/model'
import type { Amount, BucketQuestion, BucketState, StorageView } from '../../core/ports/object-storage'
import { type Database, toPortError, viewDatabase } from '../sqlite/database'
import { layoutOf } from './layout'
import { afterAllWith } from './list'

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
      return amount(signal, (db) => {
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
      return amount(signal, (db) =>
        db
          .prepare<[{ bucket: string }], Amount>(
            `SELECT count(*) AS count, coalesce(sum(size), 0) AS bytes FROM (
               SELECT size FROM objects WHERE bucket = (SELECT id FROM buckets WHERE name = @bucket)
               UNION ALL SELECT size FROM versions WHERE bucket = (SELECT id FROM buckets WHERE name = @bucket) AND file IS NOT NULL)`,
          )
          .get({ bucket }),
      )
    },

    async close() {
      view.close()
    },
  }

  async function amount(signal: AbortSignal, ask: (db: Database) => Amount | undefined): Promise<Amount> {
    signal.throwIfAborted()
    try {
      const db = view.get()
      return (db === undefined ? undefined : ask(db)) ?? { count: 0, bytes: 0 }
    } catch (error) {
      throw toPortError(error, root)
    }
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
