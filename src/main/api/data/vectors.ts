/** `/data/index/…`: vectors with metadata, by class and id, and the nearest to a query. */
import type { FastifyReply, FastifyRequest } from 'fastify'
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
import { type Address, addressOf, classOf, required, tenantOf } from './address'
import { bounded, parseJson, wholeBody } from './body'
import { checked, type Handler, type PortOptions } from './options'
import { slicedJson } from './sliced-json'
import { vectorOf } from './vector-input'

const prefix = '/data/index/'

/** The numbers of a vector are looked at one by one in `vector-input`, faster than a schema could. */
const numbers = { vector: z.unknown().optional() }
const leanObject = vectorInputSchema.extend(numbers)
const leanQuery = queryInputSchema.extend(numbers)
const leanElement = batchInputSchema.shape.objects.element.extend(numbers)
/** What is left of a batch once its objects were taken out of it one by one. */
const batchRest = z.strictObject({ objects: z.array(z.unknown()) })

export type VectorHandlers = Readonly<Record<'upsert' | 'get' | 'remove' | 'post', Handler>>

export function vectorHandlers({ ports, held }: PortOptions): VectorHandlers {
  const index = async () => (await ports()).index
  return { upsert, get, remove, post }

  async function post(request: FastifyRequest, reply: FastifyReply): Promise<BatchResult | QueryAnswer> {
    const { names } = addressOf(request, prefix, 2)
    const className = classOf(names[0])
    if (names[1] === 'batch') return batch(className, request, reply)
    if (names[1] === 'query') return query(className, request, reply)
    throw new UserError(
      'not-found',
      `There is nothing at this address; a POST goes to ${prefix}${className}/batch or ${prefix}${className}/query.`,
    )
  }

  async function json(request: FastifyRequest, reply: FastifyReply, what: string): Promise<unknown> {
    return parseJson(await wholeBody(held(request, reply), request, dataLimits.jsonBody, what), what)
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
    const { results, good } = await readBatch(request, reply, what)
    const answers = await (await index()).batch(
      className,
      good.map(({ object }) => object),
      signal,
    )
    for (const [i, { id, error }] of answers.entries()) {
      const place = good[i]?.place
      if (place !== undefined) results[place] = error === undefined ? { id, ok: true } : { id, ok: false, error: { ...error } }
    }
    return { results }
  }

  /** The objects that can be handed on, and the results of those that cannot. Objects of another shape refuse the whole batch. */
  async function readBatch(request: FastifyRequest, reply: FastifyReply, what: string) {
    const results: BatchResult['results'] = []
    const good: { readonly place: number; readonly object: VectorObject }[] = []
    const sliced = slicedJson(what, (value, place) => {
      if (place >= dataLimits.batch) throw new PortError('too-large', `${what}: the batch holds more than ${dataLimits.batch} objects.`)
      const { id, metadata, tenant, ...given } = checked(leanElement, value, `${what}, object ${place}`)
      try {
        const vector = vectorOf(given, `${what}, object ${JSON.stringify(id)}`)
        good.push({ place, object: { id, vector, metadata, ...(tenant === undefined ? {} : { tenant }) } })
        results.push({ id, ok: true })
      } catch (error) {
        if (!(error instanceof PortError)) throw error
        results.push({ id, ok: false, error: { code: error.code, message: error.message } })
      }
    })
    for await (const chunk of bounded(held(request, reply), request, dataLimits.jsonBody, what)) sliced.feed(chunk)
    const { objects } = checked(batchRest, sliced.end(), what)
    const stranger = objects.findIndex((value, place) => value !== place)
    if (stranger >= 0) throw new PortError('invalid', `${what}: objects.${stranger} is not an object with an id and a vector.`)
    if (objects.length !== results.length) throw new PortError('invalid', `${what}: the body has more than one list of objects.`)
    return { results, good }
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
  const className = classOf(names[0])
  const id = required(names[1], 'object')
  const tenant = query.get('tenant')
  return {
    className,
    id,
    tenant: tenant === null ? {} : { tenant: tenantOf(tenant) },
    what: `class ${className}, object ${JSON.stringify(id)}`,
  }
}

function plain(metadata: Metadata): StoredVector['metadata'] {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]),
  ) as StoredVector['metadata']
}
