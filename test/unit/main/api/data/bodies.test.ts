import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { answerTo, type Plane, startData } from './workbench'

const MiB = 1024 * 1024

/** An upload of which the node has taken some. */
async function begun(data: Plane, path: string, length: number) {
  const request = data.open('PUT', { path, headers: { expect: '100-continue', 'content-length': String(length) } })
  request.flushHeaders()
  await once(request, 'continue')
  await new Promise((resolve) => request.write('some of it', resolve))
  return request
}

function filesOnTheirWay({ directory }: Plane): string[] {
  return readdirSync(join(directory, 'storage', '.thatdam', 'tmp'))
}

describe('an upload', () => {
  it('whose client goes away leaves nothing, and the node lives on', async () => {
    const data = await startData()
    await data.call('PUT', { path: '/data/storage/art/a', body: 'old' })
    for (const path of ['/data/storage/art/a', '/data/storage/art/b']) {
      const request = await begun(data, path, 1_000_000)
      request.on('error', () => undefined)
      request.destroy()
    }
    await expect.poll(() => data.logged.filter(({ method }) => method === 'PUT')).toHaveLength(3)
    await expect.poll(() => filesOnTheirWay(data)).toEqual([])
    expect((await data.call('GET', '/data/storage/art/a')).text).toBe('old')
    expect((await data.call('GET', '/data/storage/art/b')).status).toBe(404)
  })

  it('that stands still is given up, and leaves nothing', async () => {
    const data = await startData({ dataLimits: { stallMs: 50 } })
    const request = await begun(data, '/data/storage/art/a', 1_000_000)
    const answer = await answerTo(request)
    expect([answer.status, answer.headers.connection, answer.json().code]).toEqual([408, 'close', 'timeout'])
    expect(filesOnTheirWay(data)).toEqual([])
    expect((await data.call('GET', '/data/storage/art/a')).status).toBe(404)
  })

  it('of a message or of a vector that stands still is given up, too', async () => {
    const data = await startData({ dataLimits: { stallMs: 50 } })
    for (const path of ['/data/bus/exchanges/orders/messages', '/data/bus/queues/work/acks', '/data/index/Shot/batch']) {
      const request = data.open('POST', { path, headers: { 'content-length': '1000' } })
      request.write('[')
      const answer = await answerTo(request)
      expect([answer.status, answer.json().code, answer.headers.connection], path).toEqual([408, 'timeout', 'close'])
    }
  })

  it('that is refused is answered before its body, which the client then need not send', async () => {
    const data = await startData()
    await data.call('PUT', { path: '/data/storage/art/a', body: 'old' })
    const refusals: [string, string, Record<string, string>, number][] = [
      ['PUT', '/data/storage/art/a', { 'if-none-match': '*' }, 412],
      ['PUT', '/data/storage/art/a', { 'if-match': '"other"' }, 412],
      ['PUT', '/data/storage/nowhere/a', {}, 404],
      ['PUT', '/data/storage/art/%FF', {}, 400],
      ['PUT', '/data/storage/art/a', { authorization: 'Bearer wrong' }, 401],
      ['POST', '/data/bus/exchanges/orders/messages', { 'content-length': String(16 * MiB + 1) }, 413],
      ['POST', '/data/index/Shot/batch', { 'content-length': String(64 * MiB + 1) }, 413],
    ]
    for (const [method, path, headers, status] of refusals) {
      const request = data.open(method, { path, headers: { 'content-length': '1000000000', ...headers, expect: '100-continue' } })
      let toldToGoOn = false
      request.on('continue', () => {
        toldToGoOn = true
      })
      const answered = answerTo(request)
      request.flushHeaders()
      const answer = await answered
      expect([answer.status, toldToGoOn, answer.headers.connection], `${method} ${path}`).toEqual([status, false, 'close'])
      request.destroy()
    }
    expect((await data.call('GET', '/data/storage/art/a')).text).toBe('old')
  })

  it('of 1 GB of JSON is refused without being read whole', async () => {
    const data = await startData()
    const zeros = Buffer.alloc(MiB)
    for (const path of [
      '/data/index/Shot/batch',
      '/data/index/Shot/query',
      '/data/bus/queues/work/acks',
      '/data/bus/exchanges/orders/messages',
    ]) {
      const request = data.open('POST', { path, headers: { 'content-type': 'application/json' } })
      let answered = false
      const answer = answerTo(request).finally(() => {
        answered = true
      })
      let sent = 0
      while (!answered && sent < 1024) {
        sent++
        if (!request.write(zeros)) await Promise.race([once(request, 'drain'), answer])
      }
      expect([(await answer).status, (await answer).json().code], path).toEqual([413, 'too-large'])
      expect(sent).toBeLessThan(1024)
      request.on('error', () => undefined)
      request.destroy()
    }
  })

  it('of 20 MB comes back whole, and may come without its length', async () => {
    const data = await startData()
    const part = Buffer.from(Array.from({ length: MiB }, (_, i) => (i * 7 + (i >> 8)) % 256))
    const request = data.open('PUT', { path: '/data/storage/art/large' })
    const answered = answerTo(request)
    for (let i = 0; i < 20; i++) if (!request.write(part)) await once(request, 'drain')
    request.end()
    expect((await answered).json()).toMatchObject({ size: 20 * MiB })
    const got = await data.call('GET', '/data/storage/art/large')
    expect(got.body.equals(Buffer.concat(Array.from({ length: 20 }, () => part)))).toBe(true)
  })
})

