import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ObjectListing, StoredObject, VersionPage } from '../../../../../src/shared/data-plane'
import { startData } from './workbench'

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')

describe('objects over HTTP', () => {
  it('come back as they were put, with type, etag and length', async () => {
    const data = await startData()
    const body = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) % 256)
    const put = await data.call('PUT', { path: '/data/storage/art/a.png', headers: { 'content-type': 'image/png' }, body })
    expect(put.status).toBe(200)
    expect(put.json()).toMatchObject({ key: 'a.png', size: 300_000, etag: sha256(body), content_type: 'image/png', metadata: {} })
    expect(put.headers.etag).toBe(`"${sha256(body)}"`)

    const got = await data.call('GET', '/data/storage/art/a.png')
    expect(got.status).toBe(200)
    expect(got.body.equals(body)).toBe(true)
    expect(got.headers).toMatchObject({
      etag: `"${sha256(body)}"`,
      'content-type': 'image/png',
      'content-length': '300000',
      'accept-ranges': 'bytes',
    })
    expect(new Date(got.headers['last-modified'] ?? '').getTime()).toBeGreaterThan(0)
  })

  it('may be empty, and may be JSON that nobody reads', async () => {
    const data = await startData()
    for (const body of ['', '{"not": json', 'null']) {
      const put = await data.call('PUT', { path: '/data/storage/art/a', headers: { 'content-type': 'application/json' }, body })
      expect(put.status, body).toBe(200)
      const got = await data.call('GET', '/data/storage/art/a')
      expect([got.text, got.headers['content-length']]).toEqual([body, String(body.length)])
    }
  })

  it('tell by HEAD what GET would, without the bytes', async () => {
    const data = await startData()
    await data.call('PUT', { path: '/data/storage/art/a', headers: { 'x-meta-by': 'me' }, body: 'content' })
    const head = await data.call('HEAD', '/data/storage/art/a')
    const get = await data.call('GET', '/data/storage/art/a')
    expect([head.status, head.text]).toEqual([200, ''])
    const { date: _, connection: __, ...described } = get.headers
    expect(head.headers).toMatchObject(described)
  })

  it('are gone once deleted, and deleting what is absent succeeds', async () => {
    const data = await startData()
    await data.call('PUT', { path: '/data/storage/art/a', body: 'x' })
    for (let i = 0; i < 2; i++) {
      const deleted = await data.call('DELETE', '/data/storage/art/a')
      expect([deleted.status, deleted.json()]).toEqual([200, { delete_marker: false }])
    }
    const got = await data.call('GET', '/data/storage/art/a')
    expect([got.status, got.json()]).toMatchObject([404, { code: 'not-found', detail: expect.stringContaining('art/a') }])
    expect((await data.call('HEAD', '/data/storage/art/a')).status).toBe(404)
    expect((await data.call('GET', '/data/storage/nowhere/a')).status).toBe(404)
  })

  it('carry metadata of any text, and say so in every answer', async () => {
    const data = await startData()
    const headers = { 'x-meta-title': encodeURIComponent('Вечер – 1'), 'x-meta-%C3%A9t%C3%A9': 'a%20b' }
    const put = await data.call('PUT', { path: '/data/storage/art/a', headers, body: 'x' })
    expect(put.json<StoredObject>().metadata).toEqual({ title: 'Вечер – 1', été: 'a b' })
    const got = await data.call('GET', '/data/storage/art/a')
    expect(decodeURIComponent(String(got.headers['x-meta-title']))).toBe('Вечер – 1')
    expect(Object.entries(got.headers).map(([name, value]) => [decodeURIComponent(name), value])).toContainEqual(['x-meta-été', 'a%20b'])
  })

  it('carry all of 8 KiB of metadata, also where each byte of it is percent-encoded', async () => {
    const data = await startData()
    const title = 'ж'.repeat(4_093)
    const put = await data.call('PUT', { path: '/data/storage/art/a', headers: { 'x-meta-title': encodeURIComponent(title) }, body: 'x' })
    expect([put.status, put.json<StoredObject>().metadata]).toEqual([200, { title }])
    const head = await data.call('HEAD', '/data/storage/art/a')
    expect(decodeURIComponent(String(head.headers['x-meta-title']))).toBe(title)
  })

  it('are refused metadata that is too long, unnamed or not percent-encoded', async () => {
    const data = await startData()
    const put = async (headers: Record<string, string>) => {
      const answer = await data.call('PUT', { path: '/data/storage/art/a', headers, body: 'x' })
      return [answer.status, answer.json().code, answer.json().detail]
    }
    expect((await put({ 'x-meta-a': 'x'.repeat(8_191) }))[0]).toBe(200)
    expect(await put({ 'x-meta-a': 'x'.repeat(8_192) })).toEqual([413, 'too-large', expect.stringContaining('8193 bytes')])
    expect(await put({ 'x-meta-': 'x' })).toEqual([400, 'invalid', expect.stringContaining('art/a')])
    expect(await put({ 'x-meta-a': '%E9' })).toEqual([400, 'invalid', expect.stringContaining('x-meta-a')])
  })

  it('are copied with type and metadata, which can be replaced', async () => {
    const data = await startData()
    const headers = { 'content-type': 'text/plain', 'x-meta-by': 'me' }
    await data.call('PUT', { path: '/data/storage/art/from%20%C3%A9/a%3Fb', headers, body: 'content' })
    const source = { 'x-copy-source': 'art/from%20%C3%A9/a%3Fb' }
    const copied = await data.call('PUT', { path: '/data/storage/film/to', headers: source })
    expect(copied.json()).toMatchObject({ key: 'to', etag: sha256('content'), content_type: 'text/plain', metadata: { by: 'me' } })
    const restated = await data.call('PUT', { path: '/data/storage/art/to', headers: { ...source, 'x-meta-by': 'you' } })
    expect(restated.json()).toMatchObject({ metadata: { by: 'you' } })
    expect((await data.call('GET', '/data/storage/art/to')).text).toBe('content')
    for (const wrong of ['art', '/art/', 'art/%FF']) {
      const answer = await data.call('PUT', { path: '/data/storage/art/to', headers: { 'x-copy-source': wrong } })
      expect([answer.status, answer.json().detail], wrong).toEqual([400, expect.stringContaining('x-copy-source')])
    }
    const absent = await data.call('PUT', { path: '/data/storage/art/to', headers: { 'x-copy-source': 'art/none' } })
    expect(absent.status).toBe(404)
  })

  it('of a bucket that keeps versions can be had, copied, restored and removed by version', async () => {
    const data = await startData()
    const path = '/data/storage/film/a'
    const first = (await data.call('PUT', { path, body: 'one' })).headers['x-version']
    await data.call('PUT', { path, body: 'two' })
    const marker = (await data.call('DELETE', path)).json()
    expect(marker).toEqual({ version: expect.any(String), delete_marker: true })
    expect((await data.call('GET', path)).status).toBe(404)
    expect((await data.call('GET', `${path}?version=${first}`)).text).toBe('one')

    const copied = await data.call('PUT', { path: '/data/storage/art/b', headers: { 'x-copy-source': `film/a?version=${first}` } })
    expect(copied.json()).toMatchObject({ etag: sha256('one') })
    const restored = await data.call('POST', `${path}?restore=${first}`)
    expect([restored.status, restored.json()]).toMatchObject([200, { etag: sha256('one'), version: expect.any(String) }])
    expect(restored.json().version).not.toBe(first)
    expect((await data.call('GET', path)).text).toBe('one')

    const removed = await data.call('DELETE', `${path}?version=${first}`)
    expect(removed.json()).toEqual({ version: first, delete_marker: false })
    expect((await data.call('GET', `${path}?version=${first}`)).status).toBe(404)
    expect((await data.call('POST', path)).status).toBe(400)
    expect((await data.call('POST', `${path}?restore=${marker.version}`)).json()).toMatchObject({ code: 'invalid' })
  })
})

