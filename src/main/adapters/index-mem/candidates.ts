/** Rows that could be among the k best: those whose upper bound reaches the k-th best of all lower bounds so far. */
import { widened } from './widened'

export interface Candidates {
  /** What k rows are sure to reach; minus infinity while there are fewer. It only rises. */
  least(): number
  /** A row whose upper bound reaches `least`, in ascending order of rows. */
  add(row: number, upper: number, lower: number): void
  /** Those that still could be, ascending. */
  rows(): Uint32Array
  /** The same with their upper bounds as scores, best first. */
  ranked(): { readonly row: number; readonly score: number }[]
}

export function candidates(k: number): Candidates {
  let rows = new Uint32Array(1_024)
  let uppers = new Float64Array(1_024)
  let count = 0
  const sure = largest(k)

  function makeRoom(): void {
    const least = sure.least()
    let kept = 0
    for (let i = 0; i < count; i++) {
      if ((uppers[i] as number) < least) continue
      rows[kept] = rows[i] as number
      uppers[kept++] = uppers[i] as number
    }
    count = kept
    if (count * 2 <= rows.length) return
    rows = widened(rows, rows.length * 2)
    uppers = widened(uppers, uppers.length * 2)
  }

  function left(): number[] {
    const least = sure.least()
    const places: number[] = []
    for (let i = 0; i < count; i++) if (!((uppers[i] as number) < least)) places.push(i)
    return places
  }

  return {
    least: sure.least,
    add(row, upper, lower) {
      if (count === rows.length) makeRoom()
      rows[count] = row
      uppers[count++] = upper
      sure.offer(lower)
    },
    rows: () => Uint32Array.from(left(), (place) => rows[place] as number),
    ranked: () =>
      left()
        .map((place) => ({ row: rows[place] as number, score: uppers[place] as number }))
        .sort((a, b) => b.score - a.score || a.row - b.row),
  }
}

/** Keeps the k largest of the numbers it is offered, in a heap whose root is the least of them. */
function largest(k: number): { offer(value: number): void; least(): number } {
  let heap = new Float64Array(Math.min(k, 1_024))
  let size = 0

  function rise(value: number): void {
    if (size === heap.length) heap = widened(heap, Math.min(k, heap.length * 2))
    let place = size++
    while (place > 0) {
      const parent = (place - 1) >> 1
      if ((heap[parent] as number) <= value) break
      heap[place] = heap[parent] as number
      place = parent
    }
    heap[place] = value
  }

  function sinkFromRoot(value: number): void {
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= k) break
      if (child + 1 < k && (heap[child + 1] as number) < (heap[child] as number)) child++
      if ((heap[child] as number) >= value) break
      heap[place] = heap[child] as number
      place = child
    }
    heap[place] = value
  }

  return {
    offer(value) {
      if (size < k) rise(value)
      else if (value > (heap[0] as number)) sinkFromRoot(value)
    },
    least: () => (size < k ? Number.NEGATIVE_INFINITY : (heap[0] as number)),
  }
}
