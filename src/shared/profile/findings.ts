/** What is wrong with a profile, and where: collected from every check, then put in order for the person who wrote it. */
import type { ErrorDetail } from '../errors'
import { compareUtf8 } from '../order'
import { count, type Lines } from './text'

/** Keys and list indices from the document's root. */
export type Path = readonly (string | number)[]

/** A stretch of the text, as offsets; `end` is exclusive. */
export interface Place {
  readonly at: number
  readonly end: number
}

export interface Finding {
  readonly path: Path
  readonly place: Place
  readonly message: string
  /** What to do about it. A function where finding out takes time: only findings that are shown are asked. */
  readonly hint?: string | (() => string)
}

/** More than anybody reads at once; a file with more of them has one mistake many times. */
const most = 100

/** `spec.storage.buckets[2].name`; a key that is not a plain word stands in brackets and quotes. */
function formatPath(path: Path): string {
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`
      if (!/^[A-Za-z_][\w-]{0,99}$/.test(step)) return `[${JSON.stringify(step.length > 100 ? `${step.slice(0, 100)}…` : step)}]`
      return i === 0 ? step : `.${step}`
    })
    .join('')
}

/** The findings in the order of the text, each once, the first hundred with a word about the rest. */
export function toErrorDetails(findings: readonly Finding[], lines: Lines): ErrorDetail[] {
  const rows = findings.map((finding) => ({ ...finding, where: formatPath(finding.path) }))
  rows.sort((a, b) => a.place.at - b.place.at || compareUtf8(a.where, b.where) || compareUtf8(a.message, b.message))
  // An alias brings the same error to every place it is used at, and one correction mends them all.
  const unique = [...new Map(rows.toReversed().map((row) => [`${row.place.at} ${row.message}`, row])).values()].toReversed()
  const details: ErrorDetail[] = unique.slice(0, most).map(({ where, place, message, hint }) => ({
    path: where,
    ...lines.at(place.at),
    message,
    ...(hint === undefined ? {} : { hint: typeof hint === 'function' ? hint() : hint }),
  }))
  const next = unique[most]
  if (next === undefined) return details
  const message = `only the first ${most} errors are listed; there are ${count(unique.length - most)} more from here on`
  return [...details, { path: '', ...lines.at(next.place.at), message }]
}
