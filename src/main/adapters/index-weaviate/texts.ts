/** Values that Weaviate's index does not hold as they are. */

/** Go's and JavaScript's idea of white space differ in these two. */
const edge = /^[\s\u0085\ufeff]|[\s\u0085\ufeff]$/u

/** The index trims texts, keeps no empty one as present, and JSON on its way replaces half a surrogate pair. */
export function isOddText(text: string): boolean {
  return text === '' || edge.test(text) || text.includes('\u0000') || !text.isWellFormed()
}

/** Instants are indexed as nanoseconds in 64 bits, which hold the years 1678 to 2261 whole. */
export function isOddDate(text: string): boolean {
  const year = Number(text.slice(0, 4))
  return year < 1678 || year > 2261
}

/** Whether an element of a list, or a value that is no list, stands in the index as it is. */
export function isOddValue(type: string, value: unknown): boolean {
  if (type === 'text' || type === 'vectorRef') return isOddText(value as string)
  return type === 'date' && isOddDate(value as string)
}
