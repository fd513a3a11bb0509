/**
 * Copying within the server, so that no byte comes by here. A copy under a condition is another matter: no server judges the condition
 * of a copy's target (MinIO, Versity and Ceph ignore it), and it is held where one is honoured, by the put of a small object
 * and by the call that completes an upload in parts.
 */
import { PortError } from '../../../shared/errors'
import type { ObjectInfo, ObjectStorage, PutOptions } from '../../core/ports/object-storage'
import type { WhereFree } from './beneath'
import { isConditional, underConditions } from './conditions'
import { encodeSegment } from './endpoint'
import { checkKey } from './keys'
import { type Found, headersFor } from './object-info'
import { type Putter, type Target, written } from './put'
import { asVersion, notFound, type Reader } from './read'
import { Refusal } from './refusal'
import type { Answer } from './send'
import { partBytes, spool } from './spool'
import type { Store } from './store'
import { type Upload, upload } from './upload'
import { textOf } from './xml'

/** One call copies no more. */
const largestCopy = 5 * 1024 ** 3
const copiedPart = 512 * 1024 ** 2

interface Source {
  readonly bucket: string
  readonly key: string
  readonly version?: string
}

interface Copying {
  readonly from: Source
  readonly found: Found
  readonly target: Target
  /** Undefined for an object of somebody else's, whose content nobody here has hashed. */
  readonly sha256: string | undefined
}

export interface Copier {
  readonly copy: ObjectStorage['copy']
  /** Copy an object that was looked at. */
  copyFound(from: Source, found: Found, target: Target, signal: AbortSignal): Promise<ObjectInfo>
}

export function copier(store: Store, look: Reader['look'], putter: Putter, ifFree: WhereFree): Copier {
  const { server } = store

  async function copyFound(from: Source, found: Found, { bucket, key, options: stated }: Target, signal: AbortSignal): Promise<ObjectInfo> {
    const { contentType, metadata, size } = found.info
    const options: PutOptions = { contentType, metadata, ...stated }
    const target = { bucket, key, options }
    if (isConditional(options) && size <= partBytes) return putAgain(from, target, signal)
    const sha256 = found.info.etag.startsWith('ext-') ? undefined : found.info.etag
    const copying = { from, found, target, sha256 }
    const answer = await ifFree(bucket, key, signal, () =>
      size > largestCopy || isConditional(options) ? inParts(copying, signal) : atOnce(copying, signal),
    )
    if (sha256 !== undefined) return written(target, { size, sha256 }, answer)
    const copied = await look(bucket, key, answer['x-amz-version-id'], signal)
    if (copied === undefined) throw new PortError('unavailable', `${bucket}/${key} was removed while it was copied`)
    return copied.info
  }

  /** The bytes come by here once: they are few. */
  async function putAgain(from: Source, target: Target, signal: AbortSignal): Promise<ObjectInfo> {
    const { body } = await server.open({ method: 'GET', bucket: from.bucket, key: from.key, ...asVersion(from.version) }, signal)
    const spooled = await spool(body, store.spoolDirectory, store.uuid, `${from.bucket}/${from.key}`, signal)
    return putter.store(target, spooled, signal)
  }

  async function atOnce({ from, found, target, sha256 }: Copying, signal: AbortSignal): Promise<Answer['headers']> {
    const headers = { ...headersFor(target.options, sha256), ...sourceHeaders(from, found), 'x-amz-metadata-directive': 'REPLACE' }
    try {
      const { root, headers: answer } = await server.askXml(
        { method: 'PUT', bucket: target.bucket, key: target.key, headers },
        'CopyObjectResult',
        signal,
      )
      const modified = textOf(root, 'LastModified')
      return modified === undefined ? answer : { ...answer, 'last-modified': modified }
    } catch (error) {
      throw asChangedSource(error, from)
    }
  }

  async function inParts({ from, found, target, sha256 }: Copying, signal: AbortSignal): Promise<Answer['headers']> {
    const { bucket, key, options } = target
    const { size } = found.info
    const copyPart: Upload['send'] = async (part, uploadId, either) => {
      const first = (part - 1) * copiedPart
      const range = `bytes=${first}-${Math.min(first + copiedPart, size) - 1}`
      const headers = { ...sourceHeaders(from, found), 'x-amz-copy-source-range': range }
      const query = { partNumber: String(part), uploadId }
      try {
        const { root } = await server.askXml({ method: 'PUT', bucket, key, query, headers }, 'CopyPartResult', either)
        return textOf(root, 'ETag') ?? ''
      } catch (error) {
        throw asChangedSource(error, from)
      }
    }
    const headers = headersFor(options, sha256)
    return underConditions(store, look, target, signal, (conditions) =>
      upload(store, { bucket, key, headers, conditions, parts: Math.ceil(size / copiedPart), send: copyPart }, signal),
    )
  }

  return {
    copyFound,
    copy: (from, to, options, callerSignal) =>
      store.call(`${to.bucket}/${to.key}`, callerSignal, async (signal) => {
        await checkKey(store, to.bucket, to.key, signal)
        const found = await look(from.bucket, from.key, from.version, signal)
        if (found === undefined) throw notFound(from.bucket, from.key, from.version)
        return copyFound(from, found, { ...to, options }, signal)
      }),
  }
}

/** What describes the copy was read in a call of its own: it is copied only with the content that it belongs to. */
function sourceHeaders({ bucket, key, version }: Source, { serverEtag }: Found): Readonly<Record<string, string>> {
  const path = `/${bucket}/${key.split('/').map(encodeSegment).join('/')}`
  const source = version === undefined ? path : `${path}?versionId=${encodeSegment(version)}`
  return { 'x-amz-copy-source': source, 'x-amz-copy-source-if-match': serverEtag }
}

function asChangedSource(error: unknown, { bucket, key }: Source): unknown {
  if (!(error instanceof Refusal) || error.status !== 412) return error
  return new PortError('unavailable', `${bucket}/${key} was replaced while it was copied`, { cause: error })
}
