/** `/data/storage/…`: objects over HTTP, streamed both ways. */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { StoredObject } from '../../../shared/data-plane'
import { PortError } from '../../../shared/errors'
import type { Bytes, ObjectInfo } from '../../core/ports/object-storage'
import { whileAwaited } from '../calls'
import { sendProblem } from '../problems'
import { isOn } from './address'
import { whole } from './body'
import { entryOf, listObjects, listVersions } from './listings'
import { keyOrBucket, type Named, named, sourceOf, versionOf } from './object-address'
import { type ByteRange, headersOf, judgeRead, oneTag, putOptionsOf, rangeOf } from './object-headers'
import type { Handler, PortOptions } from './options'

/** Bytes that are answered at once. */
const oneRead = 128 * 1024

export type ObjectHandlers = Readonly<Record<'put' | 'get' | 'head' | 'remove' | 'restore', Handler>>

export function objectHandlers({ ports, limits, log, traffic, streamed }: PortOptions): ObjectHandlers {
  const storage = async () => (await ports()).storage
  return { put, get, head, remove, restore }

  /** An object, or the list of a bucket's. */
  async function get(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { bucket, key, query } = keyOrBucket(request)
    if (key !== undefined) return getObject(named(request), request, reply)
    const listing = isOn(query, 'versions') ? listVersions : listObjects
    return listing(await storage(), bucket, query, whileAwaited(reply))
  }

  async function put(request: FastifyRequest, reply: FastifyReply): Promise<StoredObject> {
    const { bucket, key, resource } = named(request)
    const options = putOptionsOf(request.headers, resource)
    const source = request.headers['x-copy-source']
    const signal = whileAwaited(reply)
    if (source !== undefined) {
      return stored(reply, await (await storage()).copy(sourceOf(String(source), resource), { bucket, key }, options, signal))
    }
    const body = streamed(request, reply)
    try {
      return stored(reply, await (await storage()).put(bucket, key, body.bytes, options, signal))
    } catch (error) {
      throw body.broken() ?? error
    }
  }

  async function getObject(object: Named, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { bucket, key, resource, query } = object
    const signal = whileAwaited(reply)
    const version = versionOf(query)
    const port = await storage()
    const { headers } = request
    for (let looks = 0; ; looks++) {
      // A key that is written over and over is answered whole, which a client of ranges must understand anyway.
      const known = headers.range === undefined || looks === 3 ? undefined : await port.head(bucket, key, version, signal)
      // Conditions come first: a range of what the client has already, or must not have, is not looked at.
      const wanted = known !== undefined && judgeRead(headers, known.etag) === 'serve' ? rangeOf(headers, known) : undefined
      if (known !== undefined && wanted === 'unsatisfiable') return unsatisfiable(reply, resource, known)
      const range = wanted === 'unsatisfiable' ? undefined : wanted
      const found = await port.get(bucket, key, { ...version, ...(range === undefined ? {} : { range }) }, signal).catch(shrunk(range))
      if (found === undefined) continue
      const { info, body } = found
      const judgement = judgeRead(headers, info.etag)
      if (judgement === 'serve' && (range === undefined || info.etag === known?.etag))
        return send(request, reply, info, body, range, signal)
      await endOf(body)
      if (judgement !== 'serve') return answerWithout(judgement, reply, resource, info)
      // Another object came between the two looks: what is its range is a new question.
    }
  }

  async function send(
    request: FastifyRequest,
    reply: FastifyReply,
    info: ObjectInfo,
    body: Bytes,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): Promise<FastifyReply> {
    const length = range === undefined ? info.size : range.end - range.start + 1
    // What is one read of a file needs no stream, which would cost more than the read.
    const small = length <= oneRead ? await whole(body) : undefined
    reply.headers(headersOf(info)).header('content-length', length)
    if (range !== undefined) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${info.size}`)
    // A reader that takes nothing for long holds a file open for nobody.
    reply.raw.setTimeout(limits.readerMs, () => reply.raw.destroy())
    if (small !== undefined) {
      traffic.sent(small.length)
      return reply.send(small)
    }
    const stream = Readable.from(counted(body, traffic.sent), { objectMode: false, highWaterMark: 512 * 1024 })
    // The connection is cut in the middle, which is all that a client can be told then; why, the log says.
    stream.once('error', (error) => {
      if (reply.raw.headersSent && !signal.aborted) log.failure(request, reply, error)
    })
    return reply.send(stream)
  }

  async function head(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { bucket, key, resource, query } = named(request)
    const info = await (await storage()).head(bucket, key, versionOf(query), whileAwaited(reply))
    const judgement = judgeRead(request.headers, info.etag)
    if (judgement !== 'serve') return answerWithout(judgement, reply, resource, info)
    return reply.headers(headersOf(info)).header('content-length', info.size).send()
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

/** An object that became smaller between two looks has no such range any more; undefined for another look. */
function shrunk(range: ByteRange | undefined): (error: unknown) => undefined {
  return (error) => {
    if (range !== undefined && error instanceof PortError && error.code === 'invalid') return undefined
    throw error
  }
}

async function* counted(body: Bytes, sent: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    sent(chunk.length)
    yield chunk
  }
}

async function endOf(body: Bytes): Promise<void> {
  await body[Symbol.asyncIterator]().return?.()
}
