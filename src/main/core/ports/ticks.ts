/** The wall time that this data directory last saw, kept over restarts: what tells a clock that jumped from a machine that was off. */
export interface Tick {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Since when, by that same clock, the clock has not been believed; `null` while it is. */
  readonly doubtedSince: number | null
}

export interface Ticks {
  /** Undefined before the first. What is stored but cannot be understood reads as the epoch, which nobody will take for the last time this ran. */
  read(): Promise<Tick | undefined>
  /** Replaces the one before, atomically. */
  write(tick: Tick): Promise<void>
}
