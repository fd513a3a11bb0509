/** What a binding of a headers exchange asks of a message, by the rules of RabbitMQ. */

import type { Headers } from './headers'

/**
 * `x-match` says how many of the other arguments a message must have as headers of equal value: `all` (also when it is absent)
 * or `any` one. Names that begin with `x-` are not compared, unless it is `all-with-x` or `any-with-x`.
 */
export function headerMatch(bindingArguments: Headers): (headers: Headers) => boolean {
  const how = bindingArguments['x-match'] ?? 'all'
  const withX = how.endsWith('-with-x')
  const wanted = Object.entries(bindingArguments).filter(([name]) => name !== 'x-match' && (withX || !name.startsWith('x-')))
  const has = (headers: Headers, [name, value]: readonly [string, string]) => Object.hasOwn(headers, name) && headers[name] === value
  return how.startsWith('any')
    ? (headers) => wanted.some((one) => has(headers, one))
    : (headers) => wanted.every((one) => has(headers, one))
}
