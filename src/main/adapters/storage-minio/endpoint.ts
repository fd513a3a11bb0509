/** The server that was configured: how it is reached, and how a request to it is signed. */
import { hash } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import type { Place } from '../net/trouble'
import { type Credentials, signatureTime, signer } from './signature'

export interface Endpoint {
  readonly place: Place
  readonly deadlineMs: number
  /** A request with its signature, not sent yet. Bodies of objects, which a slow reader may hold open, have connections of their own. */
  open(request: S3Request): http.ClientRequest
  /** End every connection. */
  close(): void
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly bucket?: string
  readonly key?: string
  /** Sub-resources and parameters; a value of `''` for those without one. */
  readonly query?: Readonly<Record<string, string>>
  /** By names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | Piecewise
  /** Of `body`, where it is known already; of one that comes piecewise it has to be. */
  readonly sha256?: string
  /** Whether the answer's body is read at the pace of somebody else. */
  readonly streamed?: boolean
}

/** A body that is read while it is sent. */
export interface Piecewise {
  readonly size: number
  /** The bytes from `start`, at most `length` of them. */
  read(start: number, length: number): Promise<Uint8Array>
}

/** Calls that are under way at once; more wait for one of them. Each is bounded by the deadline, so that the queue always moves. */
const mostCalls = 64

export interface EndpointOptions extends Credentials {
  /** `http(s)://host:port`. */
  readonly endpoint: string
  /** PEM of a certificate authority to trust instead of the usual ones. */
  readonly ca?: string
  readonly deadlineMs: number
}

/** Throws a `TypeError` for what is no address: the configuration has checked it. */
export function endpointAt({ endpoint, ca, deadlineMs, ...credentials }: EndpointOptions): Endpoint {
  const url = new URL(endpoint)
  const secure = url.protocol === 'https:'
  const { request, Agent } = secure ? https : http
  const base = url.pathname.replace(/\/+$/, '')
  const calls = new Agent({ keepAlive: true, maxSockets: mostCalls, maxFreeSockets: mostCalls, scheduling: 'lifo' })
  const bodies = new Agent({ keepAlive: true, maxFreeSockets: mostCalls, scheduling: 'lifo' })
  const sign = signer(credentials)
  const target = {
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : url.port,
    ...(secure && ca !== undefined && { ca }),
  }
  return {
    place: { server: 'MinIO', address: `${url.protocol}//${url.host}${base}`, caVariable: 'MINIO_CA_FILE' },
    deadlineMs,
    open(asked) {
      const path = base + pathOf(asked)
      const headers = headersOf(asked, url.host)
      headers.authorization = sign({ method: asked.method, path, headers, sha256: headers[hashHeader] ?? '' })
      if (awaitsLeave(asked.body)) headers.expect = '100-continue'
      return request({ ...target, method: asked.method, path, headers, agent: asked.streamed === true ? bodies : calls })
    },
    close() {
      calls.destroy()
      bodies.destroy()
    },
  }
}

function pathOf({ bucket, key, query }: S3Request): string {
  const place = bucket === undefined ? '/' : key === undefined ? `/${bucket}` : `/${bucket}/${key.split('/').map(encodeSegment).join('/')}`
  const parameters = Object.entries(query ?? {}).map(([name, value]) => `${encodeSegment(name)}=${encodeSegment(value)}`)
  return parameters.length === 0 ? place : `${place}?${parameters.join('&')}`
}

/** Percent-encoded as signatures have it: all but letters, digits and `-._~`. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

const hashHeader = 'x-amz-content-sha256'
const emptyHash = hash('sha256', '')

/** The hash of the body is signed, over TLS too: the server then refuses a body that arrives otherwise than it was sent. */
function headersOf({ method, headers, body, sha256 }: S3Request, host: string): Record<string, string> {
  const all: Record<string, string> = {
    host,
    ...headers,
    'x-amz-date': signatureTime(new Date()),
    [hashHeader]: sha256 ?? (body instanceof Uint8Array ? hash('sha256', body) : emptyHash),
  }
  if (method === 'PUT' || method === 'POST') all['content-length'] = String(sizeOf(body))
  return all
}

/** A server that refuses closes the connection on whoever goes on sending, and its reason is lost. What is short is through by then. */
const shortBytes = 256 * 1024

/** Whether a body is sent only when the server has said that it wants it. */
export function awaitsLeave(body: S3Request['body']): boolean {
  return sizeOf(body) > shortBytes
}

function sizeOf(body: S3Request['body']): number {
  if (body === undefined) return 0
  return body instanceof Uint8Array ? body.byteLength : body.size
}
