/** From the rows that a search found to what a query answers: ties broken by id, ids and metadata read from the file. */

import { compareUtf8 } from '../../../shared/order'
import type { QueryResult } from '../../core/ports/vector-index'
import type { Database } from '../sqlite/database'
import type { LoadedClass } from './memory'
import { parseMetadata } from './metadata'
import type { Hit } from './partition'

/** The first `k` of `hits`, which are sorted by score and hold every object that scores as the k-th. */
export type Answer = (loaded: LoadedClass, tenant: string, hits: readonly Hit[], k: number) => QueryResult['results']

/** Up to so many objects of one score have their ids looked up one by one. */
const few = 1_000

export function answerer(db: Database): Answer {
  const read = db.prepare<[number], readonly [id: string, metadata: string]>('SELECT id, metadata FROM objects WHERE rowid = ?').raw()
  const idOf = db.prepare<[number], string>('SELECT id FROM objects WHERE rowid = ?').pluck()
  // The index over the ids has all of this, in the order of their bytes.
  const byId = db.prepare<[number, string], number>('SELECT rowid FROM objects WHERE class = ? AND tenant = ? ORDER BY id').pluck()

  /** The first `wanted` by id of objects that score the same. */
  function firstById(loaded: LoadedClass, tenant: string, tied: readonly Hit[], wanted: number): readonly Hit[] {
    if (tied.length === 1) return tied
    if (tied.length <= few) {
      const named = tied.map((hit) => ({ hit, id: idOf.get(hit.key) ?? '' }))
      return named
        .sort((a, b) => compareUtf8(a.id, b.id))
        .slice(0, wanted)
        .map(({ hit }) => hit)
    }
    const byKey = new Map(tied.map((hit) => [hit.key, hit]))
    const first: Hit[] = []
    for (const key of byId.iterate(loaded.key, tenant)) {
      const hit = byKey.get(key)
      if (hit !== undefined && first.push(hit) === wanted) break
    }
    return first
  }

  return (loaded, tenant, hits, k) => {
    const ordered: Hit[] = []
    for (let from = 0; from < hits.length && ordered.length < k; ) {
      let end = from + 1
      while (end < hits.length && hits[end]?.score === hits[from]?.score) end++
      ordered.push(...firstById(loaded, tenant, hits.slice(from, end), k - ordered.length))
      from = end
    }
    return ordered.flatMap(({ key, score }) => {
      const row = read.get(key)
      return row === undefined ? [] : [{ id: row[0], score, metadata: parseMetadata(row[1]) }]
    })
  }
}
