/** `/data/storage/…`: objects over HTTP, streamed both ways. */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { dataLimits, type ObjectListing, type StoredObject, type VersionPage } from '../../../shared/data-plane'
import { PortError } from '../../../shared/errors'
import type { Bytes, ObjectInfo } from '../../core/ports/object-storage'
import { whileAwaited } from '../calls'
import { sendProblem } from '../problems'
import { addressOf, isOn, required, wholeNumber } from './address'
import { incomingBody, letGoOfBody } from './body'
import type { DataOptions } from './data-plane'
import { type ByteRange, decoded, headersOf, judgeRead, oneTag, putOptionsOf, rangeOf } from './object-headers'

const prefix = '/data/storage/'

interface Named {
  readonly bucket: string
  readonly key: string
  readonly resource: string
  readonly query: URLSearchParams
}

export function serveObjects(app: FastifyInstance, { ports, limits }: DataOptions): void {
  const url = `${prefix}*`
  const storage = async () => (await ports()).storage
  app.put(url, (request, reply) => put(request, reply))
  app.get(url, { exposeHeadRoute: false }, async (request, reply) => {
    const { bucket, key, query } = keyOrBucket(request)
    if (key !== undefined) return get(named(request), request, reply)
    return isOn(query, 'versions') || query.get('versions') === '' ? versions(bucket, query, reply) : list(bucket, query, reply)
  })
  app.head(url, (request, reply) => head(request, reply))
  app.delete(url, (request, reply) => remove(request, reply))
  app.post(url, (request, reply) => restore(request, reply))

  async function put(request: FastifyRequest, reply: FastifyReply): Promise<StoredObject> {
    const { bucket, key, resource } = named(request)
    const options = putOptionsOf(request.headers, resource)
    const source = request.headers['x-copy-source']
    const signal = whileAwaited(reply)
    if (source !== undefined) {
      const { contentType: _, ...stated } = options
      return stored(reply, await (await storage()).copy(sourceOf(String(source), resource), { bucket, key }, stated, signal))
    }
    const body = incomingBody(request, reply, { stallMs: limits.stallMs, received: () => undefined })
    try {
      return stored(reply, await (await storage()).put(bucket, key, body.bytes, options, signal))
    } catch (error) {
      letGoOfBody(request, reply)
      throw body.broken() ?? error
    }
  }

  async function get({ bucket, key, resource, query }: Named, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const signal = whileAwaited(reply)
    const version = versionOf(query)
    const port = await storage()
    const known = request.headers.range === undefined ? undefined : await port.head(bucket, key, version, signal)
    const range = known === undefined ? undefined : rangeOf(request.headers, known)
    if (known !== undefined && range === 'unsatisfiable') return unsatisfiable(reply, resource, known)
    const { info, body } = await port.get(bucket, key, { ...version, ...(typeof range === 'object' ? { range } : {}) }, signal)
    // Another object may have come between the two: then all of it is the answer, which a client of ranges understands.
    if (known !== undefined && info.etag !== known.etag) {
      await endOf(body)
      delete request.headers.range
      return get({ bucket, key, resource, query }, request, reply)
    }
    const judgement = judgeRead(request.headers, info.etag)
    if (judgement !== 'serve') {
      await endOf(body)
      return answerWithout(judgement, reply, resource, info)
    }
    return send(reply, info, body, typeof range === 'object' ? range : undefined)
  }

  function send(reply: FastifyReply, info: ObjectInfo, body: Bytes, range: ByteRange | undefined): FastifyReply {
    reply.headers(headersOf(info))
    const length = range === undefined ? info.size : range.end - range.start + 1
    reply.header('content-length', length)
    if (range !== undefined) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${info.size}`)
    // A reader that takes nothing for long holds a file open for nobody.
    reply.raw.setTimeout(limits.readerMs, () => reply.raw.destroy())
    return reply.send(Readable.from(body, { objectMode: false, highWaterMark: 512 * 1024 }))
  }

  async function head(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { bucket, key, resource, query } = named(request)
    const info = await (await storage()).head(bucket, key, versionOf(query), whileAwaited(reply))
    const judgement = judgeRead(request.headers, info.etag)
    if (judgement !== 'serve') return answerWithout(judgement, reply, resource, info)
    return reply.headers(headersOf(info)).header('content-length', info.size).send()
  }

  async function list(bucket: string, query: URLSearchParams, reply: FastifyReply): Promise<ObjectListing> {
    const after = query.get('after')
    const found = await (await storage()).list(
      bucket,
      { ...pageOf(query), ...(after === null ? {} : { after: keyText(after, bucket) }) },
      whileAwaited(reply),
    )
    return { objects: found.objects.map(entryOf), prefixes: [...found.prefixes], ...(found.next === undefined ? {} : { next: found.next }) }
  }

  async function versions(bucket: string, query: URLSearchParams, reply: FastifyReply): Promise<VersionPage> {
    const after = query.get('after')
    const version = query.get('after_version')
    const key = query.get('of')
    const found = await (await storage()).versions(
      bucket,
      {
        ...pageOf(query),
        ...(key === null ? {} : { key: keyText(key, bucket) }),
        ...(after === null ? {} : { after: { key: keyText(after, bucket), ...(version === null ? {} : { version }) } }),
      },
      whileAwaited(reply),
    )
    return {
      versions: found.versions.map((one) => ({
        ...entryOf(one),
        version: one.version,
        latest: one.latest,
        delete_marker: one.deleteMarker,
      })),
      prefixes: [...found.prefixes],
      ...(found.next === undefined ? {} : { next: found.next.key }),
      ...(found.next?.version === undefined ? {} : { next_version: found.next.version }),
    }
  }

  async function remove(request: FastifyRequest, reply: FastifyReply): Promise<{ version?: string; delete_marker: boolean }> {
    const { bucket, key, resource, query } = named(request)
    const ifMatch = request.headers['if-match']
    const options = { ...versionOf(query), ...(ifMatch === undefined ? {} : { ifMatch: oneTag(ifMatch, resource) }) }
    const { version, deleteMarker } = await (await storage()).delete(bucket, key, options, whileAwaited(reply))
    return { ...(version === undefined ? {} : { version }), delete_marker: deleteMarker }
  }

  async function restore(request: FastifyRequest, reply: FastifyReply): Promise<StoredObject> {
    const { bucket, key, resource, query } = named(request)
    const version = query.get('restore')
    if (version === null || version === '') {
      throw new PortError('invalid', `${resource}: a POST restores a version, which ?restore=VERSION names.`)
    }
    return stored(reply, await (await storage()).restore(bucket, key, version, whileAwaited(reply)))
  }
}

function keyOrBucket(request: FastifyRequest): { bucket: string; key: string | undefined; query: URLSearchParams } {
  const { names, query } = addressOf(request, prefix, 2)
  const bucket = required(names[0], 'bucket')
  const inPath = names[1]
  const inQuery = query.get('key')
  // `/data/storage/BUCKET/` is the bucket as well: no key is empty.
  return { bucket, key: inPath === undefined || inPath === '' ? (inQuery ?? undefined) : inPath, query }
}

function named(request: FastifyRequest): Named {
  const { bucket, key, query } = keyOrBucket(request)
  if (key === undefined) throw new PortError('invalid', `bucket ${bucket}: the address names no key; it goes into the path or into ?key=.`)
  return { bucket, key: keyText(key, bucket), resource: `${bucket}/${key}`, query }
}

function keyText(key: string, bucket: string): string {
  const bytes = Buffer.byteLength(key)
  if (bytes > dataLimits.key) {
    throw new PortError(
      'invalid',
      `bucket ${bucket}: the key "${key.slice(0, 60)}…" has ${bytes} bytes; at most ${dataLimits.key} are allowed.`,
    )
  }
  return key
}

function versionOf(query: URLSearchParams): { version?: string } {
  const version = query.get('version')
  return version === null ? {} : { version }
}

function pageOf(query: URLSearchParams) {
  const [begin, delimiter, limit] = [query.get('prefix'), query.get('delimiter'), wholeNumber(query, 'limit', 1, dataLimits.listing)]
  return {
    ...(begin === null ? {} : { prefix: begin }),
    ...(delimiter === null ? {} : { delimiter }),
    ...(limit === undefined ? {} : { limit }),
  }
}

/** `bucket/key`, percent-encoded, with `?version=` behind it for an old version. */
function sourceOf(header: string, resource: string): { bucket: string; key: string; version?: string } {
  const [place = '', query = ''] = header.replace(/^\//, '').split('?', 2)
  const slash = place.indexOf('/')
  if (slash < 1 || slash === place.length - 1) {
    throw new PortError('invalid', `${resource}: x-copy-source must be bucket/key, not ${header.slice(0, 100)}.`)
  }
  const version = new URLSearchParams(query).get('version')
  const text = (part: string) => decoded(part, 'x-copy-source', resource)
  return { bucket: text(place.slice(0, slash)), key: text(place.slice(slash + 1)), ...(version === null ? {} : { version }) }
}

function entryOf({ key, size, etag, modified, version }: ObjectInfo) {
  return { key, size, etag, modified, ...(version === undefined ? {} : { version }) }
}

function stored(reply: FastifyReply, info: ObjectInfo): StoredObject {
  reply.header('etag', `"${info.etag}"`)
  if (info.version !== undefined) reply.header('x-version', info.version)
  return { ...entryOf(info), content_type: info.contentType, metadata: { ...info.metadata } }
}

function answerWithout(
  judgement: 'not-modified' | 'precondition-failed',
  reply: FastifyReply,
  resource: string,
  info: ObjectInfo,
): FastifyReply {
  reply.header('etag', `"${info.etag}"`)
  if (judgement === 'not-modified') return reply.code(304).send()
  return sendProblem(reply, { code: 'precondition-failed', message: `${resource} has etag ${info.etag}, which If-Match does not name.` })
}

function unsatisfiable(reply: FastifyReply, resource: string, { size }: ObjectInfo): FastifyReply {
  reply.header('content-range', `bytes */${size}`)
  return sendProblem(reply, { code: 'invalid', message: `${resource} has ${size} bytes; the range begins behind its end.` }, 416)
}

async function endOf(body: Bytes): Promise<void> {
  await body[Symbol.asyncIterator]().return?.()
}
