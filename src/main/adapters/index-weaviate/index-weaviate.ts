/**
 * A vector index kept by Weaviate. Opening connects to nothing: a server out of reach is an error of the calls. How objects, types
 * and filters are mapped is told in docs/TECHNICAL/weaviate.md.
 */
import type { Examinable } from '../../core/ports/examinable'
import type { IndexRemover, IndexShaper, IndexView, VectorIndex, VectorObject } from '../../core/ports/vector-index'
import { checkBatch } from '../../core/vector-index/checks'
import { httpTo } from '../net/http'
import type { Purpose } from '../net/purpose'
import { sendBatch } from './batch'
import { classMemory } from './classes'
import { type Call, callOver } from './connection'
import * as data from './data'
import { examine } from './examine'
import { toPortError } from './refusal'
import * as shape from './shaper'
import { contentsOf, describeClasses } from './view'
import { ownerOf } from './write'

export interface IndexWeaviateOptions {
  /** `http(s)://host:port`, with a path before `/v1` where a proxy has put one. */
  readonly url: string
  readonly apiKey?: string
  /** PEM of a certificate authority to trust with `https` instead of the usual ones. */
  readonly ca?: string
  /** Milliseconds without progress after which a call is given up. */
  readonly deadlineMs: number
}

const maxSockets = 32
/** More than any answer to what is asked here. */
const longestAnswer = 256 * 1024 * 1024

type IndexWeaviate = VectorIndex & IndexView & IndexShaper & IndexRemover & Examinable

export function openIndexWeaviate({ url, apiKey, ca, deadlineMs }: IndexWeaviateOptions): IndexWeaviate {
  const place = { server: 'Weaviate', address: withoutCredentials(url), caVariable: 'WEAVIATE_CA_FILE' }
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  const http = httpTo({ url: place.address, place, headers, deadlineMs, ca, maxSockets, longestAnswer })
  const classes = classMemory()

  /** One call of the port: everything it asks of the server ends with its signal, and every failure names `owner`. */
  async function over<T>(purpose: Purpose, owner: string, signal: AbortSignal, work: (call: Call) => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    try {
      return await work(callOver(http, purpose, signal))
    } catch (error) {
      throw signal.aborted && error === signal.reason ? error : toPortError(error, place, owner)
    }
  }

  const calling = <T>(owner: string, signal: AbortSignal, work: (call: Call) => Promise<T>) => over('data', owner, signal, work)
  const shaping = <T>(owner: string, signal: AbortSignal, work: (call: Call) => Promise<T>) => over('control', owner, signal, work)

  return {
    supports: { filters: true, replacesInPlace: false },
    authoritative: true,

    async upsert(className, object, signal) {
      const copied = withOwnVector(object)
      await calling(ownerOf(className, object.id), signal, (call) => data.upsert(call, classes, className, copied))
    },
    async batch(className, objects, signal) {
      checkBatch(objects.length, `Class ${className}`)
      const copied = objects.map(withOwnVector)
      return await calling(`Class ${className}`, signal, (call) => sendBatch(call, classes, className, copied))
    },
    get: (className, id, tenant, signal) =>
      calling(ownerOf(className, id), signal, (call) => data.get(call, classes, className, id, tenant)),
    delete: (className, id, tenant, signal) =>
      calling(ownerOf(className, id), signal, (call) => data.remove(call, classes, className, id, tenant)),
    query: (className, query, signal) =>
      calling(`Query of class ${className}`, signal, (call) => data.query(call, classes, className, query)),

    describe: (names, signal) => shaping('The schema', signal, (call) => describeClasses(call, names)),
    contents: (className, tenant, signal) => shaping(`Class ${className}`, signal, (call) => contentsOf(call, classes, className, tenant)),

    ensureClass: (wish, signal) => shaping(`Class ${wish.name}`, signal, (call) => shape.ensureClass(call, classes, wish)),
    ensureProperties: (className, properties, signal) =>
      shaping(`Class ${className}`, signal, (call) => shape.ensureProperties(call, classes, className, properties)),
    ensureTenants: (className, tenants, signal) =>
      shaping(`Class ${className}`, signal, (call) => shape.ensureTenants(call, classes, className, tenants)),
    removeClass: (className, { contents }, signal) =>
      shaping(`Class ${className}`, signal, (call) => shape.removeClass(call, classes, className, contents)),
    removeTenant: (className, tenant, { contents }, signal) =>
      shaping(`Class ${className}`, signal, (call) => shape.removeTenant(call, classes, className, tenant, contents)),

    examine: (signal) => examine(callOver(http, 'control', signal), place, signal),
    async close() {
      http.close(Object.assign(new Error('the index was closed'), { code: 'ECONNABORTED' }))
    },
  }
}

function withoutCredentials(url: string): string {
  const parsed = new URL(url)
  parsed.username = ''
  parsed.password = ''
  return parsed.href.replace(/\/+$/, '')
}

/** A caller may fill its vector anew while the write is on its way. */
function withOwnVector(object: VectorObject): VectorObject {
  return { ...object, vector: object.vector.slice() }
}