describe('a download', () => {
  it('whose client goes away ends, and the node lives on', async () => {
    const data = await startData()
    await data.call('PUT', { path: '/data/storage/art/large', body: Buffer.alloc(20 * MiB) })
    const request = data.open('GET', { path: '/data/storage/art/large' })
    request.end()
    const [response] = await once(request, 'response')
    await once(response, 'data')
    request.on('error', () => undefined)
    request.destroy()
    await expect.poll(() => data.logged.filter(({ method }) => method === 'GET')).toHaveLength(1)
    expect((await data.call('GET', '/data/storage/art/large')).body).toHaveLength(20 * MiB)
  })

  it('of a page does not make it one of the node: it runs nothing and belongs to no origin', async () => {
    const data = await startData()
    const headers = { 'content-type': 'text/html', 'x-meta-content-security-policy': "script-src '*'" }
    await data.call('PUT', { path: '/data/storage/art/page.html', headers, body: '<script>alert(1)</script>' })
    for (const path of ['/data/storage/art/page.html', '/data/storage/art?key=page.html']) {
      const got = await data.call('GET', path)
      expect(got.headers['content-type']).toBe('text/html')
      const policy = String(got.headers['content-security-policy']).split(/; */)
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain('sandbox')
      expect(policy.join()).not.toContain('script-src')
      expect(got.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin' })
    }
  })
})

describe('more requests than the node works on', () => {
  it('are told to try again, and succeed once there is room', async () => {
    const data = await startData({ dataLimits: { requests: 1 } })
    const request = await begun(data, '/data/storage/art/a', 20)
    const refused = await data.call('GET', '/data/storage/art')
    expect([refused.status, refused.headers['retry-after'], refused.json().code]).toEqual([503, '1', 'unavailable'])
    const answered = answerTo(request)
    request.end('0123456789')
    expect((await answered).status).toBe(200)
    await expect.poll(async () => (await data.call('GET', '/data/storage/art/a')).status).toBe(200)
  })

  it('are so by the bytes of messages and vectors that it holds, too, but not by those of objects', async () => {
    const data = await startData({ dataLimits: { heldBytes: 1_000 } })
    const body = 'x'.repeat(1_001)
    const path = '/data/bus/exchanges/orders/messages?key=order'
    const refused = await data.call('POST', { path, body })
    expect([refused.status, refused.headers['retry-after'], refused.json().code]).toEqual([503, '1', 'unavailable'])
    // What a request held is free again with its end.
    for (let i = 0; i < 5; i++) {
      await expect.poll(async () => (await data.call('POST', { path, body: body.slice(1, 900) })).status).toBe(202)
    }
    expect((await data.call('PUT', { path: '/data/storage/art/a', body })).status).toBe(200)
  })

  it('are so on the data plane alone', async () => {
    const data = await startData({ dataLimits: { requests: 0 } })
    expect((await data.call('GET', '/data/storage/art')).status).toBe(503)
    expect((await data.call('GET', '/health')).status).toBe(200)
    expect((await data.call('GET', '/internal/bootstrap/status')).status).toBe(200)
  })
})
