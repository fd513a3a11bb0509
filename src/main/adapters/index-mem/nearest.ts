/** Selection of the k best without sorting the rest: a heap whose root is the worst of those kept. */
import { compareUtf8 } from '../../../shared/order'

interface Candidate {
  readonly id: string
  readonly row: number
  readonly score: number
}

export interface Nearest {
  offer(id: string, row: number, score: number): void
  /** What was kept, best first. */
  ranked(): Candidate[]
}

/** Higher scores first; equal ones by id, in UTF-8 byte order. */
function compare(a: Candidate, b: Candidate): number {
  return b.score - a.score || compareUtf8(a.id, b.id)
}

/** Keeps the `k` best of what it is offered. `k` is at least 1. */
export function nearest(k: number): Nearest {
  const heap: Candidate[] = []

  function at(index: number): Candidate {
    return heap[index] as Candidate
  }

  function rise(index: number, candidate: Candidate): void {
    let place = index
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (compare(candidate, at(parent)) <= 0) break
      heap[place] = at(parent)
      place = parent
    }
    heap[place] = candidate
  }

  function sinkFromRoot(candidate: Candidate): void {
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && compare(at(child + 1), at(child)) > 0) child++
      if (compare(candidate, at(child)) >= 0) break
      heap[place] = at(child)
      place = child
    }
    heap[place] = candidate
  }

  return {
    offer(id, row, score) {
      if (heap.length < k) {
        rise(heap.length, { id, row, score })
        return
      }
      // Most rows end here, before anything is allocated for them.
      if (score < at(0).score) return
      const candidate = { id, row, score }
      if (compare(candidate, at(0)) < 0) sinkFromRoot(candidate)
    },
    ranked: () => [...heap].sort(compare),
  }
}
