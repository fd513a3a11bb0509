/** Small helpers for text that a person wrote and for sentences that a person reads. */
import { utf8ToBytes } from '@noble/hashes/utils.js'

/** The length of a text in bytes of UTF-8. */
export function utf8Length(text: string): number {
  return utf8ToBytes(text).length
}

/** Where a text's offsets are, as an editor counts: 1-based lines, and columns in UTF-16 units. */
export interface Lines {
  at(offset: number): { readonly line: number; readonly column: number }
}

export function linesOf(text: string): Lines {
  const starts = [0]
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) starts.push(i + 1)
  return {
    at(offset) {
      const inside = Math.min(Math.max(offset, 0), text.length)
      let low = 0
      let high = starts.length
      while (high - low > 1) {
        const middle = (low + high) >> 1
        if ((starts[middle] ?? 0) <= inside) low = middle
        else high = middle
      }
      return { line: low + 1, column: inside - (starts[low] ?? 0) + 1 }
    },
  }
}

const longestQuote = 60

/** A piece of somebody's text inside a sentence: in backticks (or single quotes, where it has one), on one line, not too long. */
export function quote(text: string): string {
  const points = [...text.slice(0, 2 * longestQuote + 2)]
  const short = points.length > longestQuote ? `${points.slice(0, longestQuote).join('')}…` : points.join('')
  const mark = short.includes('`') ? "'" : '`'
  return `${mark}${short.replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1))}${mark}`
}

/** `a`, `b` and `c`, each quoted. */
export function quoteAll(texts: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  const quoted = texts.map(quote)
  const last = quoted.pop() ?? ''
  return quoted.length === 0 ? last : `${quoted.join(', ')} ${conjunction} ${last}`
}

/** A whole number with its thousands set apart, the same in every locale. */
export function count(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}
