/** Brackets and quotes that are opened and never closed, found while the text is cut into tokens. */
import { CST } from 'yaml'

export interface OpeningMarks {
  /** The next token, unless it is the text of a plain or block scalar. */
  next(lexeme: string, at: number): void
  end(): void
  /** How many were reported. */
  readonly unclosed: number
}

const closingOf: Readonly<Record<string, string>> = { '[': ']', '{': '}' }

/** `report` gets the place and the text of each mark that is left open. */
export function openingMarks(report: (at: number, mark: string) => void): OpeningMarks {
  const open: { readonly at: number; readonly mark: string }[] = []
  let unclosed = 0

  function complain(at: number, mark: string): void {
    unclosed++
    report(at, mark)
  }

  function end(): void {
    for (const { at, mark } of open.splice(0)) complain(at, mark)
  }

  return {
    next(lexeme, at) {
      const mark = lexeme.charAt(0)
      if (lexeme === CST.FLOW_END) end()
      else if (mark === '[' || mark === '{') open.push({ at, mark })
      else if (mark === ']' || mark === '}') {
        const last = open.pop()
        if (last !== undefined && closingOf[last.mark] !== mark) complain(last.at, last.mark)
      } else if ((mark === '"' || mark === "'") && !endsWithItsQuote(lexeme, mark)) complain(at, mark)
    },
    end,
    get unclosed() {
      return unclosed
    },
  }
}

/** A double quote is escaped by a backslash, a single one by another, so it is the parity before the end that counts. */
function endsWithItsQuote(lexeme: string, mark: string): boolean {
  if (lexeme.length < 2 || !lexeme.endsWith(mark)) return false
  const escaping = mark === '"' ? '\\' : "'"
  let start = lexeme.length - 1
  while (start > 1 && lexeme.charAt(start - 1) === escaping) start--
  return (lexeme.length - 1 - start) % 2 === 0
}
