/** A clock that stands still: sleeps are recorded, and end at once or when the test lets time pass. */
import type { Clock } from '../../src/main/core/ports/clock'

export interface TestClock extends Clock {
  /** Every wait asked for, in milliseconds. */
  readonly waits: number[]
  /** Let time pass: sleeps that are due end. */
  advance(ms: number): Promise<void>
}

export function testClock(options: { sleepEndsAtOnce?: boolean | ((ms: number) => boolean); random?: () => number } = {}): TestClock {
  let now = Date.UTC(2026, 0, 1)
  let ids = 0
  const waits: number[] = []
  const { sleepEndsAtOnce = false } = options
  const endsAtOnce = typeof sleepEndsAtOnce === 'function' ? sleepEndsAtOnce : () => sleepEndsAtOnce
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>()
  return {
    waits,
    now: () => now,
    monotonic: () => now,
    random: options.random ?? (() => 0.5),
    uuid: () => `00000000-0000-7000-8000-${String(++ids).padStart(12, '0')}`,
    sleep(ms, signal) {
      waits.push(ms)
      if (signal.aborted) return Promise.reject(signal.reason)
      if (endsAtOnce(ms)) {
        now += ms
        return Promise.resolve()
      }
      return new Promise((resolve, reject) => {
        const sleeper = { until: now + ms, wake: resolve }
        sleepers.add(sleeper)
        signal.addEventListener('abort', () => {
          sleepers.delete(sleeper)
          reject(signal.reason)
        })
      })
    },
    async advance(ms) {
      now += ms
      for (const sleeper of [...sleepers]) {
        if (sleeper.until > now) continue
        sleepers.delete(sleeper)
        sleeper.wake()
      }
      await settle()
    },
  }
}

/** Let everything run that only waits for promises. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}
