/**
 * One property of all objects of a partition, side by side with its vectors: what a filter looks through. Numbers lie in an array;
 * of everything else each distinct value is kept, and judged, once.
 */
import type { ComparedValue } from '../../core/vector-index/comparison'
import { comparable, elementType, type PropertyType, type ScalarType } from '../../core/vector-index/values'
import { withRoomFor } from './widened'

/** What metadata has of the property, if it has it. */
type Stored = unknown

export interface Column {
  /** Replace a row's value, or add a row. Undefined where the object lacks the property. */
  set(row: number, value: Stored | undefined): void
  copy(from: number, to: number): void
  /** One for each of the first `rows` whose value `holds`; a row without a value counts as `absent`. */
  select(rows: number, holds: (value: ComparedValue) => boolean, absent: boolean): Uint8Array
  /** About. */
  bytes(): number
}

export function columnOf(type: PropertyType): Column {
  if (type === 'int' || type === 'number') return numberColumn()
  return dictionaryColumn(type)
}

function numberColumn(): Column {
  // What is no number stands for none: values are finite.
  let values = new Float64Array(64)

  return {
    set(row, value) {
      values = withRoomFor(values, row)
      values[row] = value === undefined ? Number.NaN : (value as number)
    },
    copy(from, to) {
      values[to] = values[from] as number
    },
    select(rows, holds, absent) {
      const selected = new Uint8Array(rows)
      for (let row = 0; row < rows; row++) {
        const value = values[row] as number
        if (Number.isNaN(value) ? absent : holds(value)) selected[row] = 1
      }
      return selected
    },
    bytes: () => values.byteLength,
  }
}

interface Entry {
  readonly key: string
  readonly value: ComparedValue
  uses: number
}

/** An entry, its key, its place in the map: an estimate, since the engine does not say. */
const entryBytes = 160

function dictionaryColumn(type: PropertyType): Column {
  const element = elementType(type)
  /** Code of each row's value; zero where it has none. */
  let codes = new Uint32Array(64)
  const entries: (Entry | undefined)[] = [undefined]
  const unused: number[] = []
  const codeOf = new Map<string, number>()
  let textBytes = 0

  function comparableOf(stored: Stored): ComparedValue {
    if (element === undefined) return comparable(type as ScalarType, stored)
    return (stored as readonly unknown[]).map((item) => comparable(element, item))
  }

  function use(stored: Stored): number {
    const key = typeof stored === 'string' ? stored : JSON.stringify(stored)
    const known = codeOf.get(key)
    const entry = known === undefined ? undefined : entries[known]
    if (known !== undefined && entry !== undefined) {
      entry.uses++
      return known
    }
    const code = unused.pop() ?? entries.length
    entries[code] = { key, value: comparableOf(stored), uses: 1 }
    codeOf.set(key, code)
    textBytes += key.length * 2
    return code
  }

  function release(code: number): void {
    const entry = entries[code]
    if (entry === undefined || --entry.uses > 0) return
    entries[code] = undefined
    codeOf.delete(entry.key)
    unused.push(code)
    textBytes -= entry.key.length * 2
  }

  return {
    set(row, value) {
      codes = withRoomFor(codes, row)
      const before = codes[row] as number
      codes[row] = value === undefined ? 0 : use(value)
      release(before)
    },
    copy(from, to) {
      const [code, before] = [codes[from] as number, codes[to] as number]
      const entry = entries[code]
      if (entry !== undefined) entry.uses++
      codes[to] = code
      release(before)
    },
    select(rows, holds, absent) {
      const verdicts = Uint8Array.from(entries, (entry) => Number(entry === undefined ? absent : holds(entry.value)))
      const selected = new Uint8Array(rows)
      for (let row = 0; row < rows; row++) selected[row] = verdicts[codes[row] as number] as number
      return selected
    },
    bytes: () => codes.byteLength + codeOf.size * entryBytes + textBytes,
  }
}
