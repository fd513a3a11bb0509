/** The objects of one class and tenant in memory: their vectors in segments of rows, side by side with ids and metadata. */
import type { Metadata, QueryResult } from '../../core/ports/vector-index'
import type { Predicate } from './filter'
import { type Matrix, matrix, queryOf } from './matrix'
import { parseMetadata } from './metadata'
import { nearest } from './nearest'
import { type Distance, scorer } from './score'
import { threshold } from './threshold'

export interface Partition {
  /** Add an object, or replace the one with this id. The vector is copied; the metadata, as JSON, is taken apart when it is first asked for. */
  set(id: string, vector: Float32Array, metadata: string): void
  remove(id: string): void
  /** How many vectors it holds, and about how much memory it takes. */
  size(): { readonly vectors: number; readonly bytes: number }
  /** The `k` best of the objects that `matches` accepts, best first. */
  search(k: number, distance: Distance, query: Float32Array, matches: Predicate | undefined): QueryResult['results']
}

export interface PartitionOptions {
  /** Rows of one segment at most. */
  readonly segmentRows?: number
  /** Vectors from which an int8 copy is scanned first. Measured: below, the second look costs what the first one saves. */
  readonly quickFrom?: number
}

const defaults: Required<PartitionOptions> = { segmentRows: 16_384, quickFrom: 20_000 }

/** An id, its place in the map and a small object of metadata, as V8 keeps them: an estimate, since it does not say. */
const bytesBesides = 300

/** Where a filter leaves at most this part, those rows are scored one by one instead of all being scanned. */
const fewMatches = 0.1

/** An empty partition for vectors of length `dimension`, with room for `expected` of them. */
export function partition(dimension: number, expected: number, options: PartitionOptions = {}): Partition {
  const { segmentRows, quickFrom } = { ...defaults, ...options }
  const segments: Matrix[] = []
  // A removed row is filled with the last one, so there are no gaps.
  const ids: string[] = []
  const metadatas: (string | Metadata)[] = []
  const rowOf = new Map<string, number>()

  function segmentOf(row: number): { readonly segment: Matrix; readonly at: number } {
    const first = segments[0]
    const index = first === undefined ? 0 : Math.floor(row / first.capacity)
    let segment = segments[index]
    if (segment === undefined) {
      segment = matrix(dimension, expected - row, segmentRows)
      segments.push(segment)
    }
    return { segment, at: row - index * segment.capacity }
  }

  /** Score one by one what the filter left. */
  function gather(rows: readonly number[], k: number, distance: Distance, query: Float32Array): QueryResult['results'] {
    const score = scorer(distance, query)
    const best = nearest(k)
    for (const row of rows) {
      const { segment, at } = segmentOf(row)
      best.offer(ids[row] as string, row, score(segment.floats(), at * segment.stride))
    }
    return results(best)
  }

  function results(best: ReturnType<typeof nearest>): QueryResult['results'] {
    return best.ranked().map(({ id, score, row }) => ({ id, score, metadata: metadataAt(row) }))
  }

  function metadataAt(row: number): Metadata {
    const found = metadatas[row] as string | Metadata
    if (typeof found !== 'string') return found
    const parsed = parseMetadata(found)
    metadatas[row] = parsed
    return parsed
  }

  function rowsThat(matches: Predicate): number[] {
    const rows: number[] = []
    for (let row = 0; row < metadatas.length; row++) if (matches(metadataAt(row))) rows.push(row)
    return rows
  }

  return {
    set(id, vector, metadata) {
      const row = rowOf.get(id) ?? ids.length
      const { segment, at } = segmentOf(row)
      segment.set(at, vector)
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
      const from = segmentOf(last)
      if (row !== last && lastId !== undefined && lastMetadata !== undefined) {
        const to = segmentOf(row)
        if (to.segment === from.segment) to.segment.copy(from.at, to.at)
        else to.segment.set(to.at, from.segment.floats().slice(from.at * from.segment.stride, from.at * from.segment.stride + dimension))
        ids[row] = lastId
        metadatas[row] = lastMetadata
        rowOf.set(lastId, row)
      }
      from.segment.truncate(from.at)
    },
    size: () => ({ vectors: ids.length, bytes: segments.reduce((sum, segment) => sum + segment.bytes(), 0) + ids.length * bytesBesides }),
    search(k, distance, query, matches) {
      const matching = matches === undefined ? undefined : rowsThat(matches)
      if (matching !== undefined && matching.length <= ids.length * fewMatches) return gather(matching, k, distance, query)
      const wanted = matching === undefined ? undefined : new Uint8Array(ids.length)
      for (const row of matching ?? []) if (wanted !== undefined) wanted[row] = 1

      const asked = queryOf(query)
      const quick = ids.length >= quickFrom
      const sure = threshold(Math.min(k, Math.max(1, ids.length)))
      const scans = segments.map((segment, index) => {
        const first = index * segment.capacity
        const offer =
          wanted === undefined
            ? (_: number, lower: number) => sure.offer(lower)
            : (at: number, lower: number) => {
                if (wanted[first + at] === 1) sure.offer(lower)
              }
        return { segment, first, ...segment.scan(asked, distance, quick, offer) }
      })
      const least = sure.value()
      const score = scorer(distance, query)
      const best = nearest(k)
      for (const { segment, upper, first } of scans) {
        const floats = segment.floats()
        const { rows } = segment
        for (let at = 0; at < rows; at++) {
          // What is no number is not below it, and so is looked at.
          if ((upper[at] as number) < least || (wanted !== undefined && wanted[first + at] === 0)) continue
          best.offer(ids[first + at] as string, first + at, score(floats, at * segment.stride))
        }
      }
      return results(best)
    },
  }
}
