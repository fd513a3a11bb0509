/**
 * The k best rows, exactly. A scan gives each row a score and how far off it can be, so between which bounds the true one lies. The
 * k-th best of the lower bounds is a score that k rows are sure to reach; every row whose upper bound reaches it is scored anew by
 * the one formula, and no other row can be among the k best.
 */
import type { Distance } from './score'

export interface Bounds {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

interface Scanned {
  readonly rows: number
  readonly dots: Float64Array
  readonly errors: Float64Array
  readonly norms: Float64Array
}

/** Room for what double precision itself rounds in what follows. */
const slack = 1e-12

/**
 * Bounds of each row's score, from those of its dot product with the query; written over them. A bound that is no number, as after
 * an overflow, fails every comparison: whoever uses them must take that for "could be anything".
 */
export function boundsOf(distance: Distance, { rows, dots, errors, norms }: Scanned, queryNorm: number): Bounds {
  switch (distance) {
    case 'cosine':
      for (let row = 0; row < rows; row++) {
        const inverse = 1 / (queryNorm * (norms[row] as number))
        set(row, (dots[row] as number) * inverse, (errors[row] as number) * inverse + slack)
      }
      break
    case 'dot':
      for (let row = 0; row < rows; row++) set(row, dots[row] as number, (errors[row] as number) + slack * Math.abs(dots[row] as number))
      break
    case 'l2':
      for (let row = 0; row < rows; row++) {
        const norm = norms[row] as number
        const squares = queryNorm * queryNorm + norm * norm
        set(row, 2 * (dots[row] as number) - squares, 2 * (errors[row] as number) + slack * squares)
      }
  }
  return { lower: dots, upper: errors }

  function set(row: number, score: number, error: number): void {
    dots[row] = score - error
    errors[row] = score + error
  }
}

/** Keeps the k largest of the numbers it is offered, and knows the least of those. */
export interface Threshold {
  offer(value: number): void
  /** What k numbers reached; minus infinity while fewer were offered. */
  value(): number
}

export function threshold(k: number): Threshold {
  const heap = new Float64Array(k)
  let size = 0

  return {
    offer(number) {
      const value = Number.isNaN(number) ? Number.NEGATIVE_INFINITY : number
      if (size < k) {
        let place = size++
        for (; place > 0; ) {
          const parent = (place - 1) >> 1
          if ((heap[parent] as number) <= value) break
          heap[place] = heap[parent] as number
          place = parent
        }
        heap[place] = value
        return
      }
      // Written so that what is no number ends here too.
      if (!(value > (heap[0] as number))) return
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
    },
    value: () => (size < k ? Number.NEGATIVE_INFINITY : (heap[0] as number)),
  }
}
