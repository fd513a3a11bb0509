/**
 * Objects as the port has them, and as Weaviate does. Values that come back otherwise than they were put are kept a second time, as
 * JSON: a UUID's case, a list of dates with offsets, whole numbers that GraphQL has no room for, a vector that float32 cannot compare.
 */
import { standsForItself, uuidOfObject } from '../../../shared/vector-id'
import type { Metadata, VectorObject } from '../../core/ports/vector-index'
import { elementType } from '../../core/vector-index/values'
import { isRecord } from './connection'
import { own, type WeaviateClass } from './schema'
import { isOddValue } from './texts'

export interface WeaviateObject {
  readonly class: string
  readonly id: string
  readonly tenant?: string
  readonly vector: number[]
  readonly properties: Record<string, unknown>
}

interface Exact {
  readonly metadata?: Metadata
  /** Little-endian float32 in base64. */
  readonly vector?: string
}

export function encode({ state, types }: WeaviateClass, { id, vector, metadata, tenant }: VectorObject): WeaviateObject {
  const properties: [string, unknown][] = []
  const exact: [string, unknown][] = []
  const odd: string[] = []
  for (const [name, value] of Object.entries(metadata)) {
    const type = types.get(name) ?? ''
    const sent = sendable(type, value)
    properties.push([name, sent])
    if (!comesBack(type, value, sent)) exact.push([name, value])
    if (isOdd(type, value)) odd.push(name)
  }
  const moved = state.distance === 'cosine' ? ofUsualLength(vector) : vector
  const kept: Exact = {
    ...(exact.length > 0 ? { metadata: Object.fromEntries(exact) as Metadata } : {}),
    ...(moved === vector ? {} : { vector: base64Of(vector) }),
  }
  if (!standsForItself(id)) properties.push([own.id, id])
  if (Object.keys(kept).length > 0) properties.push([own.exact, JSON.stringify(kept)])
  if (odd.length > 0) properties.push([own.odd, odd])
  return {
    class: state.name,
    id: uuidOfObject(state.name, tenant, id),
    ...(tenant === undefined ? {} : { tenant }),
    vector: Array.from(moved),
    properties: Object.fromEntries(properties),
  }
}

/** The id and the metadata of an object from its properties; those that no profile can name are left out. */
export function decode({ types }: WeaviateClass, uuid: string, properties: unknown): { id: string; metadata: Metadata; exact: Exact } {
  const found = isRecord(properties) ? properties : {}
  const exact = exactOf(found[own.exact])
  const entries: [string, unknown][] = []
  for (const [name, type] of types) {
    const kept = exact.metadata !== undefined && Object.hasOwn(exact.metadata, name)
    const value = kept ? exact.metadata?.[name] : valueFrom(type, Object.hasOwn(found, name) ? found[name] : undefined)
    if (value !== undefined) entries.push([name, value])
  }
  const id = found[own.id]
  return { id: typeof id === 'string' ? id : uuid, metadata: Object.fromEntries(entries) as Metadata, exact }
}

export function vectorFrom(stored: unknown, exact: Exact): Float32Array {
  if (exact.vector !== undefined) return fromBase64(exact.vector)
  return Float32Array.from(Array.isArray(stored) ? (stored as number[]) : [])
}

/** Null stands for no value; inside a list, for one that GraphQL has no room for. */
function valueFrom(type: string, value: unknown): unknown {
  if (value === null || value === undefined) return undefined
  if (elementType(type as 'text') === undefined) return value
  return Array.isArray(value) ? value.filter((item) => item !== null) : undefined
}

function exactOf(text: unknown): Exact {
  if (typeof text !== 'string') return {}
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? (value as Exact) : {}
  } catch {
    // Somebody else wrote into it; what the other properties hold is then all there is.
    return {}
  }
}

function sendable(type: string, value: unknown): unknown {
  if (type === 'uuid') return (value as string).toLowerCase()
  if (type === 'uuid[]') return (value as readonly string[]).map((item) => item.toLowerCase())
  if (type.startsWith('text') || type === 'vectorRef') return mapped(value, (text) => (text as string).toWellFormed())
  return value
}

/** The server rewrites dates: without zeros at the end, `Z` for no offset, and in lists the instant in UTC. */
const rewrittenAsIs = /T\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?(Z|[+-](?!00:00)\d\d:\d\d)$/
const rewrittenAsIsInLists = /T\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z$/
const largestGraphqlInt = 2 ** 31 - 1

function comesBack(type: string, value: unknown, sent: unknown): boolean {
  if (type === 'int' || type === 'int[]') return every(value, (item) => Math.abs(item as number) <= largestGraphqlInt)
  if (type === 'date') return rewrittenAsIs.test(value as string)
  if (type === 'date[]') return every(value, (item) => rewrittenAsIsInLists.test(item as string))
  if (!Array.isArray(value)) return value === sent
  return value.every((item, position) => item === (sent as readonly unknown[])[position])
}

/** An empty list is in no index either. */
function isOdd(type: string, value: unknown): boolean {
  if (!Array.isArray(value)) return isOddValue(type, value)
  const element = elementType(type as 'text[]') ?? ''
  return value.length === 0 || value.some((item) => isOddValue(element, item))
}

function every(value: unknown, holds: (item: unknown) => boolean): boolean {
  return Array.isArray(value) ? value.every(holds) : holds(value)
}

function mapped(value: unknown, change: (item: unknown) => unknown): unknown {
  return Array.isArray(value) ? value.map(change) : change(value)
}

/** Between these the squares that cosine is computed from keep their digits in float32. */
const shortest = 1e-12
const longest = 1e12

/** Cosine compares directions: of a vector so short or so long that float32 has no square of it, the direction is what is sent. */
export function ofUsualLength(vector: Float32Array): Float32Array {
  const length = lengthOf(vector)
  return length >= shortest && length <= longest ? vector : vector.map((value) => value / length)
}

export function lengthOf(vector: Float32Array): number {
  let sum = 0
  for (const value of vector) sum += value * value
  return Math.sqrt(sum)
}

function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [position, value] of vector.entries()) bytes.writeFloatLE(value, position * 4)
  return bytes.toString('base64')
}

function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64')
  return Float32Array.from({ length: bytes.length / 4 }, (_, position) => bytes.readFloatLE(position * 4))
}
