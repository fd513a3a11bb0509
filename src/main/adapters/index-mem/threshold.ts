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
