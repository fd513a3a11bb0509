/**
 * When messages end. One timer, for the next end of all queues, and none while nothing can end. A timer counts by the steady clock
 * and the ends are wall time, so what it does at its end is look: where the clock was set back it waits again, and where it was set
 * forward a look comes within an hour at most (consumers are never given what has ended, whatever the timer does).
 */

export interface Expiry {
  /** Something in the queue ends at `at`, milliseconds since the epoch. */
  note(queue: number, at: number): void
  /** Something in the queue has ended, whatever the timer says. */
  due(queue: number): void
  /** Nothing in the queue ends before `at`; `Infinity` for never. */
  set(queue: number, at: number): void
  close(): void
}

export interface ExpirySide {
  readonly now: () => number
  /** Rejects with the reason of the signal as soon as that aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Take away what has ended, then `set` when to look again. */
  expire(queue: number): void
}

const LONGEST_SLEEP = 3_600_000

export function openExpiry({ now, sleep, expire }: ExpirySide): Expiry {
  const ends = new Map<number, number>()
  /** Queues from which something is being taken away. */
  const underway = new Set<number>()
  let timer: { readonly until: number; readonly controller: AbortController } | undefined
  let closed = false

  function arm(): void {
    let soonest = Number.POSITIVE_INFINITY
    for (const [queue, end] of ends) if (!underway.has(queue)) soonest = Math.min(soonest, end)
    // A timer that ends too soon is left alone: the look finds nothing and arms anew.
    if (closed || (timer !== undefined && soonest !== Number.POSITIVE_INFINITY && timer.until <= soonest)) return
    timer?.controller.abort()
    timer = undefined
    if (soonest === Number.POSITIVE_INFINITY) return
    const ms = Math.min(Math.max(soonest - now(), 0), LONGEST_SLEEP)
    const controller = new AbortController()
    const mine = { until: soonest, controller }
    timer = mine
    const end = ms === 0 ? Promise.resolve() : sleep(ms, controller.signal)
    end.then(
      () => {
        if (timer === mine) look()
      },
      (error: unknown) => {
        if (!controller.signal.aborted) throw error
      },
    )
  }

  function look(): void {
    timer = undefined
    const at = now()
    for (const [queue, end] of ends) {
      if (end <= at) due(queue)
    }
    arm()
  }

  function due(queue: number): void {
    if (closed || underway.has(queue)) return
    underway.add(queue)
    ends.delete(queue)
    expire(queue)
  }

  return {
    note(queue, at) {
      if (at >= (ends.get(queue) ?? Number.POSITIVE_INFINITY)) return
      ends.set(queue, at)
      if (timer === undefined || at < timer.until) arm()
    },
    due,
    set(queue, at) {
      underway.delete(queue)
      if (at === Number.POSITIVE_INFINITY) ends.delete(queue)
      else ends.set(queue, at)
      arm()
    },
    close() {
      closed = true
      timer?.controller.abort()
      timer = undefined
      ends.clear()
    },
  }
}
