/**
 * Whether the wall clock may decide what is old. Expiry destroys, and a clock that jumped ten years ahead would expire everything
 * at once; so it is believed only while it runs as time does, and after a jump only once it has done so for a day again.
 */
import type { Tick } from '../ports/ticks'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
/** A clock that is corrected by this much, as time servers do, did not jump. */
const correctionMs = 5 * minuteMs

export interface Reading {
  /** The wall time now, in milliseconds since the epoch. */
  readonly now: number
  /** Milliseconds that passed since the last tick, by a clock that cannot be set; undefined for the first tick of a process, which only knows what is stored. */
  readonly passed: number | undefined
}

export interface Judgement {
  /** To be stored in place of the last one. */
  readonly tick: Tick
  readonly trusted: boolean
  /** Why not, for a person. */
  readonly reason?: string
}

/** The first reading of a new data directory is believed: there is nothing in it yet that could be old. */
export function judge(last: Tick | undefined, { now, passed }: Reading): Judgement {
  if (last === undefined) return { tick: { at: now, doubtedSince: null }, trusted: true }
  // A suspended machine's other clock stands still as well, so up to a day of difference is no jump.
  const ahead = now - last.at - (passed ?? 0)
  if (ahead > dayMs || ahead < -correctionMs) {
    const reason = `the clock went from ${iso(last.at)} to ${iso(now)}${passed === undefined ? ' since this node last ran' : ''}`
    return { tick: { at: now, doubtedSince: now }, trusted: false, reason }
  }
  if (last.doubtedSince !== null && now - last.doubtedSince < dayMs) {
    const { doubtedSince } = last
    return { tick: { at: now, doubtedSince }, trusted: false, reason: `the clock jumped, and has run well only since ${iso(doubtedSince)}` }
  }
  return { tick: { at: now, doubtedSince: null }, trusted: true }
}

function iso(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString()
}
