/**
 * The one order in which names and keys are sorted: that of their UTF-8 bytes, as S3 lists them.
 * JavaScript's `<` compares UTF-16 units, which places U+FFFF before U+10000's surrogates the other way round.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** Surrogates encode code points above every other unit, so they must sort after U+E000–U+FFFF. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

/** A sorted copy, by the name that `key` reads from each item. */
export function sortedBy<T>(items: Iterable<T>, key: (item: T) => string): T[] {
  return [...items].sort((a, b) => compareUtf8(key(a), key(b)))
}
