/** What somebody may have meant. */
import { distance } from 'fastest-levenshtein'

/** Longer words are no slip of the pen, and comparing them takes time. */
const longest = 64

/** The known word most like `word`, if any is like it: capitals and separators apart, at most one letter in three differs. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > longest) return undefined
  const plain = (text: string): string => text.toLowerCase().replace(/[-_ .]/g, '')
  const wanted = plain(word)
  let best: { readonly word: string; readonly distance: number } | undefined
  for (const candidate of known) {
    const offered = plain(candidate)
    const far = distance(wanted, offered)
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, offered.length) / 3))
    if (far <= limit && (best === undefined || far < best.distance)) best = { word: candidate, distance: far }
  }
  return best?.word
}
