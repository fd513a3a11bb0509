import { describe, expect, it } from 'vitest'
import { signIn } from '../support'
import { byKey, startData } from './workbench'

describe('an object opened in a browser', () => {
  it('is shown where that is harmless, and saved where the browser would take it for a document', async () => {
    const data = await startData()
    for (const [type, disposition] of [
      ['image/png', 'inline'],
      ['video/mp4', 'inline'],
      ['text/plain; charset=utf-8', 'inline'],
      ['application/json', 'inline'],
      ['application/pdf', 'inline'],
      ['text/html', 'attachment'],
      ['TEXT/HTML; charset=utf-8', 'attachment'],
      ['image/svg+xml', 'attachment'],
      ['Image/SVG+xml', 'attachment'],
      ['application/xhtml+xml', 'attachment'],
      ['text/xml', 'attachment'],
      ['text/plainly', 'attachment'],
      ['application/jsonp', 'attachment'],
      ['text/javascript', 'attachment'],
      ['multipart/related', 'attachment'],
      ['application/octet-stream', 'attachment'],
    ] as const) {
      await data.call('PUT', {
        path: '/data/storage/art/a',
        headers: { 'content-type': type },
        body: '<script>fetch("/api/v1/apply")</script>',
      })
      const { headers } = await data.call('GET', '/data/storage/art/a')
      expect([headers['content-type'], headers['content-disposition']]).toEqual([type, `${disposition}; filename*=UTF-8''a`])
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*; sandbox$/)
    }
  })

  it('is saved under the last name in its key, whatever that is', async () => {
    const data = await startData()
    for (const [key, name] of [
      ['day 1/Träume (2).mov', 'Tr%C3%A4ume%20%282%29.mov'],
      ['a/b//', 'b'],
      ['..', '..'],
      ['///', 'object'],
      ['a"; filename=evil.exe', 'a%22%3B%20filename%3Devil.exe'],
      ['line\r\nSet-Cookie: a=b', 'line%0D%0ASet-Cookie%3A%20a%3Db'],
      ["it's*", 'it%27s%2A'],
    ] as const) {
      await data.call('PUT', { path: byKey('art', key), body: 'x' })
      const { status, headers } = await data.call('GET', byKey('art', key))
      expect([status, headers['content-disposition'], headers['set-cookie']], key).toEqual([
        200,
        `attachment; filename*=UTF-8''${name}`,
        undefined,
      ])
    }
  })

  it('is given to the session of the page, and to no page from elsewhere, not even for a look', async () => {
    const data = await startData()
    await data.call('PUT', { path: '/data/storage/art/a', headers: { 'content-type': 'text/html' }, body: '<h1>x</h1>' })
    const { cookie } = await signIn(data)
    const open = async (headers: Record<string, string>) => {
      const response = await fetch(`${data.url}/data/storage/art/a`, { headers: { cookie, ...headers } })
      await response.arrayBuffer()
      return response.status
    }
    expect(await open({ 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await open({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' })).toBe(403)
    expect(await open({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' })).toBe(403)
    expect(await open({ origin: 'null' })).toBe(403)
  })
})
