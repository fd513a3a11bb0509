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
  readonly dots: Float64Array
  readonly errors: Float64Array
  readonly norms: Float64Array
}

/** Room for what double precision itself rounds in what follows. */
const slack = 1e-12

/** Bounds of each row's score, from those of its dot product with the query. What is no number could be anything. */
export function boundsOf(distance: Distance, { dots, errors, norms }: Scanned, queryNorm: number): Bounds {
  const rows = dots.length
  const lower = new Float64Array(rows)
  const upper = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    let score = dots[row] as number
    let error = errors[row] as number
    if (distance === 'cosine') {
      const product = queryNorm * (norms[row] as number)
      score /= product
      error = error / product + slack
    } else if (distance === 'l2') {
      const norm = norms[row] as number
      const squares = queryNorm * queryNorm + norm * norm
      score = 2 * score - squares
      error = 2 * error + slack * squares
    } else {
      error += slack * Math.abs(score)
    }
    const sure = Number.isFinite(score) && Number.isFinite(error)
    lower[row] = sure ? score - error : Number.NEGATIVE_INFINITY
    upper[row] = sure ? score + error : Number.POSITIVE_INFINITY
  }
  return { lower, upper }
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
    offer(value) {
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
      if (value <= (heap[0] as number)) return
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
