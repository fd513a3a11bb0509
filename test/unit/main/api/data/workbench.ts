/** The data plane over a real socket, with the embedded adapters behind it in a directory of their own. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openBusInproc } from '../../../../../src/main/adapters/bus-inproc/bus-inproc'
import { openIndexMem } from '../../../../../src/main/adapters/index-mem/index-mem'
import { openStorageFs } from '../../../../../src/main/adapters/storage-fs/storage-fs'
import type { ApiOptions } from '../../../../../src/main/api/server'
import { bearer, startTestApi } from '../support'

/** Of an answer: 8 KiB of metadata are 24 when each byte of it is percent-encoded. */
const maxHeaderSize = 40 * 1024

export const never = new AbortController().signal

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
  json<T = Record<string, unknown>>(): T
}

export interface Call {
  /** Sent as it stands. */
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}

export interface Client {
  call(method: string, call: string | Call): Promise<Answer>
  /** A request whose body and end are the test's own. */
  open(method: string, call: Omit<Call, 'body'>): ClientRequest
}

export interface Plane extends Awaited<ReturnType<typeof startTestApi>>, Client {
  readonly directory: string
  readonly storage: ReturnType<typeof openStorageFs>
  readonly bus: ReturnType<typeof openBusInproc>
}

/**
 * Buckets `art` and, with versions, `film`; the queue `work`, which the topic exchange `orders` fills and whose dead letters go to
 * the queue `dead`; the class `Shot`, and `Take` with the tenants `north` and `south`.
 */
export async function startData(overrides: Partial<ApiOptions> = {}): Promise<Plane> {
  const directory = mkdtempSync(join(tmpdir(), 'thatdam-data-'))
  const storage = openStorageFs(join(directory, 'storage'))
  const bus = openBusInproc(join(directory, 'bus'), { uuid: randomUUID })
  const index = openIndexMem(join(directory, 'index'))
  onTestFinished(async () => {
    for (const one of [index, bus, storage]) await one.close()
    rmSync(directory, { recursive: true, force: true })
  })

  for (const bucket of ['art', 'film']) await storage.ensureBucket(bucket, never)
  await storage.ensureVersioning('film', never)
  await bus.ensureExchange('/', { name: 'orders', type: 'topic' }, never)
  await bus.ensureExchange('/', { name: 'graveyard', type: 'fanout' }, never)
  for (const name of ['work', 'dead']) await bus.ensureQueue('/', { name, type: 'classic' }, never)
  await bus.ensureQueuePolicy('/', 'work', { ttl: 0, dlx: 'graveyard' }, never)
  await bus.ensureBinding('/', { exchange: 'orders', queue: 'work', key: 'order.#' }, never)
  await bus.ensureBinding('/', { exchange: 'graveyard', queue: 'dead', key: '' }, never)
  const plain = { vectorizer: 'none', distance: 'cosine', search: 'exact' } as const
  const properties = [
    { name: 'title', type: 'text' },
    { name: 'year', type: 'int' },
    { name: 'tags', type: 'text[]' },
  ] as const
  await index.ensureClass({ name: 'Shot', ...plain, properties: [...properties], tenants: [] }, never)
  await index.ensureClass({ name: 'Take', ...plain, properties: [], tenants: ['north', 'south'] }, never)

  const api = await startTestApi({ data: async () => ({ storage, bus, index }), ...overrides })
  return { ...api, ...clientOf(api), directory, storage, bus }
}

export function clientOf({ port }: { readonly port: number }): Client {
  const open: Client['open'] = (method, { path, headers = {} }) =>
    httpRequest({ host: '127.0.0.1', port, method, path, headers: { ...bearer, ...headers }, agent: false, maxHeaderSize })
  return {
    open,
    call(method, call) {
      const { body, ...rest } = typeof call === 'string' ? { path: call } : call
      const request = open(method, rest)
      const answer = answerTo(request)
      request.end(body)
      return answer
    },
  }
}

export function answerTo(request: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(chunks)
        const text = body.toString('utf8')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text, json: () => JSON.parse(text) })
      })
    })
  })
}

/** The path of an object by the query, which takes any key. */
export const byKey = (bucket: string, key: string, more = '') => `/data/storage/${bucket}?key=${encodeURIComponent(key)}${more}`

export const json = (path: string, value: unknown): Call => ({
  path,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})
