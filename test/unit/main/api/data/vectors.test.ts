import { describe, expect, it } from 'vitest'
import type { BatchResult, QueryAnswer } from '../../../../../src/shared/data-plane'
import { json, type Plane, startData } from './workbench'

const base64 = (...numbers: number[]) => Buffer.from(Float32Array.from(numbers).buffer).toString('base64')

async function refusal(data: Plane, method: string, path: string, value: unknown): Promise<[number, unknown, string]> {
  const answer = await data.call(method, json(path, value))
  const { code, detail } = answer.json<{ code: unknown; detail: string }>()
  return [answer.status, code, detail]
}

describe('a vector over HTTP', () => {
  it('comes back as it was put, however it was written', async () => {
    const data = await startData()
    const metadata = { title: 'Вечер', year: 1_968, tags: ['a', 'b'] }
    for (const given of [{ vector: [1, -2.5, 0] }, { vector_base64: base64(1, -2.5, 0) }]) {
      const put = await data.call('PUT', json('/data/index/Shot/one', { ...given, metadata }))
      expect([put.status, put.json()]).toEqual([200, { id: 'one' }])
      const got = await data.call('GET', '/data/index/Shot/one')
      expect([got.status, got.json()]).toEqual([200, { id: 'one', vector: [1, -2.5, 0], metadata }])
    }
  })

  it('has an id of any text, taken as it stands in the path', async () => {
    const data = await startData()
    const ids: Record<string, string> = {
      'a%2Fb': 'a/b',
      'a/b/': 'a/b/',
      '%C3%A9': 'é',
      '%2e%2e': '..',
      '%2520': '%20',
      'a+b%20c': 'a+b c',
    }
    for (const [path, id] of Object.entries(ids)) {
      expect((await data.call('PUT', json(`/data/index/Shot/${path}`, { vector: [1, 0] }))).json(), path).toEqual({ id })
      expect((await data.call('GET', `/data/index/Shot/${path}`)).json()).toMatchObject({ id })
      expect((await data.call('DELETE', `/data/index/Shot/${path}`)).status).toBe(204)
      expect((await data.call('GET', `/data/index/Shot/${path}`)).status).toBe(404)
    }
    const bad = await data.call('PUT', json('/data/index/Shot/%FF', { vector: [1, 0] }))
    expect([bad.status, bad.json().code]).toEqual([400, 'invalid'])
  })

  it('lies with its tenant, which has to be named', async () => {
    const data = await startData()
    await data.call('PUT', json('/data/index/Take/a?tenant=north', { vector: [1, 0] }))
    expect((await data.call('GET', '/data/index/Take/a?tenant=north')).json()).toMatchObject({ id: 'a', tenant: 'north' })
    expect((await data.call('GET', '/data/index/Take/a?tenant=south')).status).toBe(404)
    expect((await data.call('DELETE', '/data/index/Take/a?tenant=south')).status).toBe(204)
    expect((await data.call('GET', '/data/index/Take/a?tenant=north')).status).toBe(200)
    expect(await refusal(data, 'PUT', '/data/index/Take/a', { vector: [1, 0] })).toEqual([400, 'invalid', expect.stringContaining('Take')])
    expect(await refusal(data, 'PUT', '/data/index/Shot/a?tenant=north', { vector: [1, 0] })).toEqual([
      400,
      'invalid',
      expect.stringContaining('Shot'),
    ])
  })

  it('that is none is refused, with its class and its id', async () => {
    const data = await startData()
    await data.call('PUT', json('/data/index/Shot/first', { vector: [1, 0] }))
    const refused: unknown[] = [
      { vector: [1, 'NaN'] },
      { vector: [1, null] },
      { vector: 'text' },
      { vector: [] },
      { vector: [1, 2, 3] },
      { vector: [0, 0] },
      { vector_base64: base64(1, Number.NaN) },
      { vector_base64: base64(Number.POSITIVE_INFINITY, 1) },
      { vector_base64: base64(1, 2, 3) },
      { vector_base64: 'AAAA' },
      { vector_base64: 'not base64!' },
      { vector_base64: base64(1, 2).slice(0, -1) },
      { vector: [1, 0], vector_base64: base64(1, 0) },
      {},
    ]
    for (const value of refused) {
      const [status, code, detail] = await refusal(data, 'PUT', '/data/index/Shot/odd', value)
      expect([status, code], JSON.stringify(value)).toEqual([400, 'invalid'])
      expect(detail).toMatch(/Shot.*odd/)
    }
    // What a double can hold and a float32 cannot, and what not even a double can.
    for (const number of ['1e39', '1e400']) {
      const answer = await data.call('PUT', { path: '/data/index/Shot/odd', body: `{"vector":[1,${number}]}` })
      expect([answer.status, answer.json().detail], number).toEqual([400, expect.stringMatching(/Shot.*odd.*Infinity/)])
    }
    expect((await data.call('GET', '/data/index/Shot/odd')).status).toBe(404)
  })

  it('is refused what its class does not declare, what is no JSON, and a class that there is not', async () => {
    const data = await startData()
    const put = (value: unknown, path = '/data/index/Shot/odd') => refusal(data, 'PUT', path, value)
    expect(await put({ vector: [1], metadata: { nobody: 1 } })).toEqual([400, 'invalid', expect.stringContaining('nobody')])
    expect(await put({ vector: [1], metadata: { year: 'x' } })).toEqual([400, 'invalid', expect.stringContaining('year')])
    expect(await put({ vector: [1], more: 1 })).toEqual([400, 'invalid', expect.stringContaining('more')])
    expect(await put({ vector: [1] }, '/data/index/Nothing/a')).toEqual([404, 'not-found', expect.stringContaining('Nothing')])
    for (const body of ['{"vector": [1,', '', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)]) {
      const answer = await data.call('PUT', { path: '/data/index/Shot/odd', body })
      expect([answer.status, answer.json().detail]).toEqual([400, expect.stringMatching(/Shot.*odd.*JSON/)])
    }
  })
})

