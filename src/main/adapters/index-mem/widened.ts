/** Arrays of numbers that grow. */

type Numbers = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>

/** The same numbers with room for `length`, the rest zero. */
export function widened<T extends Numbers>(numbers: T, length: number): T {
  const wider = new (numbers.constructor as new (length: number) => T)(length)
  wider.set(numbers)
  return wider
}

/** The same with room for this row, and then some, so that rows that come one by one seldom ask. */
export function withRoomFor<T extends Numbers>(numbers: T, row: number): T {
  return row < numbers.length ? numbers : widened(numbers, Math.max(row + 1, Math.ceil(numbers.length * 1.5)))
}
