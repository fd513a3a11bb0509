/**
 * The data plane as the command line uses it: over HTTP, like any other program. Where no node runs, one is started in this process
 * for as long as the command takes, so that there is one way and no second one to keep.
 */
import { UserError } from '../../shared/errors'
import { parseJson, refusalOf, stranger } from '../../shared/http-answer'
import { type Context, configOf } from './context'
import { nodeOf } from './data-node'

interface DataRequest {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
}

export interface DataClient {
  /** An answer that is a success; every other one rejects as the `UserError` that the node meant. */
  request(method: string, path: string, request?: DataRequest): Promise<Response>
  json<T>(method: string, path: string, request?: DataRequest): Promise<T>
  /** The body of a success, as it comes. It ends by a `UserError` `unavailable` where the connection breaks. */
  bytes(
    method: string,
    path: string,
    request?: DataRequest,
  ): Promise<{ readonly headers: Headers; readonly body: AsyncIterable<Uint8Array> }>
}

/**
 * Do `work` with the data plane of `--data`; without it, with the one that THATDAM_URL and THATDAM_TOKEN name, or else with that of
 * the data directory in force.
 */
export async function withData<T>(context: Context, work: (client: DataClient) => Promise<T>): Promise<T> {
  // An answer that nobody read to its end would hold its connection open, and the process with it.
  const done = new AbortController()
  try {
    const signal = AbortSignal.any([context.interrupted, done.signal])
    return await withAddress(context, (url, token) => work(clientAt(url, token, signal)))
  } finally {
    done.abort()
  }
}

type Work<T> = (url: string, token: string) => Promise<T>

async function withAddress<T>(context: Context, work: Work<T>): Promise<T> {
  const { THATDAM_URL: url, THATDAM_TOKEN: token } = context.terminal.env
  if (context.data === undefined && (url !== undefined || token !== undefined)) {
    if (url === undefined || token === undefined) {
      throw new UserError(
        'invalid-setting',
        `${url === undefined ? 'THATDAM_TOKEN' : 'THATDAM_URL'} is set, but not the other of the two.`,
        {
          hint: 'Set both THATDAM_URL and THATDAM_TOKEN to use the node there, or neither to use the one of the data directory.',
        },
      )
    }
    return work(addressOf(url), token)
  }
  const node = await nodeOf(context, await configOf(context, { port: '0' }))
  try {
    return await work(node.url, node.token)
  } finally {
    await node.close()
  }
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.origin
  throw new UserError('invalid-setting', `THATDAM_URL is "${text}", which is no address of a node.`, {
    hint: 'It looks like http://127.0.0.1:7717.',
  })
}

function clientAt(url: string, token: string, signal: AbortSignal): DataClient {
  async function request(method: string, path: string, { query = {}, headers = {}, body }: DataRequest = {}): Promise<Response> {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
    const given = fieldsOf({ ...headers, authorization: `Bearer ${token}` })
    let response: Response
    try {
      response = await fetch(`${url}${path}${search.size > 0 ? `?${search}` : ''}`, {
        method,
        headers: given,
        signal,
        ...bodyOf(body),
      })
    } catch (error) {
      if (signal.aborted) throw signal.reason
      // A body that could not be read is its own error; it comes as the cause of fetch's.
      const cause = error instanceof Error ? error.cause : undefined
      if (cause instanceof UserError) throw cause
      throw gone(error, 'does not answer')
    }
    if (response.ok || response.status === 304) return response
    throw refusalOf(url, response, await response.text())
  }

  function gone(cause: unknown, what: string): unknown {
    if (signal.aborted) return signal.reason
    return new UserError('unavailable', `The node at ${url} ${what}.`, { hint: 'Is it still running? `thatdam doctor` looks.', cause })
  }

  async function* bodyOfAnswer({ body }: Response): AsyncGenerator<Uint8Array> {
    try {
      if (body !== null) yield* body
    } catch (error) {
      throw gone(error, 'broke off in the middle of its answer')
    }
  }

  return {
    request,
    async json<T>(method: string, path: string, options?: DataRequest) {
      const chunks: Uint8Array[] = []
      for await (const chunk of bodyOfAnswer(await request(method, path, options))) chunks.push(chunk)
      const value = parseJson(Buffer.concat(chunks).toString('utf8'))
      if (value === undefined) throw stranger(url, 'its answer is not JSON')
      return value as T
    },
    async bytes(method, path, options) {
      const response = await request(method, path, options)
      return { headers: response.headers, body: bodyOfAnswer(response) }
    },
  }
}

/** Throws a `UserError` that names the header whose value cannot be sent: one with a line's end in it, say. */
function fieldsOf(given: Readonly<Record<string, string | undefined>>): Headers {
  const fields = new Headers()
  for (const [name, value] of Object.entries(given)) {
    try {
      if (value !== undefined) fields.set(name, value)
    } catch (error) {
      throw new UserError('usage', `What was given for ${name} cannot be sent as a header: it has characters that do not fit there.`, {
        cause: error,
      })
    }
  }
  return fields
}

function bodyOf(body: DataRequest['body']): RequestInit {
  if (body === undefined) return {}
  if (typeof body === 'string') return { body }
  if (body instanceof Uint8Array) return { body: body as Uint8Array<ArrayBuffer> }
  // Streamed, since an object may be larger than memory: fetch reads it no faster than the node takes it.
  // To be able to send it again, fetch would keep all of it unless redirects are errors and there is no window.
  // Node's fetch takes an iterable, of which the types of browsers do not know.
  return {
    body: body as AsyncIterable<Uint8Array> & NonNullable<RequestInit['body']>,
    duplex: 'half',
    redirect: 'error',
    window: null,
  } as RequestInit
}

/** A name as one segment of a path. */
export function segment(name: string, what: string): string {
  if (name !== '.' && name !== '..') return encodeURIComponent(name)
  throw new UserError('invalid', `The ${what} "${name}" cannot stand in an address, where it means a place above or here.`)
}

export function bucketAt(bucket: string): string {
  return `/data/storage/${segment(bucket, 'bucket')}`
}

/** The address of an object; a key that is `.` or `..`, or has such a segment, would be rewritten in a path. */
export function objectAt(bucket: string, key: string): { readonly path: string; readonly query: { readonly key: string } } {
  return { path: bucketAt(bucket), query: { key } }
}
