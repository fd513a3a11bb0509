import { describe, expect, it } from 'vitest'
import { type Plane, startData } from './workbench'

const path = '/data/storage/art/a'
const unlike = `"${'0'.repeat(64)}"`

async function withObject(body = '0123456789'): Promise<{ data: Plane; etag: string }> {
  const data = await startData()
  const put = await data.call('PUT', { path, headers: { 'content-type': 'text/plain' }, body })
  return { data, etag: String(put.headers.etag) }
}

describe('a range', () => {
  it('is answered with its bytes, clipped to the object', async () => {
    const { data, etag } = await withObject()
    const ranges: Record<string, [string, string]> = {
      'bytes=0-0': ['0', 'bytes 0-0/10'],
      'bytes=2-4': ['234', 'bytes 2-4/10'],
      'bytes=7-': ['789', 'bytes 7-9/10'],
      'bytes=7-99': ['789', 'bytes 7-9/10'],
      'bytes=-3': ['789', 'bytes 7-9/10'],
      'bytes=-99': ['0123456789', 'bytes 0-9/10'],
    }
    for (const [range, [text, contentRange]] of Object.entries(ranges)) {
      const answer = await data.call('GET', { path, headers: { range } })
      expect([answer.status, answer.text], range).toEqual([206, text])
      expect(answer.headers).toMatchObject({ 'content-range': contentRange, 'content-length': String(text.length), etag })
    }
  })

  it('that begins behind the end is not satisfiable', async () => {
    const { data } = await withObject()
    for (const range of ['bytes=10-', 'bytes=99-100', 'bytes=-0']) {
      const answer = await data.call('GET', { path, headers: { range } })
      expect([answer.status, answer.headers['content-range'], answer.json().code], range).toEqual([416, 'bytes */10', 'invalid'])
    }
  })

  it('of an empty object is not satisfiable', async () => {
    const { data } = await withObject('')
    for (const range of ['bytes=0-', 'bytes=-1']) {
      const answer = await data.call('GET', { path, headers: { range } })
      expect([answer.status, answer.headers['content-range']], range).toEqual([416, 'bytes */0'])
    }
  })

  it('that makes no sense, or is one of several, leaves the whole object as the answer', async () => {
    const { data } = await withObject()
    for (const range of ['bytes=4-2', 'bytes=', 'bytes=-', 'bytes=a-b', 'items=0-1', '0-1', 'bytes=0-1,3-4']) {
      const answer = await data.call('GET', { path, headers: { range } })
      expect([answer.status, answer.text], range).toEqual([200, '0123456789'])
      expect(answer.headers).not.toHaveProperty('content-range')
    }
  })

  it('under If-Range is of the object that has the etag, else the whole of the other one', async () => {
    const { data, etag } = await withObject()
    const same = await data.call('GET', { path, headers: { range: 'bytes=2-4', 'if-range': etag } })
    expect([same.status, same.text]).toEqual([206, '234'])
    for (const other of [unlike, `W/${etag}`, new Date().toUTCString()]) {
      const answer = await data.call('GET', { path, headers: { range: 'bytes=2-4', 'if-range': other } })
      expect([answer.status, answer.text], other).toEqual([200, '0123456789'])
    }
  })

  it('gives way to a condition that does not hold', async () => {
    const { data, etag } = await withObject()
    const read = async (headers: Record<string, string>) => (await data.call('GET', { path, headers })).status
    expect(await read({ range: 'bytes=0-1', 'if-match': unlike })).toBe(412)
    expect(await read({ range: 'bytes=0-1', 'if-none-match': etag })).toBe(304)
    expect(await read({ range: 'bytes=99-', 'if-none-match': etag })).toBe(304)
    expect(await read({ range: 'bytes=99-', 'if-match': unlike })).toBe(412)
    expect(await read({ range: 'bytes=0-1', 'if-match': etag })).toBe(206)
  })
})

describe('a condition of a read', () => {
  it('answers 304 without a body where the reader has the object already', async () => {
    const { data, etag } = await withObject()
    for (const method of ['GET', 'HEAD']) {
      for (const have of [etag, `W/${etag}`, `${unlike}, ${etag}`, '*']) {
        const answer = await data.call(method, { path, headers: { 'if-none-match': have } })
        expect([answer.status, answer.text, answer.headers.etag], `${method} ${have}`).toEqual([304, '', etag])
      }
      expect((await data.call(method, { path, headers: { 'if-none-match': unlike } })).status).toBe(200)
    }
  })

  it('answers 412 where the object is not the one that is meant', async () => {
    const { data, etag } = await withObject()
    for (const method of ['GET', 'HEAD']) {
      expect((await data.call(method, { path, headers: { 'if-match': unlike } })).status).toBe(412)
      for (const meant of [etag, `${unlike}, ${etag}`, '*']) {
        expect((await data.call(method, { path, headers: { 'if-match': meant } })).status, meant).toBe(200)
      }
    }
    const refused = await data.call('GET', { path, headers: { 'if-match': unlike } })
    expect(refused.json()).toMatchObject({ code: 'precondition-failed', detail: expect.stringContaining('art/a') })
  })
})

describe('a condition of a write', () => {
  it('lets a put make an object only where there is none', async () => {
    const { data } = await withObject('old')
    const headers = { 'if-none-match': '*' }
    const refused = await data.call('PUT', { path, headers, body: 'new' })
    expect([refused.status, refused.json().code]).toEqual([412, 'precondition-failed'])
    expect((await data.call('GET', path)).text).toBe('old')
    expect((await data.call('PUT', { path: '/data/storage/art/b', headers, body: 'new' })).status).toBe(200)
    expect((await data.call('PUT', { path, headers: { 'if-none-match': unlike }, body: 'new' })).json()).toMatchObject({ code: 'invalid' })
  })

  it('lets a put, a copy and a delete change only the object that has the etag', async () => {
    const { data, etag } = await withObject('old')
    await data.call('PUT', { path: '/data/storage/art/b', body: 'other' })
    const source = { 'x-copy-source': 'art/b' }
    for (const wrong of [unlike]) {
      const headers = { 'if-match': wrong }
      expect((await data.call('PUT', { path, headers, body: 'new' })).status).toBe(412)
      expect((await data.call('PUT', { path, headers: { ...headers, ...source } })).status).toBe(412)
      expect((await data.call('DELETE', { path, headers })).status).toBe(412)
    }
    expect((await data.call('GET', path)).text).toBe('old')
    const put = await data.call('PUT', { path, headers: { 'if-match': etag }, body: 'new' })
    expect(put.status).toBe(200)
    const copied = await data.call('PUT', { path, headers: { ...source, 'if-match': String(put.headers.etag) } })
    expect(copied.status).toBe(200)
    expect((await data.call('DELETE', { path, headers: { 'if-match': String(copied.headers.etag) } })).status).toBe(200)
    expect((await data.call('GET', path)).status).toBe(404)
  })

  it('names exactly one etag', async () => {
    const { data, etag } = await withObject('old')
    for (const several of ['*', `${etag}, ${unlike}`, '']) {
      const answer = await data.call('PUT', { path, headers: { 'if-match': several }, body: 'new' })
      expect([answer.status, answer.json().detail], several).toEqual([400, expect.stringContaining('If-Match')])
    }
    expect((await data.call('GET', path)).text).toBe('old')
  })
})
