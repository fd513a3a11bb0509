/** Asking the server something, with an answer that is what was asked for: anything else is thrown. */
import { createHash } from 'node:crypto'
import type { Purpose } from '../net/purpose'
import type { Endpoint, S3Request } from './endpoint'
import { NotS3, Redirection, Refusal } from './refusal'
import { type Answer, send } from './send'
import { type Element, parseXml, textOf, XmlError } from './xml'

export interface Server {
  readonly endpoint: Endpoint
  /** The answer's head, its body still to be read. Throws a `Refusal` for every status but those of success. */
  open(request: S3Request, signal: AbortSignal): Promise<Answer>
  /** The answer's head where the body says nothing. */
  ask(request: S3Request, signal: AbortSignal): Promise<Answer['headers']>
  /** The document that the answer is, whose root has this name. */
  askXml(request: S3Request, root: string, signal: AbortSignal): Promise<{ readonly root: Element; readonly headers: Answer['headers'] }>
  /** The answer as text. */
  askText(request: S3Request, signal: AbortSignal): Promise<string>
}

/** No document of S3 is larger: a page of 1,000 versions with 2 KiB of metadata each is a few MiB. */
const largestDocument = 32 * 1024 * 1024

/** `learn` hears of the headers of each answer. */
export function serverAt(endpoint: Endpoint, learn: (headers: Answer['headers']) => void): Server {
  async function open(request: S3Request, purpose: Purpose, signal: AbortSignal): Promise<Answer> {
    const answer = await send(endpoint, withDigest(request), purpose, signal)
    learn(answer.headers)
    if (answer.status >= 200 && answer.status < 300) {
      if (isPage(answer)) {
        await answer.body.return?.()
        throw new NotS3('a web page came back')
      }
      return answer
    }
    throw await refusalOf(answer)
  }

  return {
    endpoint,
    open: (request, signal) => open(request, 'data', signal),
    async ask(request, signal) {
      const answer = await open(request, purposeOf(request), signal)
      await textFrom(answer)
      return answer.headers
    },
    async askXml(request, root, signal) {
      const answer = await open(request, purposeOf(request), signal)
      return { root: documentOf(await textFrom(answer), root, answer), headers: answer.headers }
    },
    async askText(request, signal) {
      return textFrom(await open(request, purposeOf(request), signal))
    },
  }
}

/** What writes an object may take as long as there are bytes to send, and as the server works on them: it says meanwhile that it does. */
function purposeOf({ method, key }: S3Request): Purpose {
  return key !== undefined && (method === 'PUT' || method === 'POST') ? 'data' : 'control'
}

/** S3 wants a digest with the documents that change a bucket. */
function withDigest(request: S3Request): S3Request {
  if (request.key !== undefined || !(request.body instanceof Uint8Array)) return request
  return { ...request, headers: { ...request.headers, 'content-md5': createHash('md5').update(request.body).digest('base64') } }
}

async function textFrom({ headers, body }: Answer): Promise<string> {
  if (headers['content-length'] === '0') {
    await body.return?.()
    return ''
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > largestDocument) throw new NotS3(`the answer is longer than ${largestDocument} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Some calls say that they failed under a status of success: they had to begin their answer before they knew. */
function documentOf(text: string, name: string, answer: Answer): Element {
  const root = xmlOrUndefined(text)
  if (root?.name === 'Error') throw refusalFrom(root, answer)
  if (root?.name !== name) throw new NotS3(root === undefined ? 'no XML came back' : `<${root.name}> came back instead of <${name}>`)
  return root
}

async function refusalOf(answer: Answer): Promise<Refusal | NotS3 | Redirection> {
  const text = await textFrom(answer)
  const root = xmlOrUndefined(text)
  if (root?.name === 'Error') return refusalFrom(root, answer)
  const { status, headers } = answer
  if (status >= 300 && status < 400) return new Redirection(status, headers.location)
  // MinIO says it in a header where there can be no body.
  const code = headers['x-minio-error-code'] ?? ''
  const known = 'x-amz-request-id' in headers || status >= 500 || status === 429
  return known ? new Refusal(status, code, '', headers) : new NotS3(`status ${status} without a word of S3`)
}

function refusalFrom(error: Element, { status, headers }: Answer): Refusal {
  return new Refusal(status, textOf(error, 'Code') ?? '', textOf(error, 'Message') ?? '', headers)
}

function xmlOrUndefined(text: string): Element | undefined {
  try {
    return parseXml(text)
  } catch (error) {
    if (error instanceof XmlError) return undefined
    throw error
  }
}

function isPage({ headers }: Answer): boolean {
  return !('x-amz-request-id' in headers) && (headers['content-type'] ?? '').startsWith('text/html')
}
