/** Failures behind the data plane that are hard to cause in earnest: stand-ins for its ports. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { describe, expect, it, vi } from 'vitest'
import type { DataPlaneFigures } from '../../../../../src/main/api/data/traffic'
import type { Delivery, EventBus, Subscription } from '../../../../../src/main/core/ports/event-bus'
import type { Bytes, ObjectInfo, ObjectStorage } from '../../../../../src/main/core/ports/object-storage'
import type { VectorIndex } from '../../../../../src/main/core/ports/vector-index'
import { PortError } from '../../../../../src/shared/errors'
import { startTestApi } from '../support'
import { consume, settle } from './consumer'
import { clientOf } from './workbench'

const info: ObjectInfo = {
  key: 'a',
  size: 1_000_000,
  etag: 'e'.repeat(64),
  modified: '2026-11-24T08:00:00.000Z',
  contentType: 'text/plain',
  metadata: {},
}

/** A port that is away, but for the verbs given. A promise must not take it for one of its own. */
function standIn<T extends object>(name: string, given: Partial<T> = {}): T {
  const away = (verb: string) => () => Promise.reject(new PortError('unavailable', `${name} ${verb}: away`))
  return new Proxy(given, {
    get: (verbs, verb) => (verb === 'then' ? undefined : (Reflect.get(verbs, verb) ?? away(String(verb)))),
  }) as T
}

/** A data plane over stand-ins; a port that is not given is away. */
async function startWith(ports: { storage?: Partial<ObjectStorage>; bus?: Partial<EventBus> }, dataLimits = {}) {
  const storage = standIn<ObjectStorage>('storage', ports.storage)
  const bus = standIn<EventBus>('bus', ports.bus)
  const index = standIn<VectorIndex>('index')
  const api = await startTestApi({ data: async () => ({ storage, bus, index }), dataLimits })
  return { ...api, ...clientOf(api) }
}

async function* failingAfter(bytes: number): Bytes {
  yield new Uint8Array(bytes)
  throw new PortError('incompatible', 'art/a: its file was cut short by hand while it was read')
}

describe('a get', () => {
  it('whose file breaks in the middle cuts the connection, never to be taken for whole, and is logged once', async () => {
    const data = await startWith({ storage: { get: async () => ({ info, body: failingAfter(500_000) }) } })
    await expect(data.call('GET', '/data/storage/art/a')).rejects.toThrow(/aborted|hang up|ECONNRESET/)
    const failures = data.logged.filter(({ level }) => level === 'error')
    expect(failures.map(({ message }) => message)).toEqual(['art/a: its file was cut short by hand while it was read'])
  })

  it('whose file breaks before its first byte is answered with a problem', async () => {
    async function* broken(): Bytes {
      yield* []
      throw new PortError('incompatible', 'art/a: its file was cut short by hand while it was read')
    }
    const data = await startWith({ storage: { get: async () => ({ info, body: broken() }) } })
    const answer = await data.call('GET', '/data/storage/art/a')
    expect([answer.status, answer.json().code]).toEqual([409, 'incompatible'])
  })

  it('of an object that is replaced between two looks answers the range of the new one', async () => {
    const second = { ...info, etag: 'f'.repeat(64), size: 10 }
    let heads = 0
    async function* bytes(): Bytes {
      yield new TextEncoder().encode('56789')
    }
    const data = await startWith({
      storage: {
        head: async () => (heads++ === 0 ? info : second),
        get: async (_bucket, _key, { range }) => {
          if (range !== undefined && range.start >= second.size) throw new PortError('invalid', 'art/a has 10 bytes')
          return { info: second, body: bytes() }
        },
      },
    })
    for (const range of ['bytes=5-', 'bytes=-5']) {
      heads = 0
      const answer = await data.call('GET', { path: '/data/storage/art/a', headers: { range } })
      expect([answer.status, answer.headers['content-range'], answer.text], range).toEqual([206, 'bytes 5-9/10', '56789'])
    }
  })

  it('whose reader takes nothing is cut off, and lets go of the file', async () => {
    let released = false
    async function* endless(): Bytes {
      try {
        while (true) yield new Uint8Array(256 * 1024)
      } finally {
        released = true
      }
    }
    const data = await startWith({ storage: { get: async () => ({ info: { ...info, size: 1e12 }, body: endless() }) } }, { readerMs: 200 })
    const request = data.open('GET', { path: '/data/storage/art/a' })
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.on('error', () => undefined)
    await vi.waitFor(() => expect(released).toBe(true), { timeout: 10_000 })
    response.destroy()
  })
})

describe('a backend that is away', () => {
  it('is a problem that names what was asked of which port', async () => {
    const data = await startWith({})
    for (const [method, path] of [
      ['GET', '/data/storage/art/a'],
      ['GET', '/data/storage/art'],
      ['DELETE', '/data/storage/art/a'],
      ['GET', '/data/bus/queues/work/messages'],
      ['GET', '/data/index/Shot/a'],
    ] as const) {
      const answer = await data.call(method, path)
      expect([answer.status, answer.json().code], path).toEqual([503, 'unavailable'])
    }
  })
})

