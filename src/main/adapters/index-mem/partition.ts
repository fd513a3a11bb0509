/** The objects of one class and tenant in memory: their vectors in one matrix, searched from end to end. */
import type { Metadata, QueryResult } from '../../core/ports/vector-index'
import type { Predicate } from './filter'
import { nearest } from './nearest'
import type { Scorer } from './score'

export interface Partition {
  /** Add an object, or replace the one with this id. The vector is copied. */
  set(id: string, vector: Float32Array, metadata: Metadata): void
  remove(id: string): void
  /** How many vectors it holds, and about how much memory it takes. */
  size(): { readonly vectors: number; readonly bytes: number }
  /** The `k` best of the objects that `matches` accepts, best first. */
  search(k: number, score: Scorer, matches: Predicate | undefined): QueryResult['results']
}

/** An id, its place in the map and a small object of metadata, as V8 keeps them: an estimate, since it does not say. */
const bytesBesides = 300

/** An empty partition for vectors of length `dimension`, with room for `expected` of them. */
export function partition(dimension: number, expected: number): Partition {
  let matrix = new Float32Array(Math.max(expected, 8) * dimension)
  // Side by side with the matrix's rows. A removed row is filled with the last one, so there are no gaps.
  const ids: string[] = []
  const metadatas: Metadata[] = []
  const rowOf = new Map<string, number>()

  function grow(): void {
    const wider = new Float32Array(matrix.length * 2)
    wider.set(matrix)
    matrix = wider
  }

  return {
    set(id, vector, metadata) {
      const row = rowOf.get(id) ?? ids.length
      if ((row + 1) * dimension > matrix.length) grow()
      matrix.set(vector, row * dimension)
      ids[row] = id
      metadatas[row] = metadata
      rowOf.set(id, row)
    },
    remove(id) {
      const row = rowOf.get(id)
      if (row === undefined) return
      rowOf.delete(id)
      const last = ids.length - 1
      const lastId = ids.pop()
      const lastMetadata = metadatas.pop()
      if (row === last || lastId === undefined || lastMetadata === undefined) return
      matrix.copyWithin(row * dimension, last * dimension, (last + 1) * dimension)
      ids[row] = lastId
      metadatas[row] = lastMetadata
      rowOf.set(lastId, row)
    },
    size: () => ({ vectors: ids.length, bytes: matrix.byteLength + ids.length * bytesBesides }),
    search(k, score, matches) {
      const best = nearest(k)
      for (let row = 0; row < ids.length; row++) {
        if (matches === undefined || matches(metadatas[row] as Metadata))
          best.offer(ids[row] as string, row, score(matrix, row * dimension))
      }
      return best.ranked().map((candidate) => ({
        id: candidate.id,
        score: candidate.score,
        metadata: metadatas[candidate.row] as Metadata,
      }))
    },
  }
}
