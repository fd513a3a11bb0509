/** A node over HTTP, as the page of a headless node and the command line both see it. */
import type { z } from 'zod'
import { issueDetails, UserError } from './errors'
import { parseJson, refusalOf, stranger } from './http-answer'
import { type CallInput, type CallName, type CallOutput, type NodeClient, type Notice, nodeContract, noticeSchema } from './node-contract'
import { type ByteStream, readServerSentEvents } from './sse'

/** As much of `fetch` as a client needs; every runtime's own fits. */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchResponse>

interface FetchInit {
  readonly method: 'GET' | 'POST'
  readonly headers: Record<string, string>
  readonly body?: string
  readonly signal?: AbortSignal
}

interface FetchResponse {
  readonly status: number
  readonly ok: boolean
  readonly headers: { get(name: string): string | null }
  readonly body: ByteStream | null
  text(): Promise<string>
}

interface HttpClientOptions {
  /** Where the node is: `http://127.0.0.1:7717`. */
  readonly url: string
  /** Bearer token; a page that is signed in leaves it out and is known by its cookie. */
  readonly token?: string
  readonly fetch: FetchLike
}

/**
 * A client of the node at `url`. What the node refuses comes back as the `UserError` it was there; besides those there are
 * `unavailable` (nothing answers, the node went away, or something else answers at its address) and `incompatible-answer`
 * (another version of the node). A call that `signal` aborts rejects with the signal's reason.
 */
export function createHttpClient(options: HttpClientOptions): NodeClient {
  const url = options.url.replace(/\/+$/, '')
  const authorization: Record<string, string> = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }

  /** Settles a failed exchange: an abort keeps its reason, anything else means that the node is out of reach. */
  function lost(cause: unknown, signal: AbortSignal | undefined, message: string): unknown {
    if (signal?.aborted) return signal.reason
    return new UserError('unavailable', message, { hint: 'Is it still running? `thatdam up` in a terminal starts it.', cause })
  }

  async function request(path: string, init: FetchInit): Promise<FetchResponse> {
    let response: FetchResponse
    try {
      response = await options.fetch(url + path, init)
    } catch (error) {
      throw lost(error, init.signal, `The node at ${url} does not answer.`)
    }
    if (response.ok) return response
    throw refusalOf(url, response, await textOf(response, init.signal))
  }

  async function textOf(response: FetchResponse, signal: AbortSignal | undefined): Promise<string> {
    try {
      return await response.text()
    } catch (error) {
      throw lost(error, signal, `The node at ${url} broke off in the middle of its answer.`)
    }
  }

  /** `value` as `schema` has it, or an error that says which part of which answer does not fit. */
  function understand<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
    const result = schema.safeParse(value)
    if (result.success) return result.data
    throw new UserError('incompatible-answer', `The node at ${url} gave ${what} that this version does not understand.`, {
      hint: 'The two are probably of different versions: update the older one, then restart the node.',
      details: issueDetails(result.error),
      cause: result.error,
    })
  }

  return {
    async call<N extends CallName>(name: N, input: CallInput<N>, signal?: AbortSignal): Promise<CallOutput<N>> {
      const response = await request(`/api/v1/${name}`, {
        method: 'POST',
        headers: { ...authorization, 'content-type': 'application/json' },
        body: JSON.stringify(input),
        ...(signal === undefined ? {} : { signal }),
      })
      const value = parseJson(await textOf(response, signal))
      if (value === undefined) throw stranger(url, 'its answer is not JSON')
      return understand(nodeContract[name].output, value, `an answer to "${name}"`) as CallOutput<N>
    },

    async *notices(signal: AbortSignal): AsyncGenerator<Notice, void, undefined> {
      try {
        const response = await request('/api/v1/notices', {
          method: 'GET',
          headers: { ...authorization, accept: 'text/event-stream' },
          signal,
        })
        if (response.body === null) throw stranger(url, 'it sends no notices')
        for await (const { data } of readServerSentEvents(response.body)) yield understand(noticeSchema, parseJson(data), 'a notice')
      } catch (error) {
        if (signal.aborted) return
        throw error instanceof UserError ? error : lost(error, signal, `The node at ${url} went away.`)
      }
      if (!signal.aborted) throw lost(undefined, signal, `The node at ${url} went away.`)
    },
  }
}
