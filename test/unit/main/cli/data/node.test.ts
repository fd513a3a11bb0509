/** Which node the data commands use. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Host } from '../../../../../src/main/cli/host'
import { UserError } from '../../../../../src/shared/errors'
import { startData } from '../../api/data/workbench'
import { answers, token } from '../../api/support'
import { fakeHost, fakeNode, run } from '../fakes'
import { hostAt, standIn } from './shell'

const nowhere = 'http://127.0.0.1:1'

/**
 * A host on whose directory no node runs, and which asks no server. `busy` starts meet another command that has it. Of a node that is
 * `stuck` no pass can be carried through.
 */
function idleHost(url: string, { setUp = true, busy = 0, stuck = false } = {}) {
  const host = { started: 0, closed: 0, announced: 0, converged: 0 }
  let left = busy
  const runNode: Host['runNode'] = async (_config, { announce }) => {
    if (left-- > 0) throw new UserError('locked', 'Process 1 already works on it.')
    host.started++
    if (announce !== false) host.announced++
    const start = () => {
      host.converged++
      return answers.start
    }
    const status = () => (stuck ? { ...answers.status, pass: null } : answers.status)
    const apply = () => {
      if (stuck) throw new UserError('no-space', 'The disk is full.')
      throw new TypeError('one pass is enough')
    }
    return {
      client: fakeNode({ start, status, apply }).client,
      url,
      token,
      signInUrl: () => url,
      crashed: new Promise(() => {}),
      close: async () => {
        host.closed++
      },
    }
  }
  return { host, fake: fakeHost({ setUp, parts: { runNode } }) }
}

describe('without a node that runs', () => {
  it('one is started for as long as the command takes, converged by one pass, and unknown to others', async () => {
    const { url } = await startData()
    const { host, fake } = idleHost(url)
    expect((await run(['data', 'put', 'art', 'k'], fake, { input: 'hello' })).status).toBe(0)
    expect((await run(['data', 'get', 'art', 'k'], fake)).out).toBe('hello')
    expect((await run(['data', 'get', 'art', 'absent'], fake)).status).toBe(1)
    expect(host).toEqual({ started: 3, closed: 3, announced: 0, converged: 3 })
    expect(fake.open()).toBe(0)
  })

  it('one whose first pass could not be carried through says why, and is closed', async () => {
    const { host, fake } = idleHost(nowhere, { stuck: true })
    const ran = await run(['data', 'ls', 'art', '--json'], fake)
    expect(ran.json()).toMatchObject({ error: { code: 'no-space', message: 'The disk is full.' } })
    expect(host).toMatchObject({ started: 1, closed: 1 })
  })

  it('another command that has the directory for a moment is waited for', async () => {
    const { url } = await startData()
    const { host, fake } = idleHost(url, { busy: 3 })
    expect((await run(['data', 'put', 'art', 'k'], fake, { input: 'hello' })).status).toBe(0)
    expect(host).toMatchObject({ started: 1, closed: 1 })
  })

  it.each([
    ['put', 'b', 'k'],
    ['publish', 'e', 'k'],
    ['upsert', 'C', 'i'],
    ['get', 'b', 'k'],
    ['ls', 'b'],
    ['rm', 'b', 'k'],
    ['copy', 'b', 'k', 'b', 'l'],
    ['restore', 'b', 'k', 'v'],
    ['consume', 'q'],
    ['vector', 'C', 'i'],
    ['forget', 'C', 'i'],
    ['query', 'C'],
  ])('%s says of a directory that is not set up what to do, and leaves it so', async (...args) => {
    const { host, fake } = idleHost(nowhere, { setUp: false })
    const ran = await run(['data', ...args, '--json'], fake, { input: '{}' })
    expect(ran.json()).toMatchObject({ error: { code: 'not-set-up', hint: expect.stringContaining('thatdam up') } })
    expect(host.started).toBe(0)
    expect(fake.open()).toBe(0)
  })
})

describe('THATDAM_URL and THATDAM_TOKEN', () => {
  const unused = { attach: () => Promise.reject(new TypeError('the data directory is not asked')) }

  it('name the node to use', async () => {
    const { url } = await startData()
    const env = { THATDAM_URL: `${url}/`, THATDAM_TOKEN: token }
    const host = fakeHost({ parts: unused })
    expect((await run(['data', 'put', 'art', 'k'], host, { env, input: 'hello' })).status).toBe(0)
    expect((await run(['data', 'get', 'art', 'k'], host, { env })).out).toBe('hello')
    const stranger = await run(['data', 'ls', 'art', '--json'], host, { env: { ...env, THATDAM_TOKEN: 'thatdam_stranger' } })
    expect(stranger.json()).toMatchObject({ error: { code: 'unauthenticated' } })
  })

  it('give way to --data, as environment does to a flag', async () => {
    const { url } = await startData()
    const env = { THATDAM_URL: nowhere, THATDAM_TOKEN: 'x' }
    expect((await run(['data', 'ls', 'art', '--data', join('/srv', 'dam')], hostAt(url), { env })).status).toBe(0)
  })

  it.each([
    [{ THATDAM_URL: nowhere }, 'THATDAM_URL is set, but not the other'],
    [{ THATDAM_TOKEN: 'x' }, 'THATDAM_TOKEN is set, but not the other'],
    [{ THATDAM_URL: 'here', THATDAM_TOKEN: 'x' }, 'THATDAM_URL is "here"'],
    [{ THATDAM_URL: 'ftp://127.0.0.1', THATDAM_TOKEN: 'x' }, 'THATDAM_URL is "ftp://127.0.0.1"'],
    [{ THATDAM_URL: nowhere, THATDAM_TOKEN: 'a\nb' }, 'authorization cannot be sent'],
  ])('%j is refused by name', async (env, text) => {
    const ran = await run(['data', 'ls', 'art'], fakeHost({ parts: unused }), { env })
    expect(ran).toMatchObject({ status: 1, out: '', err: expect.stringContaining(text) })
  })

  it('that lead to nobody, or to somebody else, are told', async () => {
    const says = async (url: string) =>
      (await run(['data', 'ls', 'art', '--json'], fakeHost(), { env: { THATDAM_URL: url, THATDAM_TOKEN: 'x' } })).json()
    expect(await says(nowhere)).toMatchObject({ error: { code: 'unavailable', message: expect.stringContaining('does not answer') } })
    const refusing = await standIn((_request, response) => response.writeHead(404).end('<html>'))
    const greeting = await standIn((_request, response) => response.end('<html>'))
    for (const url of [refusing, greeting]) {
      expect(await says(url)).toMatchObject({ error: { code: 'unavailable', message: expect.stringContaining('not a ThatDAM node') } })
    }
  })
})
