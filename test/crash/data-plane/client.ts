/** A program that uses the data plane by HTTP alone, as one in any language would. */
import { createHash } from 'node:crypto'
import { createSseDecoder } from '../../../src/shared/sse'

export interface Client {
  /** Resolves with the answer, rejects when none came. Any answer that is not a success is a mistake of the test. */
  request(method: string, path: string, options?: { body?: Uint8Array | string; headers?: Record<string, string> }): Promise<Response>
  json<T>(method: string, path: string, value?: unknown): Promise<T>
  /** The bytes at a path and what they claim to be; `null` where there is nothing. */
  read(path: string): Promise<{ readonly sha256: string; readonly etag: string } | null>
  /** Deliveries of a queue until `signal` aborts or the node is lost. */
  consume(
    queue: string,
    prefetch: number,
    signal: AbortSignal,
  ): AsyncGenerator<{ delivery: string; idempotency_key: string; body: unknown }>
}

export function clientOf(url: string, token: string): Client {
  const authorization = `Bearer ${token}`

  async function ask(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(url + path, { ...init, method, headers: { authorization, ...init.headers } })
  }

  async function refused(method: string, path: string, response: Response): Promise<never> {
    throw new Refusal(`${method} ${path}: ${response.status} ${await response.text()}`)
  }

  const client: Client = {
    async request(method, path, { body, headers } = {}) {
      const response = await ask(method, path, { ...(body === undefined ? {} : { body: body as BodyInit }), headers: headers ?? {} })
      if (!response.ok) return refused(method, path, response)
      return response
    },

    async json<T>(method: string, path: string, value?: unknown): Promise<T> {
      const init = value === undefined ? {} : { body: JSON.stringify(value), headers: { 'content-type': 'application/json' } }
      const response = await client.request(method, path, init)
      const text = await response.text()
      return (text === '' ? undefined : JSON.parse(text)) as T
    },

    async read(path) {
      const response = await ask('GET', path)
      if (response.status === 404) return response.text().then(() => null)
      if (!response.ok) return refused('GET', path, response)
      const bytes = new Uint8Array(await response.arrayBuffer())
      return { sha256: sha256(bytes), etag: (response.headers.get('etag') ?? '').replaceAll('"', '') }
    },

    async *consume(queue, prefetch, signal) {
      const path = `/data/bus/queues/${queue}/messages?prefetch=${prefetch}`
      const response = await ask('GET', path, { signal })
      if (!response.ok || response.body === null) return refused('GET', path, response)
      const decode = createSseDecoder()
      for await (const chunk of response.body) {
        for (const { event, data } of decode(chunk)) if (event === 'message') yield JSON.parse(data)
      }
    },
  }
  return client
}

/** The node answered, and not with what was asked for: that is never an outage. */
export class Refusal extends Error {}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
