/** Looking through everything for what hands did, and expiring what is due. Both in slices, so that the event loop stays free. */
import { stat } from 'node:fs/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { expiredBefore } from '../../../shared/expiry'
import type { StorageUpkeep } from '../../core/ports/object-storage'
import type { ByHand } from './by-hand'
import type { ObjectRow } from './catalogue'
import { exists } from './files'
import { afterAllWith, justAfter } from './list'
import { looksUntouched } from './objects'
import type { Remover } from './remove'
import type { Store } from './store'
import { quietly, type Strangers } from './strangers'

const slice = 200
/** Rows that are only looked at cost less. */
const looked = 10 * slice
const namesTold = 100
/** Objects that one call expires at most. */
const expiredAtOnce = 1_000

interface DueRow extends Pick<ObjectRow, 'key' | 'version' | 'size'> {
  readonly bucket: string
}

export function upkeeper(store: Store, byHand: ByHand, strangers: Strangers, remover: Remover): StorageUpkeep {
  const { layout, catalogue, db } = store
  const rules = db.prepare<[], { bucket: string; id: number; prefix: string; days: number }>(
    'SELECT b.name AS bucket, b.id, r.prefix, r.expire_days AS days FROM lifecycle_rules r JOIN buckets b ON b.id = r.bucket ORDER BY b.id, r.id',
  )
  const page = db.prepare<[number, Buffer, Buffer, number], Pick<ObjectRow, 'key' | 'version' | 'size' | 'modified'>>(
    'SELECT key, version, size, modified FROM objects WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?',
  )

  /** What the objects of a bucket say of their files. */
  async function examine(bucket: string, signal: AbortSignal): Promise<{ changed: number; missing: string[] }> {
    let changed = 0
    const missing: string[] = []
    let after: Buffer = Buffer.alloc(0)
    for (;;) {
      const id = catalogue.bucket(bucket)?.id
      const rows = id === undefined ? [] : catalogue.page(id, after, slice)
      const last = rows.at(-1)
      if (last === undefined) return { changed, missing }
      after = last.key
      const states = await Promise.all(rows.map((row) => stateOf(bucket, row)))
      signal.throwIfAborted()
      for (const [i, state] of states.entries()) {
        const key = rows[i]?.key ?? after
        if (state === 'missing') missing.push(`${bucket}/${key.toString()}`)
        if (state === 'changed' && (await quietly(() => byHand.change(bucket, key, signal).then(() => true)))) changed++
      }
    }
  }

  async function stateOf(bucket: string, row: ObjectRow): Promise<'as stored' | 'changed' | 'missing'> {
    // What is on its way in is nobody else's to touch.
    if (row.incoming !== null && exists(layout.arrival(row.incoming))) return 'as stored'
    try {
      const stats = await stat(layout.object(bucket, row.file))
      if (!stats.isFile()) return 'missing'
      return looksUntouched(stats, row) ? 'as stored' : 'changed'
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
      // A put or a delete may have come between.
      const now = catalogue.bucket(bucket)
      return now === undefined || catalogue.find(now.id, row.key)?.version !== row.version ? 'as stored' : 'missing'
    }
  }

  /** What is due, in the order of rules and keys. Looks at a slice of each bucket per turn. */
  async function* due(at: number, signal: AbortSignal): AsyncGenerator<DueRow> {
    for (const { bucket, id, prefix, days } of rules.all()) {
      const before = expiredBefore(at, days)
      const begin = Buffer.from(prefix)
      const end = afterAllWith(begin)
      for (let first: Buffer = begin; ; ) {
        const rows = page.all(id, first, end, looked)
        const last = rows.at(-1)
        for (const { key, version, size, modified } of rows) if (modified <= before) yield { bucket, key, version, size }
        if (last === undefined || rows.length < looked) break
        first = justAfter(last.key)
        await turn()
        signal.throwIfAborted()
      }
    }
  }

  return {
    survey(callerSignal) {
      return store.call(layout.root, callerSignal, async (signal) => {
        let adopted = 0
        let changed = 0
        const missing: string[] = []
        for (const bucket of catalogue.bucketNames()) {
          const examined = await examine(bucket, signal)
          changed += examined.changed
          missing.push(...examined.missing)
          adopted += await strangers.adoptAll(bucket, signal)
        }
        return { adopted, changed, missing: { count: missing.length, names: missing.slice(0, namesTold) } }
      })
    },

    expire(at, callerSignal) {
      return store.call(layout.root, callerSignal, async (signal) => {
        let count = 0
        let bytes = 0
        let group: DueRow[] = []
        const expireGroup = async () => {
          await Promise.all(group.map(({ bucket, key, version }) => remover.expire(bucket, key, version, signal)))
          count += group.length
          bytes += group.reduce((sum, { size }) => sum + size, 0)
          group = []
        }
        for await (const row of due(at, signal)) {
          group.push(row)
          if (group.length === slice) await expireGroup()
          if (count >= expiredAtOnce) return { count, bytes, more: true }
        }
        await expireGroup()
        return { count, bytes, more: false }
      })
    },
  }
}
