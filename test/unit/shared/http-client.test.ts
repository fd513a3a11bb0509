import { createServer, type RequestListener } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHttpClient, type FetchLike } from '../../../src/shared/http-client'

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

const answering = (status: number, type: string, body: string) =>
  serve((_request, response) => response.writeHead(status, { 'content-type': type }).end(body))

const revision = { revision: 1, at: '2026-11-24T08:00:00.000Z', author: 'tester', generation: 'g', current: true }

describe('a call', () => {
  it('is a POST of its input to its name, with the token', async () => {
    let seen: unknown
    const url = await serve(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const { authorization, 'content-type': type } = request.headers
      seen = { method: request.method, url: request.url, authorization, type, body }
      response.setHeader('content-type', 'application/json').end(JSON.stringify([revision]))
    })
    expect(await createHttpClient({ url: `${url}/`, token: 'secret', fetch }).call('history', {})).toEqual([revision])
    expect(seen).toEqual({ method: 'POST', url: '/api/v1/history', authorization: 'Bearer secret', type: 'application/json', body: '{}' })
  })

  it('without a token relies on the cookie of the page', async () => {
    let sent: Record<string, string> = {}
    const fake: FetchLike = async (_url, init) => {
      sent = init.headers
      return new Response('[]')
    }
    await createHttpClient({ url: '', fetch: fake }).call('history', {})
    expect(sent).toEqual({ 'content-type': 'application/json' })
  })

  it('takes an answer that has grown', async () => {
    const url = await answering(200, 'application/json', JSON.stringify([{ ...revision, new_field: 1 }]))
    expect(await createHttpClient({ url, fetch }).call('history', {})).toEqual([revision])
  })

  it('rejects with the error that the node had', async () => {
    const problem = {
      type: 'about:blank',
      title: 'Unprocessable Content',
      status: 422,
      detail: 'The profile is not valid.',
      code: 'invalid-profile',
      hint: 'Mend it.',
      details: [{ path: 'spec', line: 1, column: 2, message: 'unknown key' }],
    }
    const url = await answering(422, 'application/problem+json; charset=utf-8', JSON.stringify(problem))
    await expect(createHttpClient({ url, fetch }).call('history', {})).rejects.toMatchObject({
      name: 'UserError',
      code: 'invalid-profile',
      message: 'The profile is not valid.',
      hint: 'Mend it.',
      details: problem.details,
    })
  })

  it('says where nothing answers', async () => {
    const url = 'http://127.0.0.1:1'
    await expect(createHttpClient({ url, fetch }).call('history', {})).rejects.toMatchObject({
      name: 'UserError',
      code: 'unavailable',
      message: `The node at ${url} does not answer.`,
      hint: expect.stringContaining('thatdam up'),
      cause: expect.any(TypeError),
    })
  })

  it('says where an answer breaks off', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
      response.write('[', () => response.destroy())
    })
    await expect(createHttpClient({ url, fetch }).call('history', {})).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(url),
    })
  })

  const strangers: [string, number, string, string][] = [
    ['a page of another program', 404, 'text/html', '<h1>Not found</h1>'],
    ['a page that is found', 200, 'text/html', '<h1>Hello</h1>'],
    ['a problem of another form', 400, 'application/problem+json', '{"title":"Bad"}'],
    ['nothing', 502, 'text/plain', ''],
  ]
  it.each(strangers)('is not taken in by %s', async (_name, status, type, body) => {
    const url = await answering(status, type, body)
    await expect(createHttpClient({ url, fetch }).call('history', {})).rejects.toMatchObject({
      name: 'UserError',
      code: 'unavailable',
      message: expect.stringContaining(`What answers at ${url} is not a ThatDAM node`),
    })
  })

  it('names the part of an answer that it does not understand', async () => {
    const url = await answering(200, 'application/json', JSON.stringify([{ ...revision, author: 5 }]))
    await expect(createHttpClient({ url, fetch }).call('history', {})).rejects.toMatchObject({
      name: 'UserError',
      code: 'incompatible-answer',
      message: expect.stringContaining('"history"'),
      details: [{ path: '0.author', message: expect.any(String) }],
    })
  })

  it('that is aborted rejects with the reason', async () => {
    const reached = Promise.withResolvers<void>()
    const url = await serve(() => reached.resolve())
    const controller = new AbortController()
    const call = createHttpClient({ url, fetch }).call('history', {}, controller.signal)
    await reached.promise
    controller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
    await expect(createHttpClient({ url, fetch }).call('history', {}, controller.signal)).rejects.toThrow('enough')
  })
})

describe('the notices', () => {
  it('end without an error where the signal aborts, before the first one and between two', async () => {
    const url = await serve((_request, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders())
    const client = createHttpClient({ url, fetch })
    expect(await client.notices(AbortSignal.abort())[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined })
    const controller = new AbortController()
    const next = client.notices(controller.signal)[Symbol.asyncIterator]().next()
    controller.abort()
    expect(await next).toEqual({ done: true, value: undefined })
  })

  it('reject where the stream ends, since the node would not end it', async () => {
    const url = await answering(200, 'text/event-stream', ': nothing\n\n')
    const next = createHttpClient({ url, fetch }).notices(new AbortController().signal)[Symbol.asyncIterator]().next()
    await expect(next).rejects.toMatchObject({ name: 'UserError', code: 'unavailable' })
  })

  it('reject where the connection breaks', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(': hello\n\n', () => response.destroy())
    })
    const next = createHttpClient({ url, fetch }).notices(new AbortController().signal)[Symbol.asyncIterator]().next()
    await expect(next).rejects.toMatchObject({ name: 'UserError', code: 'unavailable', cause: expect.any(Error) })
  })

  it('reject where one is not understood', async () => {
    const url = await answering(200, 'text/event-stream', 'data: {"type":"weather"}\n\n')
    const next = createHttpClient({ url, fetch }).notices(new AbortController().signal)[Symbol.asyncIterator]().next()
    await expect(next).rejects.toMatchObject({ code: 'incompatible-answer' })
  })
})
