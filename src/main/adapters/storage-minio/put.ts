/** Putting: the body is taken in, then sent in one piece or in parts. */
import { subtle } from 'node:crypto'
import type { ObjectInfo, ObjectStorage, PutOptions } from '../../core/ports/object-storage'
import type { WhereFree } from './beneath'
import { underConditions } from './conditions'
import { checkKey } from './keys'
import { headersFor, plainType, toTheSecond } from './object-info'
import type { Reader } from './read'
import { NotS3 } from './refusal'
import type { Answer } from './send'
import { partBytes, type Spooled, spool } from './spool'
import type { Store } from './store'
import { type Upload, upload } from './upload'

/** Sent in one request, which needs no second hash, where the server asks for the body. S3 would take more, and in parts more than one core of the server works on it. */
const largestAtOnce = 64 * 1024 * 1024

/** S3 takes no more parts than these. */
const mostParts = 10_000

export interface Target {
  readonly bucket: string
  readonly key: string
  readonly options: PutOptions
}

export interface Putter {
  readonly put: ObjectStorage['put']
  /** A body that was taken in already. Disposes of it. */
  store(target: Target, body: Spooled, signal: AbortSignal): Promise<ObjectInfo>
}

export function putter(store: Store, look: Reader['look'], ifFree: WhereFree): Putter {
  const { server } = store

  async function send(target: Target, body: Spooled, signal: AbortSignal): Promise<Answer['headers']> {
    const { bucket, key, options } = target
    const headers = headersFor(options, body.sha256)
    return underConditions(store, look, target, signal, async (conditions) => {
      if (body.size <= (store.traits().asksForBodies ? largestAtOnce : partBytes)) {
        return server.ask({ method: 'PUT', bucket, key, headers: { ...headers, ...conditions }, body, sha256: body.sha256 }, signal)
      }
      const size = Math.max(partBytes, Math.ceil(body.size / mostParts))
      const sendPart: Upload['send'] = async (part, uploadId, either) => {
        const bytes = await body.read((part - 1) * size, size)
        const query = { partNumber: String(part), uploadId }
        return etagOf(await server.ask({ method: 'PUT', bucket, key, query, body: bytes, sha256: await sha256Of(bytes) }, either))
      }
      return upload(store, { bucket, key, headers, conditions, parts: Math.ceil(body.size / size), send: sendPart }, signal)
    })
  }

  async function storeBody(target: Target, body: Spooled, signal: AbortSignal): Promise<ObjectInfo> {
    try {
      const answer = await ifFree(target.bucket, target.key, signal, () => send(target, body, signal))
      return written(target, body, answer)
    } finally {
      await body.dispose()
    }
  }

  return {
    store: storeBody,
    put(bucket, key, body, options, callerSignal) {
      const resource = `${bucket}/${key}`
      return store.call(resource, callerSignal, async (signal) => {
        await checkKey(store, bucket, key, signal)
        const spooled = await spool(body, store.spoolDirectory, store.uuid, resource, signal)
        return storeBody({ bucket, key, options }, spooled, signal)
      })
    },
  }
}

/**
 * What a write that has succeeded has made, by the headers of its answer. The answer to a put has no date of the object, and one more
 * request would cost as much again: that of the answer itself is near enough.
 */
export function written(
  { key, options }: Target,
  content: { readonly size: number; readonly sha256: string },
  answer: Answer['headers'],
): ObjectInfo {
  const version = answer['x-amz-version-id']
  return {
    key,
    size: content.size,
    etag: content.sha256,
    modified: toTheSecond(answer['last-modified'] ?? answer.date ?? ''),
    contentType: options.contentType ?? plainType,
    metadata: options.metadata ?? {},
    ...(version === undefined ? {} : { version }),
  }
}

/** Beside the main thread, which other calls need. */
async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await subtle.digest('SHA-256', bytes)).toString('hex')
}

/** Throws `NotS3` for an answer that tells of no object. */
function etagOf(answer: Answer['headers']): string {
  if (answer.etag === undefined) throw new NotS3('something was stored, and no etag came back')
  return answer.etag
}
