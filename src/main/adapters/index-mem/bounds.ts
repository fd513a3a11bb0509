/**
 * How the k best are found exactly by scans that are not exact. A scan gives each row a dot product and how far off it can be, and so
 * two bounds between which its true score lies. The k-th best of the lower bounds is a score that k rows are sure to reach; every row
 * whose upper bound reaches it is scored anew by the one formula, and no other row can be among the k best.
 */
import type { Distance } from './score'

/** What becomes of one row: its dot product with the query, how far off that can be, and the row's length. */
export type BoundsOf = (row: number, dot: number, error: number, length: number) => void

/** Room for what double precision itself rounds in what follows. */
const slack = 1e-12

/** Writes upper bounds into `upper` and tells `offer` of the lower ones. */
export function boundsOf(
  distance: Distance,
  queryLength: number,
  upper: Float64Array,
  offer: (row: number, lower: number) => void,
): BoundsOf {
  switch (distance) {
    case 'cosine':
      return (row, dot, error, length) => {
        const inverse = 1 / (queryLength * length)
        const score = dot * inverse
        const off = error * inverse + slack
        upper[row] = score + off
        offer(row, score - off)
      }
    case 'dot':
      return (row, dot, error) => {
        const off = error + slack * Math.abs(dot)
        upper[row] = dot + off
        offer(row, dot - off)
      }
    case 'l2': {
      const square = queryLength * queryLength
      return (row, dot, error, length) => {
        const squares = square + length * length
        const score = 2 * dot - squares
        const off = 2 * error + slack * squares
        upper[row] = score + off
        offer(row, score - off)
      }
    }
  }
}
