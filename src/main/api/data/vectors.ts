/** `/data/index/…`: vectors with metadata, by class and id, and the nearest to a query. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import {
  type BatchResult,
  batchInputSchema,
  dataLimits,
  type QueryAnswer,
  queryInputSchema,
  type StoredVector,
  vectorInputSchema,
} from '../../../shared/data-plane'
import { PortError, UserError } from '../../../shared/errors'
import type { Filter, Metadata, VectorObject } from '../../core/ports/vector-index'
import { whileAwaited } from '../calls'
import { type Address, addressOf, required } from './address'
import { incomingBody, letGoOfBody, parseJson, wholeBody } from './body'
import { checked, type DataOptions } from './data-plane'

const prefix = '/data/index/'

/** The numbers of a vector are looked at one by one below, faster than a schema could. */
const numbers = { vector: z.unknown().optional() }
const leanObject = vectorInputSchema.extend(numbers)
const leanQuery = queryInputSchema.extend(numbers)
const leanBatch = z.strictObject({
  objects: z
    .array(
      batchInputSchema.shape.objects.element.extend(numbers),
      // The port has the same limit; here, so that a larger one is named before it is taken apart.
    )
    .max(dataLimits.batch),
})

export function serveVectors(app: FastifyInstance, { ports, limits }: DataOptions): void {
  const index = async () => (await ports()).index
  app.put(`${prefix}*`, (request, reply) => upsert(request, reply))
  app.get(`${prefix}*`, { exposeHeadRoute: false }, (request, reply) => get(request, reply))
  app.delete(`${prefix}*`, (request, reply) => remove(request, reply))
  app.post(`${prefix}*`, (request, reply) => {
    const { names } = addressOf(request, prefix, 2)
    const className = required(names[0], 'class')
    if (names[1] === 'batch') return batch(className, request, reply)
    if (names[1] === 'query') return query(className, request, reply)
    throw new UserError(
      'not-found',
      `There is nothing at this address; a POST goes to ${prefix}${className}/batch or ${prefix}${className}/query.`,
    )
  })

  async function json(request: FastifyRequest, reply: FastifyReply, what: string): Promise<unknown> {
    const body = incomingBody(request, reply, { stallMs: limits.stallMs, received: () => undefined })
    try {
      return parseJson(await wholeBody(body, request, dataLimits.jsonBody, what), what)
    } catch (error) {
      letGoOfBody(request, reply)
      throw body.broken() ?? error
    }
  }

  async function upsert(request: FastifyRequest, reply: FastifyReply): Promise<{ id: string }> {
    const { className, id, tenant, what } = objectAt(addressOf(request, prefix, 2))
    const signal = whileAwaited(reply)
    const given = checked(leanObject, await json(request, reply, what), what)
    await (await index()).upsert(className, { id, vector: vectorOf(given, what), metadata: given.metadata, ...tenant }, signal)
    return { id }
  }

  async function get(request: FastifyRequest, reply: FastifyReply): Promise<StoredVector> {
    const { className, id, tenant } = objectAt(addressOf(request, prefix, 2))
    const found = await (await index()).get(className, id, tenant.tenant, whileAwaited(reply))
    return { id: found.id, vector: [...found.vector], metadata: plain(found.metadata), ...tenant }
  }

  async function remove(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { className, id, tenant } = objectAt(addressOf(request, prefix, 2))
    await (await index()).delete(className, id, tenant.tenant, whileAwaited(reply))
    return reply.code(204).send()
  }

  async function batch(className: string, request: FastifyRequest, reply: FastifyReply): Promise<BatchResult> {
    const what = `class ${className}`
    const signal = whileAwaited(reply)
    const value = await json(request, reply, what)
    const length = Array.isArray((value as { objects?: unknown } | null)?.objects) ? (value as { objects: unknown[] }).objects.length : 0
    if (length > dataLimits.batch) {
      throw new PortError('too-large', `${what}: the batch holds ${length} objects; at most ${dataLimits.batch} are allowed.`)
    }
    const { objects } = checked(leanBatch, value, what)
    const results = new Map<number, BatchResult['results'][number]>()
    const good: { readonly place: number; readonly object: VectorObject }[] = []
    for (const [place, { id, metadata, tenant, ...given }] of objects.entries()) {
      try {
        const vector = vectorOf(given, `${what}, object ${JSON.stringify(id)}`)
        good.push({ place, object: { id, vector, metadata, ...(tenant === undefined ? {} : { tenant }) } })
      } catch (error) {
        if (!(error instanceof PortError)) throw error
        results.set(place, { id, ok: false, error: { code: error.code, message: error.message } })
      }
    }
    const answers = await (await index()).batch(
      className,
      good.map(({ object }) => object),
      signal,
    )
    for (const [i, { id, error }] of answers.entries()) {
      const place = good[i]?.place
      if (place !== undefined) results.set(place, error === undefined ? { id, ok: true } : { id, ok: false, error: { ...error } })
    }
    return { results: objects.flatMap((_, place) => results.get(place) ?? []) }
  }

  async function query(className: string, request: FastifyRequest, reply: FastifyReply): Promise<QueryAnswer> {
    const what = `query of class ${className}`
    const signal = whileAwaited(reply)
    const { k, tenant, filter, ...given } = checked(leanQuery, shallow(await json(request, reply, what), what), what)
    const found = await (await index()).query(
      className,
      {
        vector: vectorOf(given, what),
        k,
        ...(tenant === undefined ? {} : { tenant }),
        ...(filter === undefined ? {} : { filter: filter as Filter }),
      },
      signal,
    )
    return { results: found.results.map(({ id, score, metadata }) => ({ id, score, metadata: plain(metadata) })), partial: found.partial }
  }
}

