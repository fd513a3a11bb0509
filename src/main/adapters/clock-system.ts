/** The computer's own clock, timers and randomness. */
import { setTimeout as sleep } from 'node:timers/promises'
import { v7 } from 'uuid'
import type { Clock } from '../core/ports/clock'

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  uuid: () => v7(),
  async sleep(ms, signal) {
    try {
      await sleep(ms, undefined, { signal, ref: true })
    } catch (error) {
      // Node wraps the reason; callers compare it with their own.
      throw signal.aborted ? signal.reason : error
    }
  },
}
