import { get, type IncomingMessage } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openNoticeStream } from '../../../../src/main/api/notices'
import type { Api } from '../../../../src/main/api/server'
import { UserError } from '../../../../src/shared/errors'
import { createHttpClient } from '../../../../src/shared/http-client'
import type { NodeClient, Notice } from '../../../../src/shared/node-contract'
import { aborted, answers, ask, bearer, fakeNode, startTestApi, status, token } from './support'

const [event] = answers.events
if (event === undefined) throw new Error('the sample has an event')
const eventNotice = (message: string): Notice => ({ type: 'event', event: { ...event, message } })
const statusNotice = (resources: number): Notice => ({ type: 'status', status: { ...status, resources } })

/** A source that a test feeds by hand, and that says when its reader has gone. */
function feed(): { node: NodeClient; push(...notices: Notice[]): void; gone: Promise<void>; drained(): boolean } {
  const waiting: Notice[] = []
  const gone = Promise.withResolvers<void>()
  let wake = () => {}
  let reading = false
  const node = fakeNode({}, async function* (signal) {
    const stopped = aborted(signal).then(gone.resolve)
    while (!signal.aborted) {
      const next = waiting.shift()
      if (next !== undefined) {
        reading = true
        yield next
        continue
      }
      reading = false
      await Promise.race([stopped, new Promise<void>((resolve) => (wake = resolve))])
    }
  })
  return {
    node,
    gone: gone.promise,
    drained: () => waiting.length === 0 && !reading,
    push(...notices) {
      waiting.push(...notices)
      wake()
    },
  }
}

function subscribe(api: Pick<Api, 'port'>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: api.port, path: '/api/v1/notices', headers: bearer, agent: false }, resolve).on('error', reject)
  })
}

const neverFails = (error: unknown) => expect.unreachable(String(error))
const stillOpen = { heartbeatMs: 60_000, capacity: 1_000 }

describe('a subscriber', () => {
  it('first gets a status, then what happens, until it leaves', async () => {
    const source = feed()
    source.push(statusNotice(1))
    const api = await startTestApi({ node: source.node })
    const client = createHttpClient({ url: api.url, token, fetch })
    const stop = new AbortController()
    const seen: Notice[] = []
    for await (const notice of client.notices(stop.signal)) {
      seen.push(notice)
      if (seen.length === 1) source.push(eventNotice('created media-raw'), statusNotice(2))
      if (seen.length === 3) stop.abort()
    }
    expect(seen).toEqual([statusNotice(1), eventNotice('created media-raw'), statusNotice(2)])
    await source.gone
  })

  it('reads it as an event stream that no cache keeps', async () => {
    const api = await startTestApi()
    const response = await subscribe(api)
    onTestFinished(() => void response.destroy())
    expect(response.statusCode).toBe(200)
    expect(response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  })

  it('that goes away without a word is forgotten', async () => {
    const source = feed()
    source.push(statusNotice(1))
    const api = await startTestApi({ node: source.node })
    const response = await subscribe(api)
    response.destroy()
    await source.gone
  })

  it('is told why where the node has nothing to tell', async () => {
    const node = fakeNode({}, () => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new UserError('not-set-up', 'Not set up yet.')) }),
    }))
    const api = await startTestApi({ node })
    expect((await ask(api, { path: '/api/v1/notices', headers: bearer })).json()).toMatchObject({ status: 409, code: 'not-set-up' })
    const client = createHttpClient({ url: api.url, token, fetch })
    await expect(client.notices(new AbortController().signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'not-set-up' })
  })

  it('learns that the node has gone away', async () => {
    const api = await startTestApi()
    const client = createHttpClient({ url: api.url, token, fetch })
    const iterator = client.notices(new AbortController().signal)[Symbol.asyncIterator]()
    expect(await iterator.next()).toEqual({ done: false, value: { type: 'status', status } })
    const next = iterator.next()
    await Promise.all([expect(next).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining(api.url) }), api.close()])
  })

  it('learns of it too where the node stops telling by itself', async () => {
    const node = fakeNode({}, async function* () {
      yield statusNotice(1)
      throw new UserError('unavailable', 'The node is closing.')
    })
    const api = await startTestApi({ node })
    const client = createHttpClient({ url: api.url, token, fetch })
    const iterator = client.notices(new AbortController().signal)[Symbol.asyncIterator]()
    await iterator.next()
    await expect(iterator.next()).rejects.toMatchObject({ code: 'unavailable' })
  })
})