describe('a batch over HTTP', () => {
  it('stores each object on its own, and says in order what was refused', async () => {
    const data = await startData()
    const objects = [
      { id: 'a', vector: [1, 0], metadata: { year: 1 } },
      { id: 'b', vector: [1, 'x'] },
      { id: 'c', vector_base64: base64(0, 1) },
      { id: 'd', vector: [1, 2, 3] },
      { id: 'e', vector: [1, 1], metadata: { nobody: 1 } },
      { id: 'f' },
      { id: 'g', vector: [1, 1] },
    ]
    const answer = await data.call('POST', json('/data/index/Shot/batch', { objects }))
    const { results } = answer.json<BatchResult>()
    expect([answer.status, results.map(({ id, ok }) => [id, ok])]).toEqual([
      200,
      [
        ['a', true],
        ['b', false],
        ['c', true],
        ['d', false],
        ['e', false],
        ['f', false],
        ['g', true],
      ],
    ])
    for (const { id, ok, error } of results) {
      if (!ok) expect(error).toEqual({ code: 'invalid', message: expect.stringMatching(new RegExp(`Shot.*"${id}"`)) })
    }
    expect((await data.call('GET', '/data/index/Shot/c')).json()).toMatchObject({ vector: [0, 1] })
    expect((await data.call('GET', '/data/index/Shot/b')).status).toBe(404)
  })

  it('of 10,000 is stored, and of 10,001 is refused whole', async () => {
    const data = await startData()
    const objects = Array.from({ length: 10_001 }, (_, i) => ({ id: `o${i}`, vector: [1, i] }))
    expect(await refusal(data, 'POST', '/data/index/Shot/batch', { objects })).toEqual([
      413,
      'too-large',
      expect.stringMatching(/Shot.*10,?000/),
    ])
    expect((await data.call('GET', '/data/index/Shot/o0')).status).toBe(404)
    const stored = await data.call('POST', json('/data/index/Shot/batch', { objects: objects.slice(1) }))
    expect(stored.json<BatchResult>().results.filter(({ ok }) => ok)).toHaveLength(10_000)
  })

  it('that is no batch is refused with its class', async () => {
    const data = await startData()
    for (const value of [{}, [], null, { objects: {} }, { objects: [1] }, { objects: [{ vector: [1] }] }, { objects: [], more: 1 }]) {
      const [status, code, detail] = await refusal(data, 'POST', '/data/index/Shot/batch', value)
      expect([status, code, detail], JSON.stringify(value)).toEqual([400, 'invalid', expect.stringContaining('Shot')])
    }
    expect((await data.call('POST', json('/data/index/Shot/batch', { objects: [] }))).json()).toEqual({ results: [] })
    expect((await data.call('POST', json('/data/index/Shot/other', {}))).status).toBe(404)
  })
})

