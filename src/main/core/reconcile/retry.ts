/** One retry policy for every port call the engine makes: exponential backoff with full jitter, a bounded number of attempts, a bounded time. */
import { PortError } from '../../../shared/errors'
import type { Clock } from '../ports/clock'

export interface RetryPolicy {
  /** Calls in all, the first included. */
  readonly attempts: number
  /** Ceiling of the first wait, in milliseconds; it doubles with each attempt. */
  readonly backoffMs: number
  /** No wait is longer. */
  readonly maxBackoffMs: number
  /**
   * How long to go on in all, in milliseconds: a call is not begun again that would end later if it took as long as the one before. A
   * server that says nothing is given up by it long before one that refuses at once has used up its attempts.
   */
  readonly patienceMs: number
  /** Calls that are made whatever the patience says, the first included; 1 unless told. */
  readonly leastAttempts?: number
}

/** What a call came to after its retries. `error` is the last one. */
export type Attempted<T> =
  | { readonly ok: true; readonly value: T; readonly attempts: number }
  | { readonly ok: false; readonly error: PortError; readonly attempts: number }

/**
 * Call until it succeeds, is refused for good, or the attempts or the patience are used up. Only `PortError`s with a transient code are
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
  const begun = clock.monotonic()
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    const started = clock.monotonic()
    try {
      return { ok: true, value: await work(attempt), attempts: attempt }
    } catch (error) {
      if (!(error instanceof PortError)) throw error
      onFailure(error, attempt)
      if (!error.transient || attempt >= policy.attempts) return { ok: false, error, attempts: attempt }
      const ceiling = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** (attempt - 1))
      const wait = clock.random() * ceiling
      const ended = clock.monotonic()
      const again = ended + wait + (ended - started)
      if (attempt >= (policy.leastAttempts ?? 1) && again - begun > policy.patienceMs) return { ok: false, error, attempts: attempt }
      await clock.sleep(wait, signal)
    }
  }
}
