/** Putting: the body is taken in, then sent in one piece or in parts, then looked at where it lies. */
import type { ObjectInfo, ObjectStorage, PutOptions } from '../../core/ports/object-storage'
import { underConditions } from './conditions'
import { type beneathCheck, checkKey } from './keys'
import { headersFor, plainType, toTheSecond } from './object-info'
import type { Reader } from './read'
import { NotS3 } from './refusal'
import type { Answer } from './send'
import { partBytes, type Spooled, spool } from './spool'
import type { Store } from './store'
import { type Upload, upload } from './upload'

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
  /** What a write that has succeeded has made, by the headers of its answer. */
  written(
    target: Target,
    content: { readonly size: number; readonly sha256: string },
    answer: Answer['headers'],
    signal: AbortSignal,
  ): Promise<ObjectInfo>
}

export function putter(store: Store, look: Reader['look'], requireFree: ReturnType<typeof beneathCheck>): Putter {
  const { server } = store

  async function send(target: Target, body: Spooled, signal: AbortSignal): Promise<Answer['headers']> {
    const { bucket, key, options } = target
    await requireFree(bucket, key, signal)
    const headers = headersFor(options, body.sha256)
    return underConditions(store, look, target, signal, async (conditions) => {
      if (body.size <= partBytes) {
        const bytes = await body.read(0, body.size)
        return server.ask({ method: 'PUT', bucket, key, headers: { ...headers, ...conditions }, body: bytes, sha256: body.sha256 }, signal)
      }
      const size = Math.max(partBytes, Math.ceil(body.size / mostParts))
      const sendPart: Upload['send'] = async (part, uploadId, either) => {
        const bytes = await body.read((part - 1) * size, size)
        const query = { partNumber: String(part), uploadId }
        return etagOf(await server.ask({ method: 'PUT', bucket, key, query, body: bytes }, either))
      }
      return upload(store, { bucket, key, headers, conditions, parts: Math.ceil(body.size / size), send: sendPart }, signal)
    })
  }

  async function written(
    target: Target,
    content: { size: number; sha256: string },
    answer: Answer['headers'],
    signal: AbortSignal,
  ): Promise<ObjectInfo> {
    const { bucket, key, options } = target
    const version = answer['x-amz-version-id']
    // The answer to a put has no date. Where somebody else was faster, that of the answer itself is near enough.
    const found = await look(bucket, key, version, signal)
    const ours = found?.info.etag === content.sha256 ? found.info : undefined
    return {
      key,
      size: content.size,
      etag: content.sha256,
      modified: ours?.modified ?? toTheSecond(answer.date ?? ''),
      contentType: options.contentType ?? plainType,
      metadata: options.metadata ?? {},
      ...(version === undefined ? {} : { version }),
    }
  }

  async function storeBody(target: Target, body: Spooled, signal: AbortSignal): Promise<ObjectInfo> {
    try {
      const answer = await send(target, body, signal)
      return await written(target, body, answer, signal)
    } finally {
      await body.dispose()
    }
  }

  return {
    store: storeBody,
    written,
    put(bucket, key, body, options, callerSignal) {
      const resource = `${bucket}/${key}`
      return store.call(resource, callerSignal, async (signal) => {
        checkKey(store.traits(), bucket, key)
        const spooled = await spool(body, store.spoolDirectory, store.uuid, resource, signal)
        return storeBody({ bucket, key, options }, spooled, signal)
      })
    },
  }
}

/** Throws `NotS3` for an answer that tells of no object. */
function etagOf(answer: Answer['headers']): string {
  if (answer.etag === undefined) throw new NotS3('something was stored, and no etag came back')
  return answer.etag
}
