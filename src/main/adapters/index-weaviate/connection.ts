/**
 * The connection that the vendor's commands are given instead of their own. It keeps the status of a refusal, and belongs to one
 * call: its signal and its deadline.
 */
import type { ClassGetter } from 'weaviate-ts-client'
import type { Http, HttpAnswer, Method } from '../net/http'
import type { Purpose } from '../net/purpose'
import { Redirection, Refusal, Stranger } from './refusal'

type Vendor = typeof import('weaviate-ts-client')
/** The type is not exported; every command's constructor takes one. */
type VendorConnection = ConstructorParameters<typeof ClassGetter>[0]

export interface Call {
  /** A command of the vendor, made with this call's connection. */
  run<T>(command: (vendor: Vendor, connection: VendorConnection) => { do(): Promise<T> }): Promise<T>
  /** What stands at a path of the API, parsed; undefined where nothing does. */
  read(path: string): Promise<unknown>
  delete(path: string): Promise<void>
  /** The data of a GraphQL query. Rejects with a `Refusal` where the answer holds errors. */
  query(text: string): Promise<Readonly<Record<string, unknown>>>
  /** The answer as it came. */
  raw(method: Method, path: string): Promise<HttpAnswer>
}

/** Loaded at the first call: it brings a GraphQL library, which takes a tenth of a second that a node without Weaviate need not spend. */
const vendor = (): Promise<Vendor> => import('weaviate-ts-client')

export function callOver(http: Http, purpose: Purpose, signal: AbortSignal): Call {
  async function answer(method: Method, path: string, body?: unknown): Promise<unknown> {
    const got = await http.send(method, `/v1${path}`, body === undefined ? undefined : JSON.stringify(body), purpose, signal)
    return understand(got)
  }

  const connection = {
    get: (path: string) => answer('GET', path),
    post: (path: string, body: unknown) => answer('POST', path, body),
    put: (path: string, body: unknown) => answer('PUT', path, body),
    patch: (path: string, body: unknown) => answer('PATCH', path, body),
    delete: (path: string, body: unknown) => answer('DELETE', path, body),
    head: (path: string) => answer('HEAD', path),
    query: (query: unknown) => answer('POST', '/graphql', { query }),
  } as unknown as VendorConnection

  return {
    async run(command) {
      signal.throwIfAborted()
      return command(await vendor(), connection).do()
    },
    async read(path) {
      const got = await http.send('GET', `/v1${path}`, undefined, purpose, signal)
      if (got.status === 404 && got.text === '') return undefined
      return understand(got)
    },
    async delete(path) {
      await answer('DELETE', path)
    },
    async query(text) {
      const got = await this.run<unknown>((client, over) => new client.Raw(over).withQuery(text))
      if (!isRecord(got) || !(isRecord(got.data) || Array.isArray(got.errors))) throw new Stranger('its answer is no GraphQL')
      if (Array.isArray(got.errors)) throw new Refusal(200, saidIn({ error: got.errors }))
      return got.data as Readonly<Record<string, unknown>>
    },
    raw: (method, path) => http.send(method, `/v1${path}`, undefined, purpose, signal),
  }
}

export function understand({ status, location, text }: HttpAnswer): unknown {
  const value = parsed(text)
  if (status >= 200 && status < 300) {
    if (value === undefined && text !== '') throw new Stranger('its answer is not JSON')
    return value
  }
  if (status < 200) throw new Stranger(`it answers with status ${status}`)
  if (status < 400) throw new Redirection(status, location)
  // Of a path that it knows, Weaviate says "not found" without words.
  if (status === 404 && text !== '') throw new Stranger('it does not know the path')
  if (status < 500 && status !== 401 && status !== 403 && value === undefined && text !== '') {
    throw new Stranger(`it answers with status ${status} and no JSON`)
  }
  throw new Refusal(status, saidIn(value))
}

/** `{ error: [{ message }] }`, or `{ message }` where the request itself was not understood. */
function saidIn(value: unknown): string {
  if (!isRecord(value)) return ''
  const listed = Array.isArray(value.error) ? value.error : [value]
  return listed.flatMap((one) => (isRecord(one) && typeof one.message === 'string' ? [one.message] : [])).join('; ')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
