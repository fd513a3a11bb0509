/** Moments in a reader's words. The exact time stands beside them on hover, so these may be short. */
import { format, formatISO } from 'date-fns'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** "12 s", "3 min", "5 h", "2 d": the largest whole unit. Never negative, as two clocks may disagree a little. */
export function duration(ms: number): string {
  if (ms < minute) return `${Math.max(0, Math.floor(ms / second))} s`
  if (ms < hour) return `${Math.floor(ms / minute)} min`
  if (ms < day) return `${Math.floor(ms / hour)} h`
  return `${Math.floor(ms / day)} d`
}

/** "just now", "12 s ago", … and from a week on the date. Both in milliseconds since the epoch. */
export function ago(at: number, now: number): string {
  const past = now - at
  if (past < 2 * second) return 'just now'
  if (past < 7 * day) return `${duration(past)} ago`
  return format(at, 'd MMM yyyy')
}

/** "4 Nov 2026, 14:02:05", in the reader's time zone. */
export function exact(at: number): string {
  return format(at, 'd MMM yyyy, HH:mm:ss')
}

/** For the `datetime` attribute. */
export function machine(at: number): string {
  return formatISO(at)
}
