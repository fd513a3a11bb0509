/** One retry policy for every port call the engine makes: exponential backoff with full jitter, a bounded number of attempts. */
import { PortError } from '../../../shared/errors'
import type { Clock } from '../ports/clock'

export interface RetryPolicy {
  /** Calls in all, the first included. */
  readonly attempts: number
  /** Ceiling of the first wait, in milliseconds; it doubles with each attempt. */
  readonly backoffMs: number
  /** No wait is longer. */
  readonly maxBackoffMs: number
}

/** What a call came to after its retries. `error` is the last one. */
export type Attempted<T> =
  | { readonly ok: true; readonly value: T; readonly attempts: number }
  | { readonly ok: false; readonly error: PortError; readonly attempts: number }

/**
 * Call until it succeeds, is refused for good, or the attempts are used up. Only `PortError`s with a transient code are
 * tried again and only `PortError`s are answered; anything else (an abort, a programmer's mistake) is thrown on at once.
 * Full jitter after M. Brooker, "Exponential Backoff And Jitter" (AWS, 2015): wait = random × min(max, base × 2^n).
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
  clock: Clock,
  signal: AbortSignal,
  onFailure: (error: PortError, attempt: number) => void = () => {},
): Promise<Attempted<T>> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      return { ok: true, value: await work(attempt), attempts: attempt }
    } catch (error) {
      if (!(error instanceof PortError)) throw error
      onFailure(error, attempt)
      if (!error.transient || attempt >= policy.attempts) return { ok: false, error, attempts: attempt }
      const ceiling = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** (attempt - 1))
      await clock.sleep(clock.random() * ceiling, signal)
    }
  }
}
