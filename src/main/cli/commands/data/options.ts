/** Options of the data commands that need a look before they go on their way. */
import { UserError } from '../../../../shared/errors'
import { encodeHeaderName } from '../../../../shared/header-text'

/** A whole number of at least 1; undefined where the option was not given. */
export function numberOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new UserError('usage', `${option} takes a whole number from 1, not "${text}".`)
}

/** `NAME=VALUE` options as headers whose names begin with `prefix`. */
export function headersOf(given: readonly string[] | undefined, option: string, prefix: string): Readonly<Record<string, string>> {
  const headers = (given ?? []).map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw new UserError('usage', `${option} takes NAME=VALUE, not "${text}".`)
    return [prefix + encodeHeaderName(text.slice(0, at)), encodeURIComponent(text.slice(at + 1))]
  })
  return Object.fromEntries(headers)
}
