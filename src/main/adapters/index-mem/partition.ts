/**
 * The objects of one class and tenant in memory: their vectors, and of the metadata those properties that filters have asked for. Ids
 * and metadata of the few objects that a query answers with are read from the file.
 */
import type { Metadata } from '../../core/ports/vector-index'
import type { PropertyTypes } from '../../core/vector-index/metadata'
import type { Arena } from './arena'
import { type Column, columnOf } from './columns'
import type { Selection } from './filter'
import type { Distance } from './score'
import { type VectorsOptions, vectorsIn } from './vectors'
import { withRoomFor } from './widened'

export interface Hit {
  /** The object's number in the file. */
  readonly key: number
  readonly score: number
}

export interface Partition {
  /** Add an object, or replace the one of this number. The vector is copied. */
  set(key: number, vector: Float32Array, metadata: Metadata): void
  remove(key: number): void
  /** How many vectors it holds, and about how much memory it takes. */
  size(): { readonly vectors: number; readonly bytes: number }
  /** Whether what a filter looks at is in memory. */
  knows(field: string): boolean
  /** Take over properties of all objects, from `rows`. Objects that are not among them have none. */
  learn(fields: readonly string[], types: PropertyTypes, rows: Iterable<readonly [key: number, metadata: Metadata]>): void
  /** The best `k` of what `selection` accepts and every other that scores as the last of them, best first. It must know the fields. */
  search(k: number, query: Float32Array, selection: Selection | undefined): Hit[]
  /** Give all memory back. Nothing may follow. */
  free(): void
}

/** Where an object is, in the map from numbers to rows: an estimate, since the engine does not say. */
const placeBytes = 40

/** An empty partition for vectors of length `dimension`, with room for `expected` of them. */
export function partition(arena: Arena, distance: Distance, dimension: number, expected: number, options?: VectorsOptions): Partition {
  const vectors = vectorsIn(arena, distance, dimension, options)
  const columns = new Map<string, Column>()
  let keys = new Float64Array(Math.max(8, expected))
  /** Made when first needed: an index that is only asked does not need it. */
  let rowOf: Map<number, number> | undefined
  vectors.expect(expected)

  function places(): Map<number, number> {
    if (rowOf === undefined) {
      rowOf = new Map()
      for (let row = 0; row < vectors.count; row++) rowOf.set(keys[row] as number, row)
    }
    return rowOf
  }

  function append(key: number): number {
    const row = vectors.count
    keys = withRoomFor(keys, row)
    keys[row] = key
    rowOf?.set(key, row)
    return row
  }

  /** Whether an object that is read from the file while this one is filled can be here already. */
  const isLater = (key: number) => vectors.count === 0 || (rowOf === undefined && key > (keys[vectors.count - 1] as number))

  return {
    set(key, vector, metadata) {
      const row = (isLater(key) ? undefined : places().get(key)) ?? append(key)
      vectors.set(row, vector)
      for (const [field, column] of columns) column.set(row, propertyOf(metadata, field))
    },
    remove(key) {
      const row = places().get(key)
      if (row === undefined) return
      const last = vectors.count - 1
      places().delete(key)
      vectors.remove(row)
      // A row that goes is filled with the last one, so there are no gaps.
      for (const column of columns.values()) {
        if (row !== last) column.copy(last, row)
        column.set(last, undefined)
      }
      if (row === last) return
      keys[row] = keys[last] as number
      places().set(keys[row] as number, row)
    },
    size() {
      const besides = keys.byteLength + (rowOf === undefined ? 0 : rowOf.size * placeBytes)
      const ofColumns = [...columns.values()].reduce((sum, column) => sum + column.bytes(), 0)
      return { vectors: vectors.count, bytes: vectors.bytes() + besides + ofColumns }
    },
    knows: (field) => columns.has(field),
    learn(fields, types, rows) {
      const learnt = fields.flatMap((field): readonly (readonly [string, Column])[] => {
        const type = types.get(field)
        return type === undefined ? [] : [[field, columnOf(type)]]
      })
      for (const [, column] of learnt) for (let row = 0; row < vectors.count; row++) column.set(row, undefined)
      for (const [key, metadata] of rows) {
        const row = places().get(key)
        if (row !== undefined) for (const [field, column] of learnt) column.set(row, propertyOf(metadata, field))
      }
      for (const [field, column] of learnt) columns.set(field, column)
    },
    search(k, query, selection) {
      const among = selection === undefined ? undefined : rowsOf(selection.select(columnNamed, vectors.count))
      return vectors.nearest(query, k, among).map(({ row, score }) => ({ key: keys[row] as number, score }))
    },
    free() {
      vectors.free()
      columns.clear()
    },
  }

  function columnNamed(field: string): Column {
    const column = columns.get(field)
    if (column === undefined) throw new TypeError(`property ${field} is not in memory`)
    return column
  }
}

/** The name of a property may also be one that every object inherits, such as `constructor`. */
function propertyOf(metadata: Metadata, field: string): unknown {
  return Object.hasOwn(metadata, field) ? metadata[field] : undefined
}

function rowsOf(selected: Uint8Array): Uint32Array {
  let count = 0
  for (let row = 0; row < selected.length; row++) count += selected[row] as number
  const rows = new Uint32Array(count)
  for (let row = 0, at = 0; row < selected.length; row++) if (selected[row] === 1) rows[at++] = row
  return rows
}
