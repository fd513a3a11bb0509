/**
 * A large object in parts, side by side. It becomes visible by the last call alone, which carries the condition: sent earlier it would be
 * judged before the parts are there. Whatever fails, the parts that were sent are given up.
 */

import { inParallel } from './parallel'
import { NotS3 } from './refusal'
import type { Answer } from './send'
import type { Store } from './store'
import { escapeXml, textOf } from './xml'

const sideBySide = 4

export interface Upload {
  readonly bucket: string
  readonly key: string
  /** What describes the object. */
  readonly headers: Readonly<Record<string, string>>
  /** Conditions, for the call that makes it visible. */
  readonly conditions: Readonly<Record<string, string>>
  /** How many parts there are, at most 10,000. */
  readonly parts: number
  /** Send one of them, by its number from 1; answers with the server's etag of it. */
  send(part: number, uploadId: string, signal: AbortSignal): Promise<string>
}

/** Answers with the headers of the last call. */
export async function upload(
  store: Store,
  { bucket, key, headers, conditions, parts, send }: Upload,
  signal: AbortSignal,
): Promise<Answer['headers']> {
  const { server } = store
  const created = await server.askXml(
    { method: 'POST', bucket, key, query: { uploads: '' }, headers },
    'InitiateMultipartUploadResult',
    signal,
  )
  const uploadId = textOf(created.root, 'UploadId')
  if (uploadId === undefined) throw new NotS3('an upload without an id came back')
  try {
    const numbers = Array.from({ length: parts }, (_, i) => i + 1)
    const etags = await inParallel(numbers, sideBySide, signal, async (part, either) => [part, await send(part, uploadId, either)] as const)
    const list = etags.map(([part, etag]) => `<Part><PartNumber>${part}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`).join('')
    const body = Buffer.from(`<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`)
    const completed = await server.askXml(
      { method: 'POST', bucket, key, query: { uploadId }, headers: conditions, body },
      'CompleteMultipartUploadResult',
      signal,
    )
    return completed.headers
  } catch (error) {
    await store.afterwards((own) => server.ask({ method: 'DELETE', bucket, key, query: { uploadId } }, own))
    throw error
  }
}
