import { describe, expect, it } from 'vitest'
import { UserError } from '../../../../../src/shared/errors'
import { nodeContract } from '../../../../../src/shared/node-contract'
import { ask, signIn } from '../support'
import { startData } from './workbench'

const program = { authorization: 'Bearer thatdam_program' }
const programTokens = { recognises: (token: string) => (token === 'thatdam_program' ? { name: 'ingest' } : undefined) }

describe('the named token of a program', () => {
  it('opens the data plane, the status, the metrics and the OpenAPI document', async () => {
    const data = await startData({ programTokens })
    const requests = [
      { method: 'PUT', path: '/data/storage/art/a', body: 'x' },
      { path: '/data/storage/art/a' },
      { path: '/data/storage/art' },
      { method: 'DELETE', path: '/data/storage/art/a' },
      { method: 'POST', path: '/data/bus/exchanges/orders/messages?key=order', body: 'x' },
      { method: 'PUT', path: '/data/index/Shot/a', body: '{"vector":[1]}' },
      { method: 'POST', path: '/data/index/Shot/query', body: '{"vector":[1],"k":1}' },
      { path: '/internal/bootstrap/status' },
      { path: '/metrics' },
      { path: '/openapi.json' },
    ]
    for (const { path, ...request } of requests) {
      const answer = await ask(data, { path, ...request, headers: program })
      expect(answer.status, `${request.method ?? 'GET'} ${path}`).toBeLessThan(300)
    }
  })

  it('is forbidden everything else, by its name', async () => {
    const data = await startData({ programTokens })
    const elsewhere = [
      ...Object.keys(nodeContract).map((name) => ({ method: 'POST', path: `/api/v1/${name}`, body: '{}' })),
      { path: '/api/v1/notices' },
      { path: '/' },
      { path: '/nothing' },
      { path: '/data' },
      { path: '/data/nothing' },
      { path: '/api/v1/data/storage/art' },
      { method: 'POST', path: '/data/../api/v1/apply', body: '{}' },
      { method: 'POST', path: '/%64ata/%2e%2e/api/v1/apply', body: '{}' },
    ]
    for (const { path, ...request } of elsewhere) {
      const headers = { ...program, 'content-type': 'application/json' }
      const answer = await ask(data, { path, ...request, headers })
      expect([answer.status, answer.json()], path).toMatchObject([403, { code: 'forbidden', detail: expect.stringContaining('ingest') }])
    }
  })

  it('that nobody gave out opens nothing', async () => {
    const data = await startData({ programTokens })
    for (const authorization of ['Bearer thatdam_other', 'Bearer', 'Basic thatdam_program', 'thatdam_program', '']) {
      for (const path of ['/data/storage/art', '/metrics', '/openapi.json', '/data/bus/queues/work/messages']) {
        expect((await ask(data, { path, headers: { authorization } })).status, `${authorization} ${path}`).toBe(401)
      }
    }
    expect((await ask(data, { path: '/data/storage/art' })).status).toBe(401)
  })
})

describe('the data plane', () => {
  it('answers the page of the node by its session, and no other page', async () => {
    const data = await startData()
    const { cookie } = await signIn(data)
    const own = { cookie, origin: data.url, 'sec-fetch-site': 'same-origin' }
    const path = '/data/storage/art/a'
    expect((await ask(data, { method: 'PUT', path, headers: own, body: 'x' })).status).toBe(200)
    expect((await ask(data, { path, headers: { cookie } })).text).toBe('x')
    for (const headers of [{ cookie }, { cookie, origin: 'http://evil.example' }, { cookie, 'sec-fetch-site': 'cross-site' }]) {
      const answer = await ask(data, { method: 'PUT', path, headers, body: 'y' })
      expect([answer.status, answer.json()], JSON.stringify(headers)).toMatchObject([403, { code: 'forbidden' }])
    }
    expect((await ask(data, { path, headers: { cookie, 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
    expect((await ask(data, { path, headers: { cookie } })).text).toBe('x')
  })

  it('of a node that waits for its set-up says so', async () => {
    const data = await startData({
      data: async () => {
        throw new UserError('not-set-up', 'This data directory is not set up yet.')
      },
    })
    for (const path of ['/data/storage/art', '/data/storage/art/a', '/data/bus/queues/work/messages', '/data/index/Shot/a']) {
      const answer = await data.call('GET', path)
      expect([answer.status, answer.json().code], path).toEqual([409, 'not-set-up'])
    }
    const put = await data.call('PUT', { path: '/data/storage/art/a', body: 'x' })
    expect([put.status, put.json().code]).toEqual([409, 'not-set-up'])
  })
})
