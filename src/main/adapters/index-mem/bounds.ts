/**
 * How far off a fast sum can be. Each row of a scan is given an upper bound of its score, and from that a lower one; between the two
 * lies what the one formula of `score.ts` gives, its own rounding in double precision included. So the k best are found for certain
 * among the rows whose upper bound reaches the k-th best of the lower bounds.
 *
 * - In float32 a sum of products in n / 16 steps is off by at most (n / 16 + a few) · 2^-24 of the product of the lengths (Higham,
 *   "Accuracy and Stability of Numerical Algorithms", section 3.1). A sum of squares is off by as much of itself.
 * - An int8 copy keeps, for each row, the length of what rounding took from it. By Cauchy and Schwarz no product with a query is off
 *   by more than that length times the query's, and what rounding took from the query times the row's.
 *
 * Both hold while nothing overflows, and what underflows is small beside the rest: see `isTame`.
 */
import { kinds } from './kernel/kernel'
import type { Distance } from './score'

const floatUnit = 2 ** -24
/** Beyond these lengths float32 may leave its range, and rows are scored by the formula alone. A vector of zeros is harmless. */
const [leastLength, largestLength] = [1e-15, 1e15]

export function isTame(length: number): boolean {
  return length === 0 || (length >= leastLength && length <= largestLength)
}

/** What `scan` is told about a query, and how the lower bound of a row follows from its upper bound. */
export interface Aim {
  readonly kind: number
  readonly scale: number
  readonly ofRow: number
  readonly ofQuery: number
  readonly shift: number
  /** `floats` holds the row's four numbers from `at` on. */
  lower(upper: number, floats: Float32Array, at: number): number
}

export interface Query {
  readonly vector: Float32Array
  readonly length: number
}

export function queryOf(vector: Float32Array): Query {
  let square = 0
  for (let i = 0; i < vector.length; i++) square += (vector[i] as number) ** 2
  return { vector, length: Math.sqrt(square) }
}

/** What the formula itself rounds, as a part of the product of the lengths. */
function ofFormula(dimension: number): number {
  return (dimension + 16) * 2 ** -51
}

/** Twice the bound that is needed for a sum of this many terms: the other half is for what underflows. */
function ofFloats(dimension: number): number {
  return 2 * (dimension / 16 + 20) * floatUnit + ofFormula(dimension)
}

/** Writes the query as float32 rows are compared with it, and says how. */
export function aimAtFloats(distance: Distance, { vector, length }: Query, write: Float32Array): Aim {
  const off = ofFloats(vector.length)
  write.fill(0)
  if (distance === 'l2') {
    write.set(vector)
    const tiny = vector.length * 2 ** -147
    const spread = (1 + off) / (1 - off)
    return {
      kind: kinds.squares,
      scale: off - 1,
      ofRow: 0,
      ofQuery: 0,
      shift: tiny,
      lower: (upper) => Math.min(0, upper - tiny) * spread - 2 * tiny,
    }
  }
  const inverse = distance === 'cosine' ? 1 / length : 1
  for (let i = 0; i < vector.length; i++) write[i] = (vector[i] as number) * inverse
  const ofQuery = off * (distance === 'cosine' ? 1 : length)
  return {
    kind: kinds.products,
    scale: 1,
    ofRow: 0,
    ofQuery,
    shift: 0,
    lower: (upper, floats, at) => upper - 2.001 * ofQuery * (floats[at + 3] as number),
  }
}

/** Writes the query in int16, as int8 rows are compared with it, and says how. */
export function aimAtInt8(distance: Distance, { vector, length }: Query, write: Int16Array): Aim {
  const unit = distance === 'cosine' ? 1 / length : 1
  let [largest, sum] = [0, 0]
  for (let i = 0; i < vector.length; i++) {
    const size = Math.abs(vector[i] as number) * unit
    if (size > largest) largest = size
    sum += size
  }
  // So that no number leaves int16, and no sum of products int32.
  const scale = Math.max(largest / 32_767, (sum * 127) / (2 ** 31 - 128 * (vector.length + 1)))
  let lost = 0
  write.fill(0)
  for (let i = 0; i < vector.length; i++) {
    const value = (vector[i] as number) * unit
    const rounded = scale === 0 ? 0 : Math.round(value / scale)
    write[i] = rounded
    lost += (value - rounded * scale) ** 2
  }
  const ofFormulaHere = ofFormula(vector.length)
  const size = length * unit
  const ofRow = size * (1 + ofFormulaHere)
  const ofQuery = Math.sqrt(lost) * (1 + ofFormulaHere) + ofFormulaHere * size
  const square = distance === 'l2' ? length * length : 0
  const spare = 4 * ofFormulaHere * square
  return {
    kind: kinds.int8,
    scale,
    ofRow,
    ofQuery,
    shift: spare - square,
    lower: (upper, floats, at) =>
      upper -
      2.001 * (ofRow * (floats[at + 1] as number) + ofQuery * (floats[at + 3] as number)) -
      Math.abs(floats[at + 2] as number) * 2 ** -19 -
      3 * spare,
  }
}

/** At least `value`, in float32. */
function above(value: number): number {
  return Math.fround(value * (1 + 2 ** -22) + 2 ** -126)
}

/** Writes a row of float32 numbers: the four that bound its scores, and then the vector. Returns the vector's length. */
export function writeFloats(distance: Distance, vector: Float32Array, floats: Float32Array, at: number, padded: number): number {
  const start = at + 4
  floats.set(vector, start)
  floats.fill(0, start + vector.length, start + padded)
  let square = 0
  for (let i = 0; i < vector.length; i++) square += (vector[i] as number) * (vector[i] as number)
  const length = Math.sqrt(square)
  floats[at] = distance === 'cosine' ? 1 / length : 1
  floats[at + 1] = 0
  floats[at + 2] = 0
  floats[at + 3] = distance === 'dot' ? above(length) : 1
  return length
}

/** Writes a row of int8 numbers the same way; `floats` and `bytes` are views of one memory, and `at` an address in it. */
export function writeInt8(
  distance: Distance,
  vector: Float32Array,
  length: number,
  floats: Float32Array,
  bytes: Int8Array,
  at: number,
  padded: number,
): void {
  const factor = distance === 'cosine' ? 1 / length : distance === 'l2' ? 2 : 1
  let largest = 0
  for (let i = 0; i < vector.length; i++) {
    const size = Math.abs(vector[i] as number)
    if (size > largest) largest = size
  }
  // A scale of its own for each row, so that one large number spoils no other row.
  const scale = Math.fround((largest * factor) / 127)
  const perUnit = scale === 0 ? 0 : factor / scale
  const back = scale / factor
  const start = at + 16
  let lost = 0
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i] as number
    const rounded = Math.round(value * perUnit)
    bytes[start + i] = rounded
    const rest = value - rounded * back
    lost += rest * rest
  }
  bytes.fill(0, start + vector.length, start + padded)
  const off = above(Math.sqrt(lost) * factor * (1 + ofFormula(vector.length)))
  const place = at / 4
  floats[place] = scale
  floats[place + 1] = off
  floats[place + 2] = distance === 'l2' ? -length * length * (1 - 2 ** -21) : 0
  floats[place + 3] = above(length * factor + off)
}
