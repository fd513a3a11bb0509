/**
 * What a request on the data plane names. The path is taken from the request line as it came: a router that decodes twice, collapses
 * slashes or resolves dots would make another key of it.
 */
import type { FastifyRequest } from 'fastify'
import { PortError } from '../../../shared/errors'

export interface Address {
  /** The segments behind the prefix, percent-decoded; of an object's path, all behind the bucket is one. */
  readonly names: readonly string[]
  readonly query: URLSearchParams
}

/** `prefix` ends in a slash; at most `most` names are told apart, the last of them with whatever slashes follow. */
export function addressOf({ raw }: FastifyRequest, prefix: string, most: number): Address {
  const url = raw.url ?? ''
  const question = url.indexOf('?')
  const path = question < 0 ? url : url.slice(0, question)
  const segments = path.slice(prefix.length).split('/')
  const names = segments.length > most ? [...segments.slice(0, most - 1), segments.slice(most - 1).join('/')] : segments
  return { names: names.map(decoded), query: new URLSearchParams(question < 0 ? '' : url.slice(question + 1)) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new PortError('invalid', `"${text.slice(0, 200)}" in the address is not percent-encoded UTF-8.`, { cause: error })
  }
}

/** The one name of an address that has just one, or two of one that has two. Anything else is an address where there is nothing. */
export function required(name: string | undefined, what: string): string {
  if (name === undefined || name === '') throw new PortError('not-found', `The address names no ${what}.`)
  return name
}

/** A name or key of the bus, which AMQP limits to 255 bytes. */
export function shortText(text: string, what: string): string {
  const bytes = Buffer.byteLength(text)
  if (bytes > 255) throw new PortError('invalid', `${what} "${text.slice(0, 60)}…" has ${bytes} bytes; at most 255 are allowed.`)
  return text
}

/** A whole number in the query, or undefined where it is not there. */
export function wholeNumber(query: URLSearchParams, name: string, least: number, most: number): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new PortError('invalid', `${name}=${text.slice(0, 60)} is not a whole number from ${least} to ${most}.`)
}

/** A switch in the query: there, and not `false`. */
export function isOn(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)
  return text !== null && text !== 'false' && text !== '0'
}