it('a source that breaks is logged', async () => {
  const error = new RangeError('off by one')
  const node = fakeNode({}, async function* () {
    yield statusNotice(1)
    throw error
  })
  const api = await startTestApi({ node })
  const client = createHttpClient({ url: api.url, token, fetch })
  const seen: Notice[] = []
  const reading = async () => {
    for await (const notice of client.notices(new AbortController().signal)) seen.push(notice)
  }
  await expect(reading()).rejects.toMatchObject({ code: 'unavailable' })
  expect(seen).toEqual([statusNotice(1)])
  expect(api.logged).toContainEqual(expect.objectContaining({ level: 'error', route: '/api/v1/notices', error }))
})

describe('the stream', () => {
  it('shows that it is alive while nothing happens', async () => {
    const stop = new AbortController()
    const { body } = await openNoticeStream(fakeNode(), { heartbeatMs: 5, capacity: 10 }, stop.signal, neverFails)
    onTestFinished(() => void body.destroy())
    let text = ''
    for await (const chunk of body) {
      text += chunk
      if (text.endsWith(': still here\n\n: still here\n\n')) break
    }
    expect(text.startsWith('data: {"type":"status"')).toBe(true)
  })

  it('keeps only the newest status for a client that does not read, and every event', async () => {
    const source = feed()
    source.push(statusNotice(0))
    const { body } = await openNoticeStream(source.node, stillOpen, new AbortController().signal, neverFails)
    onTestFinished(() => void body.destroy())
    for (let i = 1; i <= 500; i++) source.push(statusNotice(i), eventNotice(`event ${i}`))
    await expect.poll(source.drained).toBe(true)
    const seen: Notice[] = []
    for await (const notice of noticesOf(body)) {
      seen.push(notice)
      if (notice.type === 'event' && notice.event.message === 'event 500') break
    }
    expect(seen.filter(({ type }) => type === 'event')).toHaveLength(500)
    const resources = seen.flatMap((notice) => (notice.type === 'status' ? [notice.status.resources] : []))
    expect(resources.length).toBeLessThan(5)
    expect(resources.at(-1)).toBe(500)
  })

  it('breaks off rather than leave a gap or grow without end', async () => {
    const source = feed()
    source.push(statusNotice(0))
    const { body } = await openNoticeStream(source.node, { heartbeatMs: 60_000, capacity: 10 }, new AbortController().signal, neverFails)
    for (let i = 0; i < 100; i++) source.push(eventNotice(`event ${i}`))
    await source.gone
    expect(body.destroyed).toBe(true)
  })

  it('cuts off a client that stopped reading its connection', async () => {
    const source = feed()
    source.push(statusNotice(0))
    const api = await startTestApi({ node: source.node })
    const response = await subscribe(api)
    response.pause()
    const closed = new Promise((resolve) => response.once('close', resolve).once('error', resolve))
    const long = 'x'.repeat(10_000)
    const flood = setInterval(() => source.push(...Array.from({ length: 500 }, (_, i) => eventNotice(`${i}${long}`))), 1)
    onTestFinished(() => clearInterval(flood))
    await source.gone
    response.resume()
    await closed
  })
})

async function* noticesOf(body: AsyncIterable<Buffer>): AsyncGenerator<Notice> {
  let text = ''
  for await (const chunk of body) {
    const parts = `${text}${chunk}`.split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) yield JSON.parse(part.replace(/^data: /, ''))
  }
}