/** Schemas walk down into what they check, and each level is a stack frame. */
const deepest = 200

function shallow(value: unknown, what: string): unknown {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) throw new PortError('invalid', `${what}: the body is nested more than ${deepest} levels deep.`)
    level = level.flatMap((one) =>
      typeof one === 'object' && one !== null ? Object.values(one).filter((inner) => typeof inner === 'object') : [],
    )
  }
  return value
}

function objectAt({ names, query }: Address) {
  const className = required(names[0], 'class')
  const id = required(names[1], 'object')
  const tenant = query.get('tenant')
  return { className, id, tenant: tenant === null ? {} : { tenant }, what: `class ${className}, object ${JSON.stringify(id)}` }
}

/** The vector of exactly one of the two spellings. */
function vectorOf(given: { readonly vector?: unknown; readonly vector_base64?: string | undefined }, what: string): Float32Array {
  const { vector, vector_base64: base64 } = given
  if ((vector === undefined) === (base64 === undefined)) {
    throw new PortError('invalid', `${what}: give the vector as exactly one of vector and vector_base64.`)
  }
  if (base64 !== undefined) return fromBase64(base64, what)
  if (!Array.isArray(vector)) throw new PortError('invalid', `${what}: vector is not a list of numbers.`)
  const result = new Float32Array(vector.length)
  for (let i = 0; i < vector.length; i++) {
    const number: unknown = vector[i]
    if (typeof number !== 'number')
      throw new PortError('invalid', `${what}: vector[${i}] is ${JSON.stringify(number)}, which is not a number.`)
    result[i] = number
  }
  return result
}

function fromBase64(text: string, what: string): Float32Array {
  const bytes = Buffer.from(text, 'base64')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw new PortError('invalid', `${what}: vector_base64 is not base64 with its padding.`)
  }
  if (bytes.length % Float32Array.BYTES_PER_ELEMENT !== 0) {
    throw new PortError('invalid', `${what}: vector_base64 holds ${bytes.length} bytes, which are not whole numbers of 4 bytes.`)
  }
  const result = new Float32Array(bytes.length / Float32Array.BYTES_PER_ELEMENT)
  for (let i = 0; i < result.length; i++) result[i] = bytes.readFloatLE(i * Float32Array.BYTES_PER_ELEMENT)
  return result
}

function plain(metadata: Metadata): StoredVector['metadata'] {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]),
  ) as StoredVector['metadata']
}
