import { describe, expect, it } from 'vitest'
import { type Ask, ask, bearer, fakeNode, json, sessionKey, signIn, startTestApi, token } from './support'

const problem = (code: string, status: number) => expect.objectContaining({ type: 'about:blank', code, status, detail: expect.any(String) })

describe('a request proves itself', () => {
  const closed = ['/internal/bootstrap/status', '/metrics', '/openapi.json', '/api/v1/notices', '/', '/nothing-here']

  it('by nothing at all where it asks for health', async () => {
    const api = await startTestApi()
    const answer = await ask(api, { path: '/health' })
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({ status: 'ok', version: '0.1.0', instance: api.instance })
  })

  it.each(closed)('or is refused at %s', async (path) => {
    const api = await startTestApi()
    const answer = await ask(api, { path })
    expect(answer.status).toBe(401)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.headers['www-authenticate']).toContain('Bearer')
    expect(answer.json()).toEqual(problem('unauthenticated', 401))
  })

  const proofs: [string, Record<string, string>, number][] = [
    ['the token', bearer, 200],
    ['the token under another spelling of the scheme', { authorization: `bearer  ${token}` }, 200],
    ['a token cut short', { authorization: `Bearer ${token.slice(0, -1)}` }, 401],
    ['a longer token', { authorization: `Bearer ${token}x` }, 401],
    ['an empty token', { authorization: 'Bearer ' }, 401],
    ['the token as a password', { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` }, 401],
    ['a made-up cookie', { cookie: 'thatdam-PORT=v1.9999999999.c2lnbmF0dXJl' }, 401],
    ['a cookie of another version', { cookie: 'thatdam-PORT=v2.9999999999.c2lnbmF0dXJl' }, 401],
  ]
  it.each(proofs)('with %s', async (_name, headers, expected) => {
    const api = await startTestApi()
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', String(api.port))]))
    expect((await ask(api, { path: '/metrics', headers: sent })).status).toBe(expected)
  })

  it('with the cookie of a session, among other cookies too', async () => {
    const api = await startTestApi()
    const { cookie } = await signIn(api)
    expect((await ask(api, { path: '/metrics', headers: { cookie: `a=b; ${cookie}; c=d` } })).status).toBe(200)
  })

  it('not by a cookie where the token beside it is wrong', async () => {
    const api = await startTestApi()
    const { cookie } = await signIn(api)
    expect((await ask(api, { path: '/metrics', headers: { cookie, authorization: 'Bearer wrong' } })).status).toBe(401)
  })

  it('by a session that outlives a restart on the same port, and only under the same key', async () => {
    const first = await startTestApi()
    const { cookie } = await signIn(first)
    await first.close()
    const second = await startTestApi({ port: first.port })
    expect((await ask(second, { path: '/metrics', headers: { cookie } })).status).toBe(200)
    await second.close()
    const third = await startTestApi({ port: first.port, sessionKey: sessionKey.map((byte) => byte + 1) })
    expect((await ask(third, { path: '/metrics', headers: { cookie } })).status).toBe(401)
  })
})

describe('the host that a request names', () => {
  const hosts: [string, number][] = [
    ['127.0.0.1:PORT', 200],
    ['localhost:PORT', 200],
    ['LocalHost:PORT', 200],
    ['[::1]:PORT', 200],
    ['127.0.0.1', 421],
    ['127.0.0.1:1', 421],
    ['localhost', 421],
    ['evil.example:PORT', 421],
    ['127.0.0.1.evil.example:PORT', 421],
    ['127.0.0.1:PORT.evil.example', 421],
    ['localhost:PORT@evil.example', 421],
  ]
  it.each(hosts)('%s is answered with %i', async (host, expected) => {
    const api = await startTestApi()
    for (const path of ['/health', '/metrics']) {
      const answer = await ask(api, { path, headers: { ...bearer, host: host.replace('PORT', String(api.port)) } })
      expect(answer.status).toBe(expected)
      if (expected === 421) expect(answer.json()).toEqual(problem('misdirected', 421))
    }
  })
})

describe('a page from elsewhere', () => {
  const foreign: [string, Record<string, string>][] = [
    ['another site', { origin: 'https://evil.example' }],
    ['another port of this host', { origin: 'http://127.0.0.1:1' }],
    ['the same node under its other name', { origin: 'http://localhost:PORT' }],
    ['the same address over HTTPS', { origin: 'https://127.0.0.1:PORT' }],
    ['a page without an origin', { origin: 'null' }],
    ['a cross-site request that names no origin', { 'sec-fetch-site': 'cross-site' }],
    ['another port, which browsers call the same site', { 'sec-fetch-site': 'same-site' }],
  ]
  const withPort = (headers: Record<string, string>, port: number) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', String(port))]))

  it.each(foreign)('gets nothing: %s', async (_name, headers) => {
    const node = fakeNode()
    const api = await startTestApi({ node })
    const { cookie } = await signIn(api)
    const sent = withPort(headers, api.port)
    const requests: Ask[] = [
      { path: '/health' },
      { path: '/metrics', headers: { cookie } },
      { path: '/metrics', headers: bearer },
      { path: '/api/v1/notices', headers: { cookie } },
      { method: 'POST', path: '/api/v1/apply', headers: { cookie, ...json }, body: '{}' },
      { method: 'OPTIONS', path: '/api/v1/apply', headers: { 'access-control-request-method': 'POST' } },
    ]
    for (const request of requests) {
      const answer = await ask(api, { ...request, headers: { ...request.headers, ...sent } })
      expect(answer.status).toBe(403)
      expect(answer.json()).toEqual(problem('forbidden', 403))
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    }
    expect(node.seen).toEqual([])
  })

  it('may lead to the page by a link, but not frame it or load it', async () => {
    const api = await startTestApi()
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect((await ask(api, { headers: { ...bearer, ...link } })).status).toBe(200)
    expect((await ask(api, { headers: { ...bearer, ...link, 'sec-fetch-dest': 'iframe' } })).status).toBe(403)
    expect((await ask(api, { headers: { ...bearer, ...link, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' } })).status).toBe(403)
    expect((await ask(api, { path: '/metrics', headers: { ...bearer, ...link } })).status).toBe(403)
  })
})

describe('a change asked for by a session', () => {
  const proofs: [string, Record<string, string>, number][] = [
    ['names its own origin', { origin: 'http://127.0.0.1:PORT' }, 200],
    ['is called same-origin by the browser', { 'sec-fetch-site': 'same-origin' }, 200],
    ['says nothing of where it comes from', {}, 403],
    ['was typed in by a person', { 'sec-fetch-site': 'none' }, 403],
  ]
  it.each(proofs)('that %s', async (_name, headers, expected) => {
    const node = fakeNode()
    const api = await startTestApi({ node })
    const { cookie } = await signIn(api)
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', String(api.port))]))
    const answer = await ask(api, { method: 'POST', path: '/api/v1/apply', headers: { cookie, ...json, ...sent }, body: '{}' })
    expect(answer.status).toBe(expected)
    expect(node.seen).toHaveLength(expected === 200 ? 1 : 0)
  })
})

it('every answer forbids framing, sniffing, foreign scripts and storing', async () => {
  const api = await startTestApi()
  const requests: Ask[] = [
    { path: '/health' },
    { path: '/metrics' },
    { path: '/metrics', headers: bearer },
    { path: '/', headers: bearer },
    { path: '/sign-in' },
    { path: '/nothing', headers: bearer },
    { path: '/health', headers: { host: 'evil.example' } },
  ]
  for (const request of requests) {
    const { headers } = await ask(api, request)
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['referrer-policy']).toBe('no-referrer')
    expect(headers['cache-control']).toBe('no-store')
  }
})