describe('a stream of deliveries', () => {
  const delivery = (number: number, body: string, contentType = 'application/json'): Delivery => ({
    delivery: `d${number}`,
    exchange: 'orders',
    routingKey: 'order.made',
    headers: {},
    idempotencyKey: `m${number}`,
    redelivered: false,
    contentType,
    body: new TextEncoder().encode(body),
  })

  function subscription(deliveries: AsyncIterable<Delivery>, settled: Subscription['settle'] = async () => undefined): Subscription {
    return { [Symbol.asyncIterator]: () => deliveries[Symbol.asyncIterator](), settle: settled, close: async () => undefined }
  }

  it('brings JSON as it was published: numbers of any size, on however many lines', async () => {
    async function* one(): AsyncGenerator<Delivery> {
      yield delivery(1, '{\n  "id": 12345678901234567890,\r\n  "a": [1.10]\n}\n')
    }
    const data = await startWith({ bus: { consume: async () => subscription(one()) } })
    const { text } = await data.call('GET', '/data/bus/queues/work/messages')
    expect(text).toContain('"body":{   "id": 12345678901234567890,    "a": [1.10] } }\n\n')
  })

  it('that loses its backend ends with an event that says so', async () => {
    async function* lost(): AsyncGenerator<Delivery> {
      yield delivery(1, '1')
      throw new PortError('unavailable', 'queue work: the broker is away')
    }
    const data = await startWith({ bus: { consume: async () => subscription(lost()) } })
    const stream = await consume(data, 'work')
    expect(await stream.next()).toMatchObject({ delivery: 'd1', body: 1 })
    expect(await stream.event()).toMatchObject({ event: 'error', data: { code: 'unavailable', detail: 'queue work: the broker is away' } })
    expect(await stream.event()).toBeUndefined()
    expect((await settle(data, 'work', { delivery: 'd1', action: 'ack' })).status).toBe(404)
  })

  it('is asked for no more than its client takes', async () => {
    let given = 0
    let closed = false
    async function* endless(): AsyncGenerator<Delivery> {
      try {
        while (true) {
          given++
          yield delivery(given, 'x'.repeat(100_000), 'text/plain')
        }
      } finally {
        closed = true
      }
    }
    const data = await startWith({ bus: { consume: async () => subscription(endless()) } })
    const request = data.open('GET', { path: '/data/bus/queues/work/messages' })
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.on('error', () => undefined)
    await vi.waitFor(() => expect(given).toBeGreaterThan(1))
    let before = -1
    await vi.waitFor(
      () => {
        const stands = given === before
        before = given
        expect(stands).toBe(true)
      },
      { timeout: 10_000, interval: 200 },
    )
    expect(given).toBeLessThan(1_000)
    response.destroy()
    await vi.waitFor(() => expect(closed).toBe(true))
  })
})

describe('bodies that are held', () => {
  it('are refused beyond what the node holds for all requests together, and taken again once there is room', async () => {
    const release = Promise.withResolvers<void>()
    const data = await startWith(
      {
        bus: {
          publish: async () => {
            await release.promise
            return { messageId: 'm', routed: true }
          },
        },
      },
      { heldBytes: 1_500_000 },
    )
    const publish = () => data.call('POST', { path: '/data/bus/exchanges/orders/messages?key=a', body: new Uint8Array(1_000_000) })
    const first = publish()
    await vi.waitFor(async () => expect((await publish()).status).toBe(503))
    release.resolve()
    expect((await first).status).toBe(202)
    const answer = await publish()
    expect(answer.status).toBe(202)
  })
})

describe('the figures of the data plane', () => {
  it('count requests by what became of them, and the bytes of bodies', async () => {
    let figures: DataPlaneFigures | undefined
    const storage = standIn<ObjectStorage>('storage', {
      get: async () => ({ info, body: failingAfter(500_000) }),
      put: async (_bucket, _key, body) => {
        let size = 0
        for await (const chunk of body) size += chunk.length
        return { ...info, size }
      },
    })
    const api = await startTestApi({
      data: async () => ({ storage, bus: standIn<EventBus>('bus'), index: standIn<VectorIndex>('index') }),
      metrics: (data) => {
        figures = data
        return ''
      },
    })
    const { call } = clientOf(api)
    expect((await call('PUT', { path: '/data/storage/art/a', body: new Uint8Array(3_000_000) })).status).toBe(200)
    await expect(call('GET', '/data/storage/art/a')).rejects.toThrow()
    expect((await call('GET', '/data/storage/NO/a')).status).toBe(400)
    expect((await call('POST', { path: '/data/bus/exchanges/orders/messages', body: 'hi' })).status).toBe(503)
    await call('GET', '/metrics')
    expect(figures).toEqual({
      requests: 0,
      consumers: 0,
      traffic: [
        { port: 'storage', requests: { ok: 1, refused: 1, failed: 0, 'broken-off': 1 }, received: 3_000_000, sent: 500_000 },
        { port: 'bus', requests: { ok: 0, refused: 0, failed: 1, 'broken-off': 0 }, received: 2, sent: 0 },
        { port: 'index', requests: { ok: 0, refused: 0, failed: 0, 'broken-off': 0 }, received: 0, sent: 0 },
      ],
    })
  })
})