describe('a query over HTTP', () => {
  async function filled(): Promise<Plane> {
    const data = await startData()
    const objects = [
      { id: 'east', vector: [1, 0], metadata: { year: 1_960, tags: ['a'] } },
      { id: 'north', vector: [0, 1], metadata: { year: 1_970, tags: ['a', 'b'] } },
      { id: 'west', vector: [-1, 0], metadata: { year: 1_980 } },
    ]
    await data.call('POST', json('/data/index/Shot/batch', { objects }))
    return data
  }

  it('finds the nearest first, with scores and metadata', async () => {
    const data = await filled()
    for (const given of [{ vector: [2, 0.5] }, { vector_base64: base64(2, 0.5) }]) {
      const answer = await data.call('POST', json('/data/index/Shot/query', { ...given, k: 2 }))
      const found = answer.json<QueryAnswer>()
      expect([answer.status, found.partial, found.results.map(({ id }) => id)]).toEqual([200, false, ['east', 'north']])
      expect(found.results[0]).toEqual({
        id: 'east',
        score: expect.closeTo(2 / Math.hypot(2, 0.5), 5),
        metadata: { year: 1_960, tags: ['a'] },
      })
    }
  })

  it('finds only what its filter lets through', async () => {
    const data = await filled()
    const ids = async (filter: unknown) => {
      const answer = await data.call('POST', json('/data/index/Shot/query', { vector: [1, 0], k: 10, filter }))
      return answer.status === 200 ? answer.json<QueryAnswer>().results.map(({ id }) => id) : answer.json().code
    }
    const since = (value: number) => ({ field: 'year', op: 'gt', value })
    expect(await ids(since(1_965))).toEqual(['north', 'west'])
    expect(await ids({ and: [since(1_965), { not: since(1_975) }] })).toEqual(['north'])
    expect(await ids({ or: [{ field: 'tags', op: 'contains', value: 'b' }, { not: { field: 'tags', op: 'exists' } }] })).toEqual([
      'north',
      'west',
    ])
    for (const wrong of [
      {},
      { op: 'eq' },
      { field: 'year', op: 'like', value: 1 },
      { and: 1 },
      { field: 'nobody', op: 'eq', value: 1 },
      'year',
      null,
    ]) {
      expect(await ids(wrong), JSON.stringify(wrong)).toBe('invalid')
    }
  })

  it('that is nested without end is refused, and the node lives on', async () => {
    const data = await filled()
    const filter = `${'{"not":'.repeat(100_000)}{"field":"year","op":"exists"}${'}'.repeat(100_000)}`
    const body = `{"vector":[1,0],"k":1,"filter":${filter}}`
    const answer = await data.call('POST', { path: '/data/index/Shot/query', body })
    expect([answer.status, answer.json().code]).toEqual([400, 'invalid'])
    expect((await data.call('GET', '/data/index/Shot/east')).status).toBe(200)
  })

  it('that asks for too many, or with no vector, is refused with its class', async () => {
    const data = await filled()
    for (const value of [{ vector: [1, 0], k: 0 }, { vector: [1, 0], k: 10_001 }, { vector: [1, 0] }, { k: 1 }, { vector: [1], k: 1 }]) {
      const answer = await refusal(data, 'POST', '/data/index/Shot/query', value)
      expect(answer, JSON.stringify(value)).toEqual([400, 'invalid', expect.stringContaining('Shot')])
    }
  })
})
