/**
 * Some rows of vectors in the memory of a kernel, which scans them at the speed at which memory is read: in float32, and once there
 * is an int8 copy, over a quarter of the bytes.
 *
 * Neither scan is exact, and each says how far it can be off. In float32 a dot product of n terms is off by at most (n + 2) · 2^-24 of
 * the product of the lengths, and underflow adds no more than the least normal number for each term (Higham, "Accuracy and
 * Stability of Numerical Algorithms", section 3.1). The int8 copy of a row keeps the length of what rounding took from it, and by
 * Cauchy and Schwarz no dot product is off by more than that length times the query's.
 */
import { type BoundsOf, boundsOf } from './bounds'
import { type Kernel, newKernel, reserve } from './kernel/kernel'
import type { Distance } from './score'

const floatBlock = 16
const byteBlock = 32
const float32Unit = 2 ** -24
const leastNormal = 2 ** -126
const longestSegment = 1 << 30

export interface Matrix {
  readonly rows: number
  /** Rows that it holds at most. */
  readonly capacity: number
  set(row: number, vector: Float32Array): void
  /** Copy a row over another one. */
  copy(from: number, to: number): void
  /** Keep only the first `rows`. */
  truncate(rows: number): void
  /** The numbers, of which row `r` begins at `r * stride`. Good until the next `set`. */
  floats(): Float32Array
  readonly stride: number
  /** Lengths of the rows, in double precision. */
  readonly norms: Float64Array
  /**
   * Bounds of each row's score: `upper` is filled for every row, and `offer` is told of each row's lower bound. What is no number, as
   * after an overflow, could be anything.
   */
  scan(query: Query, distance: Distance, quick: boolean, offer: (row: number, lower: number) => void): { readonly upper: Float64Array }
  bytes(): number
}

export interface Query {
  readonly vector: Float32Array
  readonly norm: number
}

export function queryOf(vector: Float32Array): Query {
  return { vector, norm: lengthOf(vector, 0, vector.length) }
}

/** An empty matrix for vectors of length `dimension`, with room for `expected` of them, and for more as they come. */
export function matrix(dimension: number, expected: number, mostRows: number): Matrix {
  const stride = Math.ceil(dimension / floatBlock) * floatBlock
  const capacity = Math.max(1, Math.min(mostRows, Math.floor(longestSegment / (stride * 4))))
  const exact = newKernel()
  // The query first, then the scores, then the rows, which are what grows.
  const scoresAt = stride * 4
  const rowsAt = scoresAt + Math.ceil((capacity * 4) / 16) * 16
  let room = 0
  let rows = 0
  let norms = new Float64Array(0)
  let quick: Quick | undefined
  /** Reused by every scan: what a query allocates is what it waits for. */
  let upper = new Float64Array(0)

  function makeRoom(wanted: number): void {
    if (wanted <= room) return
    room = Math.min(capacity, Math.max(wanted, Math.ceil(room * 1.5), 8))
    reserve(exact, rowsAt + room * stride * 4)
    const wider = new Float64Array(room)
    wider.set(norms)
    norms = wider
    upper = new Float64Array(room)
    quick?.makeRoom(room)
  }
  makeRoom(Math.min(expected, capacity))

  const floats = () => new Float32Array(exact.memory.buffer, rowsAt, room * stride)

  function scanExact({ vector, norm }: Query, toBounds: BoundsOf): void {
    const query = new Float32Array(exact.memory.buffer, 0, stride)
    query.fill(0)
    query.set(vector)
    exact.dot_f32(0, rowsAt, stride * 4, rows, scoresAt)
    const scores = new Float32Array(exact.memory.buffer, scoresAt, rows)
    const relative = (dimension + 2) * float32Unit * norm
    const absolute = dimension * leastNormal
    for (let row = 0; row < rows; row++) {
      const length = norms[row] as number
      toBounds(row, scores[row] as number, relative * length + absolute, length)
    }
  }

  return {
    get rows() {
      return rows
    },
    capacity,
    stride,
    get norms() {
      return norms
    },
    set(row, vector) {
      makeRoom(row + 1)
      floats().set(vector, row * stride)
      norms[row] = lengthOf(vector, 0, dimension)
      rows = Math.max(rows, row + 1)
      quick?.set(row, vector)
    },
    copy(from, to) {
      floats().copyWithin(to * stride, from * stride, (from + 1) * stride)
      norms[to] = norms[from] as number
      quick?.copy(from, to)
    },
    truncate(left) {
      rows = left
    },
    floats,
    scan(query, distance, wantQuick, offer) {
      const toBounds = boundsOf(distance, query.norm, upper, offer)
      if (!wantQuick) scanExact(query, toBounds)
      else {
        if (quick === undefined) {
          quick = quickCopy(dimension, capacity)
          quick.makeRoom(room)
          const all = floats()
          for (let row = 0; row < rows; row++) quick.set(row, all.subarray(row * stride, row * stride + dimension))
        }
        quick.scan(query, rows, norms, toBounds)
      }
      return { upper }
    },
    bytes: () => exact.memory.buffer.byteLength + 2 * norms.byteLength + (quick?.bytes() ?? 0),
  }
}

