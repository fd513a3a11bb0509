/** Numbers with their nouns. */
const digits = new Intl.NumberFormat('en')

/** "1 resource", "1,204 resources". The plural is the singular with an s unless it is given. */
export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${digits.format(n)} ${n === 1 ? singular : plural}`
}

/** "Storage", "Storage and Index", "Storage, Messages and Index". */
export function list(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** "412 GB", "1.5 GB": decimal units, as disks are sold. */
export function bytes(n: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(n, 1)) / 3), units.length - 1)
  const value = n / 1000 ** power
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power]}`
}
