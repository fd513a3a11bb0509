/** The idempotency keys that each queue has seen, within a window of time and number. */
import type { Database } from '../sqlite/database'

export interface DedupeWindow {
  /** Milliseconds for which a key is remembered. */
  readonly windowMs: number
  /** How many keys each queue remembers at most. */
  readonly keysPerQueue: number
}

export interface Keys {
  /** The digest of the body that came with this key, while the key is remembered. */
  find(queue: number, key: string, now: number): Uint8Array | undefined
  add(queue: number, key: string, digest: Uint8Array, now: number): void
  /** Forget what has left the window, a bounded number of keys in each queue that got new ones. To be called before each commit. */
  prune(now: number): void
}

/** Forgotten at once at least, so that a window that was made smaller is kept in the end. */
const LEAST_PRUNED = 100

export function openKeys(db: Database, { windowMs, keysPerQueue }: DedupeWindow): Keys {
  const find = db.prepare<[number, string], { number: number; digest: Uint8Array; seenAt: number }>(
    'SELECT number, digest, seen_at AS seenAt FROM keys WHERE queue = ? AND key = ?',
  )
  const insert = db.prepare<[number, number, string, Uint8Array, number]>(
    // A key that was forgotten may still have its row.
    'INSERT OR REPLACE INTO keys (queue, number, key, digest, seen_at) VALUES (?, ?, ?, ?, ?)',
  )
  const lastNumber = db.prepare<[number], number | null>('SELECT max(number) FROM keys WHERE queue = ?').pluck()
  const oldest = db.prepare<[number, number], { number: number; seenAt: number }>(
    'SELECT number, seen_at AS seenAt FROM keys WHERE queue = ? ORDER BY number LIMIT ?',
  )
  const dropTo = db.prepare<[number, number]>('DELETE FROM keys WHERE queue = ? AND number <= ?')
  /** The last number given in each queue, and how many were added since the last pruning. */
  const numbers = new Map<number, number>()
  const added = new Map<number, number>()

  const last = (queue: number) => numbers.get(queue) ?? lastNumber.get(queue) ?? 0

  return {
    find(queue, key, now) {
      const found = find.get(queue, key)
      if (found === undefined) return undefined
      return found.seenAt <= now - windowMs || found.number <= last(queue) - keysPerQueue ? undefined : found.digest
    },

    add(queue, key, digest, now) {
      const number = last(queue) + 1
      insert.run(queue, number, key, digest, now)
      numbers.set(queue, number)
      added.set(queue, (added.get(queue) ?? 0) + 1)
    },

    prune(now) {
      for (const [queue, count] of added) {
        let end = 0
        for (const { number, seenAt } of oldest.iterate(queue, 2 * count + LEAST_PRUNED)) {
          if (number > last(queue) - keysPerQueue && seenAt > now - windowMs) break
          end = number
        }
        if (end > 0) dropTo.run(queue, end)
      }
      added.clear()
    },
  }
}
