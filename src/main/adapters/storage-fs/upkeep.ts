/** Looking through everything for what hands did, and expiring what is due. Both in slices, so that the event loop stays free. */
import { opendir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { PortError } from '../../../shared/errors'
import { expiredBefore } from '../../../shared/expiry'
import type { StorageUpkeep } from '../../core/ports/object-storage'
import type { ByHand } from './by-hand'
import type { ObjectRow } from './catalogue'
import { exists } from './files'
import { foldPath } from './key-path'
import { afterAllWith } from './list'
import { looksUntouched } from './objects'
import type { Remover } from './remove'
import type { Store } from './store'

const slice = 200
const namesTold = 100
/** Objects that one call expires at most. */
const expiredAtOnce = 1_000
/** Entries of a directory that a listing looks at before it leaves the rest to the next survey. */
const listingLooks = 10_000
const listingEveryMs = 2_000

export interface Upkeep extends StorageUpkeep {
  /** Adopt what was dropped into a bucket, for a listing: not more often than every two seconds, and not more than some thousand entries of it. */
  beforeListing(bucket: string, signal: AbortSignal): Promise<void>
}

interface DueRow extends Pick<ObjectRow, 'key' | 'version' | 'size'> {
  readonly bucket: string
}

export function upkeeper(store: Store, byHand: ByHand, remover: Remover): Upkeep {
  const { layout, catalogue, db } = store
  const looked = new Map<string, number>()
  const rules = db.prepare<[], { bucket: string; id: number; prefix: string; days: number }>(
    'SELECT b.name AS bucket, b.id, r.prefix, r.expire_days AS days FROM lifecycle_rules r JOIN buckets b ON b.id = r.bucket ORDER BY b.id, r.id',
  )
  const page = db.prepare<[number, Buffer, Buffer, number], Pick<ObjectRow, 'key' | 'version' | 'size' | 'modified'>>(
    'SELECT key, version, size, modified FROM objects WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?',
  )

  /** Every plain file below a bucket's directory that no object has, until `budget` entries were looked at. */
  async function* strangers(bucket: string, budget: number): AsyncGenerator<string> {
    const top = layout.bucket(bucket)
    const waiting = [top]
    let left = budget
    for (let directory = waiting.pop(); directory !== undefined && left > 0; directory = waiting.pop()) {
      for await (const entry of await openQuietly(directory)) {
        if (--left < 0) return
        const path = join(directory, entry.name)
        if (entry.isDirectory()) waiting.push(path)
        else if (entry.isFile()) {
          const file = relative(top, path).split(sep).join('/')
          const id = catalogue.bucket(bucket)?.id
          if (id !== undefined && catalogue.findByFile(id, file, foldPath(file)) === undefined) yield file
        }
      }
    }
  }

  async function adoptIn(bucket: string, budget: number, signal: AbortSignal): Promise<number> {
    let adopted = 0
    for await (const file of strangers(bucket, budget)) {
      signal.throwIfAborted()
      if (await quietly(() => byHand.adoptFile(bucket, file, signal))) adopted++
    }
    return adopted
  }

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
      for (let first = begin; ; ) {
        const rows = page.all(id, first, end, slice * 10)
        const last = rows.at(-1)
        for (const { key, version, size, modified } of rows) if (modified <= before) yield { bucket, key, version, size }
        if (last === undefined || rows.length < slice * 10) break
        first = Buffer.concat([last.key, Buffer.alloc(1)])
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
          adopted += await adoptIn(bucket, Number.POSITIVE_INFINITY, signal)
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

    async beforeListing(bucket, signal) {
      const now = store.now()
      const last = looked.get(bucket) ?? Number.NEGATIVE_INFINITY
      if (now - last < listingEveryMs && now >= last) return
      looked.set(bucket, now)
      await adoptIn(bucket, listingLooks, signal)
    },
  }
}

/** A directory that is gone by now, or that this user may not look into, holds nothing for us. */
async function openQuietly(directory: string) {
  try {
    return await opendir(directory)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'EPERM') return []
    throw error
  }
}

/** One file that is being written, or that cannot be read, does not keep the others from being looked at. */
async function quietly(work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work()
  } catch (error) {
    const code = error instanceof PortError ? error.code : (error as NodeJS.ErrnoException).code
    if (code === 'unavailable' || code === 'incompatible' || code === 'EACCES' || code === 'EPERM' || code === 'ENOENT') return false
    throw error
  }
}
