import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { PortError, portErrorCodes, UserError } from '../../../../src/shared/errors'
import { createHttpClient } from '../../../../src/shared/http-client'
import { ask, bearer, fakeNode, json, post, startTestApi, token } from './support'

describe('a refusal', () => {
  const portStatus: Record<(typeof portErrorCodes)[number], number> = {
    invalid: 400,
    unauthorized: 502,
    'not-found': 404,
    'already-exists': 409,
    'precondition-failed': 412,
    incompatible: 409,
    unsupported: 501,
    'too-large': 413,
    'no-space': 507,
    unavailable: 503,
    internal: 500,
  }
  it.each(portErrorCodes)('of a port with %s has its status', async (code) => {
    const api = await startTestApi({ node: fakeNode({ plan: () => Promise.reject(new PortError(code, 'bucket media-raw: no')) }) })
    const answer = await ask(api, post('plan'))
    expect(answer.status).toBe(portStatus[code])
    expect(answer.json()).toMatchObject({ type: 'about:blank', status: portStatus[code], code, detail: 'bucket media-raw: no' })
  })

  it.each([
    ['invalid-profile', 422],
    ['not-set-up', 409],
    ['locked', 409],
  ])('with %s keeps its hint and its details', async (code, expected) => {
    const details = [{ path: 'spec.storage', line: 3, column: 5, message: 'unknown key', hint: 'Did you mean "buckets"?' }]
    const error = new UserError(code, 'It will not do.', { hint: 'Do this.', details })
    const api = await startTestApi({ node: fakeNode({ apply: () => Promise.reject(error) }) })
    expect((await ask(api, post('apply'))).json()).toMatchObject({
      status: expected,
      code,
      detail: 'It will not do.',
      hint: 'Do this.',
      details,
    })
    const client = createHttpClient({ url: api.url, token, fetch })
    await expect(client.call('apply', {})).rejects.toMatchObject({
      name: 'UserError',
      code,
      message: 'It will not do.',
      hint: 'Do this.',
      details,
    })
    expect(api.logged.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('that nobody foresaw is 500 without its stack, and is logged with it', async () => {
    const error = new RangeError('off by one')
    const api = await startTestApi({ node: fakeNode({ plan: () => Promise.reject(error) }) })
    const answer = await ask(api, post('plan'))
    expect(answer.json()).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'off by one',
      code: 'internal',
    })
    expect(api.logged).toContainEqual(expect.objectContaining({ level: 'error', route: '/api/v1/plan', error }))
  })

  it('comes where the node answers something that the contract does not have', async () => {
    const node = fakeNode({ history: () => [{ revision: -1 }] as never })
    const api = await startTestApi({ node })
    expect((await ask(api, post('history'))).json()).toMatchObject({ status: 500, code: 'internal' })
    expect(api.logged).toContainEqual(expect.objectContaining({ level: 'error', route: '/api/v1/history' }))
  })

  const requests: [string, Parameters<typeof ask>[1], number, string][] = [
    ['an unknown address', { path: '/api/v1/nothing?code=secret', headers: bearer }, 404, 'not-found'],
    ['an unknown call', { method: 'POST', path: '/api/v1/constructor', headers: { ...bearer, ...json }, body: '{}' }, 404, 'not-found'],
    ['the wrong method', { path: '/api/v1/apply', headers: bearer }, 405, 'method-not-allowed'],
    [
      'a method that changes at a route that only tells',
      { method: 'DELETE', path: '/metrics', headers: bearer },
      405,
      'method-not-allowed',
    ],
    ['a form', post('apply', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'unsupported-media-type'],
    ['plain text', post('apply', '{}', { 'content-type': 'text/plain' }), 415, 'unsupported-media-type'],
    ['a body of no type', post('apply', '{}', {}), 415, 'unsupported-media-type'],
    ['JSON that breaks off', post('apply', '{"author":'), 400, 'invalid'],
    ['an address that is none', { path: '/%E0%A4%A', headers: bearer }, 400, 'invalid'],
  ]
  it.each(requests)('is the answer to %s', async (_name, request, expected, code) => {
    const node = fakeNode()
    const api = await startTestApi({ node })
    const answer = await ask(api, request)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.json()).toMatchObject({ type: 'about:blank', status: expected, code, detail: expect.any(String) })
    expect(answer.status).toBe(expected)
    expect(answer.text).not.toContain('secret')
    expect(node.seen).toEqual([])
  })

  it('of a method names the ones that there are', async () => {
    const api = await startTestApi()
    expect((await ask(api, { path: '/api/v1/apply', headers: bearer })).headers.allow).toBe('POST')
    expect((await ask(api, { method: 'POST', path: '/health', headers: bearer })).headers.allow).toBe('GET, HEAD')
  })

  it('meets a body of more than 8 MiB, and one of 8 MiB is read', async () => {
    const api = await startTestApi()
    const body = (bytes: number) => JSON.stringify({ author: '' }).replace('""', `"${'x'.repeat(bytes - 13)}"`)
    expect((await ask(api, post('apply', body(8 * 1024 * 1024)))).json()).toMatchObject({ status: 400, details: [{ path: 'author' }] })
    const answer = await ask(api, { ...post('apply', body(8 * 1024 * 1024 + 1)), headers: { ...bearer, ...json } })
    expect(answer.json()).toMatchObject({ status: 413, code: 'too-large' })
  })

  it('meets what is not HTTP', async () => {
    const api = await startTestApi()
    const text = await exchange(api.port, 'HELO node\r\n\r\n')
    expect(text).toContain('HTTP/1.1 400 Bad Request')
    expect(text).toContain('application/problem+json')
  })

  it('meets headers without end', async () => {
    const api = await startTestApi()
    const text = await exchange(api.port, `GET / HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nX: ${'x'.repeat(50_000)}\r\n\r\n`)
    expect(text).toContain('HTTP/1.1 431')
    expect(text).toContain('headers-too-large')
  })
})

describe('the log', () => {
  it('has one line a request, without what must stay secret', async () => {
    const api = await startTestApi()
    const link = new URL(api.signInUrl())
    const signedIn = await ask(api, { path: link.pathname + link.search })
    const cookie = signedIn.headers['set-cookie']?.[0] ?? ''
    await ask(api, post('history'))
    await ask(api, { path: '/nothing?token=abc', headers: { cookie } })
    await expect.poll(() => api.logged).toHaveLength(3)
    expect(api.logged).toEqual([
      expect.objectContaining({
        level: 'debug',
        component: 'api',
        method: 'GET',
        route: '/sign-in',
        status: 200,
        duration_ms: expect.any(Number),
      }),
      expect.objectContaining({ level: 'debug', component: 'api', method: 'POST', route: '/api/v1/history', status: 200 }),
      expect.objectContaining({ level: 'debug', component: 'api', method: 'GET', route: 'none', status: 404 }),
    ])
    const text = JSON.stringify(api.logged)
    for (const secret of [token, link.searchParams.get('code') ?? '?', cookie.split('=')[1] ?? '?', 'abc'])
      expect(text).not.toContain(secret)
  })
})

/** Send raw bytes and read until the other side is done. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}
