/** Small pieces of which all text answers are made. */
import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** The text in a style, or as it is where colours are not wanted. */
export type Paint = (style: Style, text: string) => string

export function createPaint(coloured: boolean): Paint {
  return coloured ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}

/**
 * Text from outside on one line: a profile, a backend or a file name could otherwise move the cursor, or reorder what is read,
 * by control and direction characters.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const json = JSON.stringify(character).slice(1, -1)
    return json === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : json
  })
}

/** A FILE argument in messages: `-` reads as `<stdin>`, the way compilers put it. */
export function shownFile(file: string): string {
  return file === '-' ? '<stdin>' : file
}

/** `1 change`, `2 changes`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`
}

/** Left-aligned columns, two spaces apart, without spaces at the ends of lines. The longest cell of a column decides its width. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length)
    })
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** The start of a hash: enough to tell two apart. */
export function short(hash: string): string {
  return hash.slice(0, 12)
}

/** A moment in the local time zone, or in `timeZone`: `2026-11-24 06:12:03`. Text that is no moment is returned as it is. */
export function moment(iso: string, timeZone?: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return oneLine(iso)
  // Swedish writes dates the ISO way round.
  return new Intl.DateTimeFormat('sv-SE', {
    dateStyle: 'short',
    timeStyle: 'medium',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(date)
}

export function lines(...parts: readonly (string | readonly string[])[]): string {
  return parts
    .flat()
    .map((line) => `${line}\n`)
    .join('')
}
