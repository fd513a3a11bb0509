import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startApi } from '../../../../src/main/api/server'
import { UserError } from '../../../../src/shared/errors'
import { createHttpClient } from '../../../../src/shared/http-client'
import { type CallInput, type CallName, nodeContract } from '../../../../src/shared/node-contract'
import { aborted, answers, ask, bearer, fakeNode, inputs, post, sessionKey, startTestApi, status, token } from './support'

const callNames = Object.keys(nodeContract) as CallName[]
describe('the calls', () => {
  it.each(callNames)('%s arrives with its input and comes back with its answer', async <N extends CallName>(name: N) => {
    const node = fakeNode()
    const { url } = await startTestApi({ node })
    const client = createHttpClient({ url, token, fetch })
    expect(await client.call(name, inputs[name])).toEqual(answers[name])
    expect(node.seen).toEqual([{ name, input: nodeContract[name].input.parse(inputs[name]) }])
  })

  it('take an empty body for an empty input', async () => {
    const node = fakeNode()
    const api = await startTestApi({ node })
    expect((await ask(api, post('events', undefined, {}))).status).toBe(200)
    expect((await ask(api, post('events', ''))).status).toBe(200)
    expect(node.seen).toEqual([
      { name: 'events', input: { limit: 100 } },
      { name: 'events', input: { limit: 100 } },
    ])
  })

  it('name every part of an input that does not fit', async () => {
    const node = fakeNode()
    const api = await startTestApi({ node })
    const answer = await ask(api, post('setProfile', '{"profile":{"text":5},"autor":"x"}'))
    expect(answer.status).toBe(400)
    expect(answer.json()).toMatchObject({
      code: 'invalid',
      details: [
        { path: 'profile.text', message: expect.stringContaining('string') },
        { path: '', message: expect.stringContaining('autor') },
      ],
    })
    expect(node.seen).toEqual([])
  })

  it.each(['null', '[]', '5', '"text"'])('refuse %s as an input', async (body) => {
    const api = await startTestApi()
    expect((await ask(api, post('status', body))).json()).toMatchObject({ status: 400, code: 'invalid' })
  })

  it('drop a question that nobody waits for, and see a change through', async () => {
    const arrived = Promise.withResolvers<void>()
    const dropped = Promise.withResolvers<void>()
    const signals = new Map<string, AbortSignal | undefined>()
    const slow = async (name: string, signal?: AbortSignal) => {
      signals.set(name, signal)
      if (signals.size === 2) arrived.resolve()
      if (signal !== undefined) {
        await aborted(signal)
        dropped.resolve()
      }
      await dropped.promise
      throw new UserError('unavailable', 'too late')
    }
    const node = fakeNode({ plan: (_input, signal) => slow('plan', signal), apply: (_input, signal) => slow('apply', signal) })
    const api = await startTestApi({ node })
    const client = createHttpClient({ url: api.url, token, fetch })
    const controller = new AbortController()
    const calls = Promise.allSettled([client.call('plan', {}, controller.signal), client.call('apply', {}, controller.signal)])
    await arrived.promise
    controller.abort(new Error('enough'))
    expect(await calls).toMatchObject([
      { status: 'rejected', reason: { message: 'enough' } },
      { status: 'rejected', reason: { message: 'enough' } },
    ])
    await dropped.promise
    expect(signals.get('plan')?.aborted).toBe(true)
    expect(signals.get('apply')).toBeUndefined()
  })
})

describe('the plain routes', () => {
  it('tell the status', async () => {
    const api = await startTestApi()
    expect((await ask(api, { path: '/internal/bootstrap/status', headers: bearer })).json()).toEqual(status)
  })

  it('tell the metrics', async () => {
    const api = await startTestApi({ metrics: async () => 'thatdam_converged 1\n' })
    const answer = await ask(api, { path: '/metrics', headers: bearer })
    expect(answer.headers['content-type']).toContain('text/plain')
    expect(answer.text).toBe('thatdam_converged 1\n')
  })

  it('hand out the OpenAPI document', async () => {
    const api = await startTestApi()
    const answer = await ask(api, { path: '/openapi.json', headers: bearer })
    expect(answer.headers['content-type']).toContain('application/json')
    expect(answer.text).toBe(readFileSync('resources/openapi.json', 'utf8'))
  })

  it('say in a sentence that there is no page', async () => {
    const api = await startTestApi()
    const answer = await ask(api, { headers: bearer })
    expect(answer.headers['content-type']).toContain('text/html')
    expect(answer.text).toContain('ThatDAM is running')
  })
})

describe('a port', () => {
  const start = (port: number) =>
    startApi({
      node: fakeNode(),
      version: '0',
      port,
      token,
      sessionKey,
      pageDir: undefined,
      openapiFile: '',
      metrics: () => '',
      data: () => Promise.reject(new Error('no ports here')),
      programTokens: { recognises: () => undefined },
      log: () => {},
    })

  it('that is taken is named, with what to do', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => new Promise<void>((resolve) => other.close(() => resolve())))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await expect(start(port)).rejects.toMatchObject({
      name: 'UserError',
      code: 'port-in-use',
      message: expect.stringContaining(String(port)),
      hint: expect.stringMatching(/--port.*THATDAM_PORT/),
    })
  })

  it('is on the loopback interface and free again after the close', async () => {
    const api = await startTestApi()
    expect(api.url).toBe(`http://127.0.0.1:${api.port}`)
    await api.close()
    const again = await startTestApi({ port: api.port })
    expect((await ask(again, { path: '/health' })).status).toBe(200)
  })
})

describe('the close', () => {
  it('lets a running call finish and takes no new one', async () => {
    const arrived = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const node = fakeNode({
      apply: async () => {
        arrived.resolve()
        await release.promise
        return answers.apply
      },
    })
    const api = await startTestApi({ node })
    const client = createHttpClient({ url: api.url, token, fetch })
    const running = client.call('apply', {})
    await arrived.promise
    const closed = api.close()
    expect(api.close()).toBe(closed)
    await expect.poll(() => refused(api.port)).toBe(true)
    release.resolve()
    expect(await running).toEqual(answers.apply)
    await closed
  })

  it('tells a request that was still on its way', async () => {
    const api = await startTestApi()
    const request = `GET /health HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\n\r\n`
    const socket = connect(api.port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk
    })
    const ended = new Promise((resolve) => socket.on('close', resolve))
    // The second request but for its end comes with the first, so it has arrived by the time that the first is answered.
    socket.write(request + request.slice(0, -2))
    await expect.poll(() => answer).toContain('"status":"ok"')
    const closed = api.close()
    socket.write(request.slice(-2))
    await Promise.all([closed, ended])
    expect(answer).toMatch(/HTTP\/1\.1 503 .*"code":"unavailable"/s)
  })

  it('cuts off what does not finish', async () => {
    const arrived = Promise.withResolvers<void>()
    const node = fakeNode({
      apply: () => {
        arrived.resolve()
        return new Promise(() => {})
      },
    })
    const api = await startTestApi({ node })
    const client = createHttpClient({ url: api.url, token, fetch })
    const running = expect(client.call('apply', {} satisfies CallInput<'apply'>)).rejects.toMatchObject({ code: 'unavailable' })
    await arrived.promise
    await api.close()
    await running
  })
})

function refused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', () => resolve(true))
  })
}
