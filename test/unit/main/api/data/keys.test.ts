import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ObjectListing } from '../../../../../src/shared/data-plane'
import { byKey, type Plane, startData } from './workbench'

async function keysOf(data: Plane, bucket = 'art'): Promise<string[]> {
  return (await data.call('GET', `/data/storage/${bucket}`)).json<ObjectListing>().objects.map(({ key }) => key)
}

describe('a key over HTTP', () => {
  it('is taken byte for byte from the path', async () => {
    const data = await startData()
    // What the path says, and the key that it means.
    const keys: Record<string, string> = {
      'a%2Fb': 'a/b',
      'a//b': 'a//b',
      '/leading': '/leading',
      'trailing/': 'trailing/',
      'trailing//': 'trailing//',
      'a%20b+c': 'a b+c',
      'a%2520b': 'a%20b',
      'a%3Fb%23c': 'a?b#c',
      'a;b=c,d': 'a;b=c,d',
      '%D0%BA%D0%BB%D1%8E%D1%87': 'ключ',
      'e%CC%81': 'é'.normalize('NFD'),
      '%C3%A9': 'é',
      'back%5Cslash': 'back\\slash',
      'line%0Abreak': 'line\nbreak',
      '%2500': '%00',
      'CON.txt': 'CON.txt',
    }
    for (const [path, key] of Object.entries(keys)) {
      const put = await data.call('PUT', { path: `/data/storage/art/${path}`, body: key })
      expect([put.status, put.json().key], path).toEqual([200, key])
    }
    expect((await keysOf(data)).sort()).toEqual(Object.values(keys).sort())
    for (const [path, key] of Object.entries(keys)) {
      expect((await data.call('GET', `/data/storage/art/${path}`)).text, path).toBe(key)
      expect((await data.call('GET', byKey('art', key))).text, path).toBe(key)
    }
  })

  it('can be any at all by the query, dots as segments too, and never leaves its bucket', async () => {
    const data = await startData()
    const keys = [
      '..',
      '.',
      '../film/a',
      '../../outside',
      'a/../../b',
      '/',
      '//',
      'a/./b',
      '/etc/passwd',
      '..\\film\\a',
      '.thatdam/storage.db',
    ]
    for (const key of keys) {
      const put = await data.call('PUT', { path: byKey('art', key), body: key })
      expect([put.status, put.json().key], key).toEqual([200, key])
      expect((await data.call('GET', byKey('art', key))).text).toBe(key)
      expect((await data.call('HEAD', byKey('art', key))).headers['content-length']).toBe(String(key.length))
    }
    expect((await keysOf(data)).sort()).toEqual([...keys].sort())
    expect(await keysOf(data, 'film')).toEqual([])
    expect(readdirSync(data.directory).sort()).toEqual(['bus', 'index', 'storage'])
    expect(readdirSync(join(data.directory, 'storage')).sort()).toEqual(['.thatdam', 'art', 'film'])
    for (const key of keys) expect((await data.call('DELETE', byKey('art', key))).status, key).toBe(200)
    expect(await keysOf(data)).toEqual([])
  })

  it('with dots in the path, encoded or not, stays in its bucket', async () => {
    const data = await startData()
    for (const path of ['%2e%2e%2ffilm%2fa', '..%2Ffilm%2Fb', '../film/c', '%2e%2e/film/d', '..%5Cfilm%5Ce']) {
      expect((await data.call('PUT', { path: `/data/storage/art/${path}`, body: 'x' })).status, path).toBe(200)
    }
    expect(await keysOf(data, 'film')).toEqual([])
    expect((await keysOf(data)).sort()).toEqual(['../film/a', '../film/b', '../film/c', '../film/d', '..\\film\\e'])
  })

  it('names no bucket outside of the storage', async () => {
    const data = await startData()
    for (const bucket of ['..', '.', '.thatdam', '%2e%2e', '%2e%2e%2fbus', 'art%2f..', '%00', '%2F', '%20']) {
      for (const [method, path] of [
        ['PUT', `/data/storage/${bucket}/x`],
        ['GET', `/data/storage/${bucket}/bus.db`],
        ['GET', `/data/storage/${bucket}`],
        ['PUT', `/data/storage/${bucket}?key=x`],
      ] as const) {
        const answer = await data.call(method, method === 'PUT' ? { path, body: 'x' } : path)
        expect([answer.status, answer.json().code], `${method} ${path}`).toEqual([400, 'invalid'])
      }
    }
    expect(existsSync(join(data.directory, 'x'))).toBe(false)
    expect((await data.call('GET', '/data/storage/')).status).toBe(404)
    expect((await data.call('GET', '/data/storage')).status).toBe(404)
  })

  it('that is no text is refused, in the path and in the query', async () => {
    const data = await startData()
    const path = ['%FF', '%E9', '%ED%A0%80', '%C0%AE%C0%AE', '%', '%2', '%zz', 'a/%FF/b']
    for (const bad of path) {
      for (const method of ['PUT', 'GET', 'DELETE'] as const) {
        const answer = await data.call(method, `/data/storage/art/${bad}`)
        expect([answer.status, answer.json().code], `${method} ${bad}`).toEqual([400, 'invalid'])
      }
      const byQuery = await data.call('PUT', { path: `/data/storage/art?key=${bad}`, body: 'x' })
      expect([byQuery.status, byQuery.json().code], `?key=${bad}`).toEqual([400, 'invalid'])
    }
    expect(await keysOf(data)).toEqual([])
  })

  it('may have a null byte, which is kept or refused but never cut', async () => {
    const data = await startData()
    const put = await data.call('PUT', { path: '/data/storage/art/a%00b', body: 'x' })
    expect(put.status === 200 ? put.json().key : put.json().code).toBe(put.status === 200 ? 'a\0b' : 'invalid')
    expect(await keysOf(data)).toEqual(put.status === 200 ? ['a\0b'] : [])
    expect((await data.call('GET', '/data/storage/art/a')).status).toBe(404)
  })

  it('has at most 1,024 bytes, which are not its characters', async () => {
    const data = await startData()
    for (const [key, fits] of [
      ['k'.repeat(1_024), true],
      ['k'.repeat(1_025), false],
      ['é'.repeat(512), true],
      ['é'.repeat(513), false],
    ] as const) {
      const answer = await data.call('PUT', { path: byKey('art', key), body: 'x' })
      expect([answer.status, answer.json().code]).toEqual(fits ? [200, undefined] : [400, 'invalid'])
      if (!fits) expect(answer.json().detail).toMatch(/102[56] bytes/)
    }
  })

  it('is in the path or in the query; none at all is invalid where one object is meant', async () => {
    const data = await startData()
    for (const path of ['/data/storage/art', '/data/storage/art/', '/data/storage/art?key=']) {
      for (const method of ['PUT', 'DELETE', 'POST'] as const) {
        const answer = await data.call(method, path)
        expect([answer.status, answer.json().code], `${method} ${path}`).toEqual([400, 'invalid'])
      }
    }
  })
})
