/**
 * What a request on the data plane names. The address is taken from the request line as it came: a router that decodes twice, collapses
 * slashes or resolves dots would make another key of it, and the platform's own parser of queries mends what is no UTF-8.
 */
import type { FastifyRequest } from 'fastify'
import { PortError, UserError } from '../../../shared/errors'
import { bucketName, className, type Grammar, nameError, tenantName } from '../../../shared/profile/names'

export interface Query {
  /** The first value of that name, or null. */
  get(name: string): string | null
}

export interface Address {
  /** The segments behind the prefix, percent-decoded; of an object's path, all behind the bucket is one. */
  readonly names: readonly string[]
  readonly query: Query
}

/** `prefix` ends in a slash; at most `most` names are told apart, the last of them with whatever slashes follow. */
export function addressOf({ raw }: Pick<FastifyRequest, 'raw'>, prefix: string, most: number): Address {
  const url = raw.url ?? ''
  const question = url.indexOf('?')
  const path = question < 0 ? url : url.slice(0, question)
  // The router also takes a prefix that is spelt with percent signs, which no client writes; names behind it could not be told.
  if (!path.startsWith(prefix)) throw new UserError('not-found', `There is nothing at this address; it begins with ${prefix}.`)
  const segments = path.slice(prefix.length).split('/')
  const names = segments.length > most ? [...segments.slice(0, most - 1), segments.slice(most - 1).join('/')] : segments
  return { names: names.map(decoded), query: queryOf(question < 0 ? '' : url.slice(question + 1)) }
}

/** `a=1&b`, where a plus sign stands for a space, as forms and the query builders of most languages have it. */
export function queryOf(text: string): Query {
  const fields = new Map<string, string>()
  for (const field of text.split('&')) {
    if (field === '') continue
    const equals = field.indexOf('=')
    const [name, value] = equals < 0 ? [field, ''] : [field.slice(0, equals), field.slice(equals + 1)]
    const key = decoded(name.replaceAll('+', ' '))
    if (!fields.has(key)) fields.set(key, decoded(value.replaceAll('+', ' ')))
  }
  return { get: (name) => fields.get(name) ?? null }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new PortError('invalid', `"${text.slice(0, 200)}" in the address is not percent-encoded UTF-8.`, { cause: error })
  }
}

/** A name of an address that needs one. Without it, it is an address where there is nothing. */
export function required(name: string | undefined, what: string): string {
  if (name === undefined || name === '') throw new PortError('not-found', `The address names no ${what}.`)
  return name
}

/** A bucket, as every backend takes it. */
export function bucketOf(name: string | undefined): string {
  return kept(bucketName, required(name, 'bucket'))
}

export function classOf(name: string | undefined): string {
  return kept(className, required(name, 'class'))
}

export function tenantOf(name: string): string {
  return kept(tenantName, name)
}

function kept(grammar: Grammar, name: string): string {
  const error = nameError(grammar, name)
  if (error !== undefined) throw new PortError('invalid', `${error}; ${grammar.allowed}.`)
  return name
}

/** A name or key of the bus, which AMQP limits to 255 bytes, and which goes without control characters. */
export function shortText(text: string, what: string): string {
  const bytes = Buffer.byteLength(text)
  if (bytes > 255) throw new PortError('invalid', `${what} "${text.slice(0, 60)}…" has ${bytes} bytes; at most 255 are allowed.`)
  if (/\p{Cc}/u.test(text)) throw new PortError('invalid', `${what} ${JSON.stringify(text)} has a control character in it.`)
  return text
}

/** A whole number in the query, or undefined where it is not there. */
export function wholeNumber(query: Query, name: string, least: number, most: number): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new PortError('invalid', `${name}=${text.slice(0, 60)} is not a whole number from ${least} to ${most}.`)
}

/** A switch in the query: there, and neither `false` nor `0`. */
export function isOn(query: Query, name: string): boolean {
  const text = query.get(name)
  return text !== null && text !== 'false' && text !== '0'
}