interface Quick {
  makeRoom(rows: number): void
  set(row: number, vector: Float32Array): void
  copy(from: number, to: number): void
  scan(query: Query, rows: number, norms: Float64Array, toBounds: BoundsOf): void
  bytes(): number
}

/** The int8 copy: each row with a scale of its own, so that one large number spoils no other row. */
function quickCopy(dimension: number, capacity: number): Quick {
  const stride = Math.ceil(dimension / byteBlock) * byteBlock
  const kernel: Kernel = newKernel()
  const scoresAt = stride * 2
  const rowsAt = scoresAt + Math.ceil((capacity * 4) / 16) * 16
  /** Of the query's int16 numbers, so that no sum of products leaves int32. */
  const largestQuery = Math.min(32_767, Math.floor((2 ** 31 - 1) / (128 * stride)))
  let scales = new Float64Array(0)
  /** Lengths of what rounding took. */
  let lost = new Float64Array(0)

  return {
    makeRoom(rows) {
      reserve(kernel, rowsAt + rows * stride)
      const [widerScales, widerLost] = [new Float64Array(rows), new Float64Array(rows)]
      widerScales.set(scales)
      widerLost.set(lost)
      scales = widerScales
      lost = widerLost
    },
    set(row, vector) {
      let largest = 0
      for (let i = 0; i < dimension; i++) largest = Math.max(largest, Math.abs(vector[i] as number))
      const scale = largest / 127
      const bytes = new Int8Array(kernel.memory.buffer, rowsAt + row * stride, stride)
      let square = 0
      for (let i = 0; i < dimension; i++) {
        const rounded = scale === 0 ? 0 : Math.round((vector[i] as number) / scale)
        bytes[i] = rounded
        const difference = (vector[i] as number) - rounded * scale
        square += difference * difference
      }
      bytes.fill(0, dimension)
      scales[row] = scale
      lost[row] = Math.sqrt(square) * (1 + dimension * Number.EPSILON)
    },
    copy(from, to) {
      new Int8Array(kernel.memory.buffer).copyWithin(rowsAt + to * stride, rowsAt + from * stride, rowsAt + (from + 1) * stride)
      scales[to] = scales[from] as number
      lost[to] = lost[from] as number
    },
    scan({ vector, norm }, rows, norms, toBounds) {
      const query = new Int16Array(kernel.memory.buffer, 0, stride)
      query.fill(0)
      let largest = 0
      for (const value of vector) largest = Math.max(largest, Math.abs(value))
      const scale = largest / largestQuery
      let square = 0
      for (let i = 0; i < dimension; i++) {
        const rounded = scale === 0 ? 0 : Math.round((vector[i] as number) / scale)
        query[i] = rounded
        const difference = (vector[i] as number) - rounded * scale
        square += difference * difference
      }
      const queryLost = Math.sqrt(square) * (1 + dimension * Number.EPSILON)
      const rounding = dimension * Number.EPSILON
      kernel.dot_i8(0, rowsAt, stride, rows, scoresAt)
      const sums = new Int32Array(kernel.memory.buffer, scoresAt, rows)
      for (let row = 0; row < rows; row++) {
        const rowLost = lost[row] as number
        const length = norms[row] as number
        // |q·x - q'·x'| <= |q| |x - x'| + |q - q'| |x'|, and the double precision of both sides.
        const error = norm * rowLost + queryLost * (length + rowLost) + norm * length * rounding
        toBounds(row, (sums[row] as number) * scale * (scales[row] as number), error, length)
      }
    },
    bytes: () => kernel.memory.buffer.byteLength + scales.byteLength + lost.byteLength,
  }
}

function lengthOf(numbers: Float32Array, from: number, to: number): number {
  let square = 0
  for (let i = from; i < to; i++) square += (numbers[i] as number) * (numbers[i] as number)
  return Math.sqrt(square)
}
