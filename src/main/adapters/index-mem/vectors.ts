/**
 * The vectors of one class and tenant, and the nearest of them to a query. From a certain number on an int8 copy is scanned first,
 * over a quarter of the bytes; what could be among the k best after that is bounded more closely in float32, and what is left then is
 * scored by the one formula. The answer is the formula's, whatever was scanned.
 */
import { type Arena, largestBlock, type Space } from './arena'
import { type Aim, aimAtFloats, aimAtInt8, isTame, type Query, queryOf, writeFloats, writeInt8 } from './bounds'
import { type Candidates, candidates } from './candidates'
import { type Rows, rowsIn } from './rows'
import { type Distance, scorer } from './score'

/** The longest vector of which at least a few rows fit into one block. */
export const longestVector = 65_536

/** Vectors from which an int8 copy is kept and scanned first. Measured: below, the second look costs what the first one saves. */
const defaultInt8From = 10_000
/** Rows that are bounded in one go. */
const step = 1_024
/** Addresses in the part of a space that belongs to whoever scans. */
const queryAt = 1_024
const listAt = queryAt + longestVector * 4
const outAt = listAt + step * 4

interface Found {
  readonly row: number
  readonly score: number
}

export interface Vectors {
  readonly count: number
  /** Replace a row, or add one with `row === count`. */
  set(row: number, vector: Float32Array): void
  /** Fill the gap of a row with the last one. */
  remove(row: number): void
  /** Room for this many, so that it need not grow step by step. */
  expect(count: number): void
  /** The best `k` by score, and every other row that scores as the last of them, best first. `among`: ascending rows, or all. */
  nearest(vector: Float32Array, k: number, among?: Uint32Array): Found[]
  bytes(): number
  /** Give all memory back. Nothing may follow. */
  free(): void
}

export interface VectorsOptions {
  readonly int8From?: number
}

export function vectorsIn(
  arena: Arena,
  distance: Distance,
  dimension: number,
  { int8From = defaultInt8From }: VectorsOptions = {},
): Vectors {
  const padded = Math.ceil(dimension / 16) * 16
  const paddedInt8 = Math.ceil(dimension / 32) * 32
  const exact = rowsIn(arena, 16 + padded * 4)
  let int8: Rows | undefined
  let count = 0
  let room = 0
  /** Whether every vector so far had a length for which the bounds hold. */
  let tame = true
  if (exact.stride * 4 > largestBlock) throw new TypeError(`vectors of ${dimension} numbers do not fit`)

  function resize(wanted: number): void {
    room = wanted
    exact.resize(room)
    int8?.resize(room)
  }

  function expect(wanted: number): void {
    if (wanted > room) resize(wanted)
  }

  function vectorAt(row: number): Float32Array {
    const start = exact.addressOf(row) / 4 + 4
    return exact.spaceOf(row).floats.subarray(start, start + dimension)
  }

  function copyToInt8(rows: Rows, row: number, vector: Float32Array, length: number): void {
    const { floats, bytes } = rows.spaceOf(row)
    writeInt8(distance, vector, length, floats, bytes, rows.addressOf(row), paddedInt8)
  }

  function makeInt8(): Rows {
    const made = rowsIn(arena, 16 + paddedInt8)
    made.resize(room)
    for (let row = 0; row < count; row++) {
      const vector = vectorAt(row)
      copyToInt8(made, row, vector, queryOf(vector).length)
    }
    return made
  }

  /** Bound every row, block by block, or those of a list. */
  function scan(rows: Rows, query: Query, among: Uint32Array | undefined, found: Candidates): void {
    const bytes = rows.stride - 16
    const total = among?.length ?? count
    for (let from = 0; from < total; ) {
      const first = among?.[from] ?? from
      const space = rows.spaceOf(first)
      const aim = aimAt(rows, query, space)
      space.kernel.aim(aim.scale, aim.ofRow, aim.ofQuery, aim.shift)
      const blockEnd = rows.endOf(first)
      while (from < total && (among?.[from] ?? from) < blockEnd) {
        let end = Math.min(from + step, total)
        if (among === undefined) end = Math.min(end, blockEnd)
        else end = from + list(rows, space, among.subarray(from, end), blockEnd)
        const start = among === undefined ? rows.addressOf(from) : 0
        const [at, stride] = among === undefined ? [0, rows.stride] : [listAt, 0]
        const hits = space.kernel.scan(aim.kind, at, start, end - from, stride, queryAt, bytes, found.least(), outAt)
        for (let hit = 0; hit < hits; hit++) {
          const upper = space.doubles[outAt / 8 + 2 * hit] as number
          const place = from + (space.words[outAt / 4 + 4 * hit + 2] as number)
          const row = among?.[place] ?? place
          found.add(row, upper, aim.lower(upper, space.floats, rows.addressOf(row) / 4))
        }
        from = end
      }
    }
  }

  function aimAt(rows: Rows, query: Query, { floats, shorts }: Space): Aim {
    return rows === int8
      ? aimAtInt8(distance, query, shorts.subarray(queryAt / 2, queryAt / 2 + paddedInt8))
      : aimAtFloats(distance, query, floats.subarray(queryAt / 4, queryAt / 4 + padded))
  }

  /** Write the addresses of rows as far as they lie before `blockEnd`; returns how many do. */
  function list(rows: Rows, { words }: Space, some: Uint32Array, blockEnd: number): number {
    let listed = 0
    for (; listed < some.length && (some[listed] as number) < blockEnd; listed++) {
      words[listAt / 4 + listed] = rows.addressOf(some[listed] as number)
    }
    return listed
  }

  return {
    get count() {
      return count
    },
    set(row, vector) {
      if (row >= room) expect(Math.max(8, row + 1, Math.ceil(room * 1.25)))
      const length = writeFloats(distance, vector, exact.spaceOf(row).floats, exact.addressOf(row) / 4, padded)
      if (!isTame(length)) tame = false
      if (row === count) count++
      if (int8 !== undefined) copyToInt8(int8, row, vector, length)
    },
    remove(row) {
      count--
      if (row !== count) {
        exact.copy(count, row)
        int8?.copy(count, row)
      }
      if (count * 2 < room && room > 8) resize(Math.max(8, Math.ceil(count * 1.25)))
    },
    expect,
    nearest(vector, k, among) {
      const query = queryOf(vector)
      let left = among
      if (tame && isTame(query.length)) {
        if (count >= int8From && (left?.length ?? count) >= 4 * k) {
          int8 ??= makeInt8()
          const found = candidates(k)
          scan(int8, query, left, found)
          left = found.rows()
        }
        if (left === undefined || left.length > 2 * k + 16) {
          const found = candidates(k)
          scan(exact, query, left, found)
          left = found.rows()
        }
      }
      const score = scorer(distance, vector)
      const best = candidates(k)
      const total = left?.length ?? count
      for (let i = 0; i < total; i++) {
        const row = left === undefined ? i : (left[i] as number)
        const right = score(exact.spaceOf(row).floats, exact.addressOf(row) / 4 + 4)
        if (right >= best.least()) best.add(row, right, right)
      }
      return best.ranked()
    },
    bytes: () => exact.bytes() + (int8?.bytes() ?? 0),
    free() {
      exact.resize(0)
      int8?.resize(0)
    },
  }
}