describe('a listing over HTTP', () => {
  it('goes page by page through objects and prefixes, in byte order', async () => {
    const data = await startData()
    for (const key of ['b', 'a/2', 'a/1', 'Z', 'é']) {
      await data.call('PUT', { path: `/data/storage/art/${encodeURIComponent(key)}`, body: key })
    }
    const list = async (query: string) => (await data.call('GET', `/data/storage/art${query}`)).json<ObjectListing>()
    expect(await list('')).toMatchObject({ objects: ['Z', 'a/1', 'a/2', 'b', 'é'].map((key) => ({ key })), prefixes: [] })
    expect(await list('/')).toEqual(await list(''))
    expect(await list('?delimiter=/')).toMatchObject({ objects: ['Z', 'b', 'é'].map((key) => ({ key })), prefixes: ['a/'] })
    expect(await list('?prefix=a/')).toMatchObject({ objects: [{ key: 'a/1' }, { key: 'a/2', size: 3, etag: sha256('a/2') }] })

    const pages: string[][] = []
    let after: string | undefined = ''
    while (after !== undefined) {
      const page: ObjectListing = await list(`?limit=2&after=${encodeURIComponent(after)}`)
      pages.push(page.objects.map(({ key }) => key))
      after = page.next
    }
    expect(pages).toEqual([['Z', 'a/1'], ['a/2', 'b'], ['é']])
  })

  it('goes page by page through versions, newest first, delete markers included', async () => {
    const data = await startData()
    for (const body of ['one', 'two']) await data.call('PUT', { path: '/data/storage/film/a', body })
    await data.call('DELETE', '/data/storage/film/a')
    await data.call('PUT', { path: '/data/storage/film/ab', body: 'other' })
    const versions = async (query: string) => (await data.call('GET', `/data/storage/film?versions${query}`)).json<VersionPage>()
    const whole = await versions('')
    expect(whole).toMatchObject({
      versions: [
        { key: 'a', delete_marker: true, latest: true, size: 0 },
        { key: 'a', delete_marker: false, latest: false, etag: sha256('two') },
        { key: 'a', etag: sha256('one') },
        { key: 'ab', latest: true },
      ],
    })
    expect((await versions('&of=a')).versions).toEqual(whole.versions.slice(0, 3))

    const paged: VersionPage['versions'] = []
    let page = await versions('&limit=1')
    while (page.next !== undefined) {
      paged.push(...page.versions)
      page = await versions(`&limit=1&after=${page.next}${page.next_version === undefined ? '' : `&after_version=${page.next_version}`}`)
    }
    expect([...paged, ...page.versions]).toEqual(whole.versions)
  })

  it('of a bucket that does not exist is not found, and a limit that is no limit is invalid', async () => {
    const data = await startData()
    expect((await data.call('GET', '/data/storage/nowhere')).status).toBe(404)
    for (const limit of ['0', '1001', '-1', '1e2', 'x', '']) {
      const answer = await data.call('GET', `/data/storage/art?limit=${limit}`)
      expect([answer.status, answer.json().detail], limit).toEqual([400, expect.stringContaining(`limit=${limit} `)])
    }
  })
})
