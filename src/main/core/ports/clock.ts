/** Time, chance and identity, as core gets them. A test's clock stands still until it is told otherwise. */
export interface Clock {
  /** Wall time in milliseconds since the epoch: for people and for records, never for order or durations. */
  now(): number
  /** Milliseconds since some fixed moment; never goes back. */
  monotonic(): number
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Uniform in [0, 1). */
  random(): number
  /** A time-ordered UUID (version 7). */
  uuid(): string
}

/** The wall time as records have it: ISO 8601, UTC. */
export function isoNow(clock: Pick<Clock, 'now'>): string {
  return new Date(clock.now()).toISOString()
}
