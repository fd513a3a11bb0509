/** One data directory in the hands of this process. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadConfig } from '../../../../src/main/host/config'
import { openSite, type Site, type SiteParts } from '../../../../src/main/host/site'
import { tempDir } from '../../../support/temp'
import { answersJson, refuses } from '../../../support/troubled-servers'

async function site(
  parts: Partial<SiteParts> = {},
  data = join(tempDir(), 'data'),
  env: Readonly<Record<string, string>> = {},
): Promise<{ site: Site; data: string }> {
  const config = await loadConfig({ flags: { data }, env })
  const onCrash = (error: unknown) => {
    throw error
  }
  const made = openSite({ config, log: () => {}, onCrash, setUpBy: 'any-change', address: () => undefined, ...parts })
  onTestFinished(() => made.close())
  return { site: made, data }
}

describe('a node that waits for start', () => {
  it('refuses what is not for set-up, and stays without data', async () => {
    const { site: waiting, data } = await site({ setUpBy: 'start' })
    for (const call of [waiting.client.call('apply', {}), waiting.client.call('plan', {}), waiting.client.call('history', {})]) {
      await expect(call).rejects.toMatchObject({ code: 'not-set-up' })
    }
    expect((await waiting.client.call('setup', {})).done).toBe(false)
    expect(existsSync(data)).toBe(false)
    await waiting.client.call('start', {})
    expect((await waiting.client.call('plan', {})).summary.create).toBe(0)
  })

  it('sees it when another process sets the directory up', async () => {
    const { site: looking, data } = await site()
    expect((await looking.client.call('plan', {})).summary.create).toBeGreaterThan(0)
    const { site: other } = await site({}, data)
    await other.client.call('apply', {})
    await other.close()
    expect((await looking.client.call('plan', {})).summary.create).toBe(0)
  })

  it('keeps nobody else from working there once it has looked', async () => {
    const { site: first, data } = await site()
    await first.client.call('apply', {})
    await first.close()
    const { site: looking } = await site({}, data)
    await looking.client.call('plan', {})
    const { site: other } = await site({}, data)
    expect((await other.client.call('apply', {})).applied).toBe(0)
    await expect(looking.client.call('plan', {})).rejects.toMatchObject({ code: 'locked' })
    await other.close()
    expect((await looking.client.call('plan', {})).summary.create).toBe(0)
  })
})

it('the first change in a process without a node counts what it made', async () => {
  const { site: alone } = await site()
  expect((await alone.client.call('apply', {})).applied).toBeGreaterThan(0)
})

it('a node whose opening fails at the last step is closed again, and may be opened later', async () => {
  let full = true
  const { site: failing, data } = await site({
    onOpened() {
      if (full) throw new Error('no room')
    },
  })
  await expect(failing.open()).rejects.toThrow('no room')
  expect((await failing.client.call('status', {})).role).toBe('none')
  expect(existsSync(join(data, 'node.lock.pid'))).toBe(false)
  full = false
  await failing.open()
  expect((await failing.client.call('status', {})).role).toBe('leader')
})

it('the end of a node is told while the lock is still held, once', async () => {
  const told: boolean[] = []
  const { site: closing, data } = await site({ onClosed: () => told.push(existsSync(join(data, 'node.lock.pid'))) })
  await closing.open()
  await Promise.all([closing.close(), closing.close()])
  expect(told).toEqual([true])
  expect(existsSync(join(data, 'node.lock.pid'))).toBe(false)
})

describe('a stored revision that this version cannot read', () => {
  it('keeps neither the node from starting nor a new profile from mending it', async () => {
    const { site: first, data } = await site()
    await first.client.call('apply', {})
    await first.close()
    const db = new Sqlite(join(data, 'node.db'))
    db.prepare("INSERT INTO revisions (at, author, generation, text) VALUES ('2026-01-01T00:00:00.000Z', 'x', 'g', 'kind: Other')").run()
    db.close()

    const { site: second } = await site({}, data)
    const { node } = await second.open()
    await node.run()
    const status = await second.client.call('status', {})
    expect(status.converged).toBe(false)
    expect(status.warnings).toEqual([
      expect.stringMatching(/^This version cannot read revision 2 \(line 1: .*\)\. Set another profile, or roll back\.$/),
    ])
    await expect(second.client.call('apply', {})).rejects.toMatchObject({ message: expect.stringContaining('revision 2') })
    await second.client.call('rollback', { revision: 1 })
    expect((await second.client.call('apply', {})).converged).toBe(true)
    expect((await second.client.call('status', {})).warnings).toEqual([])
  })
})

describe('a server that serves instead of an embedded backend', () => {
  const quickly = '{ "reconcile": { "attempts": 1 }, "external": { "deadlineMs": 300 } }'

  async function withIndexAway(parts: Partial<SiteParts> = {}): Promise<{ site: Site; data: string }> {
    const data = join(tempDir(), 'data')
    mkdirSync(data)
    writeFileSync(join(data, 'settings.json'), quickly)
    return site(parts, data, { WEAVIATE_URL: (await refuses()).url('http') })
  }

  it('keeps nobody from starting, when it is away', async () => {
    const { site: waiting, data } = await withIndexAway({ setUpBy: 'start' })
    expect(await waiting.client.call('setup', {})).toMatchObject({
      done: false,
      plan: {
        errors: [{ component: 'index', code: 'unavailable' }],
        changes: expect.arrayContaining([expect.objectContaining({ component: 'storage' })]),
      },
    })
    expect(readdirSync(data)).toEqual(['settings.json'])
    await waiting.client.call('start', {})
    const { components } = await waiting.client.call('status', {})
    expect(components).toMatchObject({
      storage: { status: 'ok' },
      broker: { status: 'ok' },
      index: { status: 'error', adapter: 'weaviate' },
    })
  })

  it('leaves the embedded backend shut, and what it holds is told', async () => {
    const { site: before, data } = await site()
    await before.client.call('apply', {})
    const { index } = await before.data()
    const object = { id: 'a', vector: Float32Array.of(1, 2), metadata: {} }
    await index.upsert('MediaAsset', object, new AbortController().signal)
    await before.close()
    const env = { WEAVIATE_URL: (await refuses()).url('http') }
    writeFileSync(join(data, 'settings.json'), quickly)
    const { site: after } = await site({}, data, env)
    await after.client.call('apply', {})
    const text = 'Vectors that were stored on this computer before stay on it, and are not at Weaviate: this version does not move them.'
    const status = await after.client.call('status', {})
    expect(status.warnings).toEqual([text])
    const { checks } = await after.client.call('doctor', {})
    expect(checks).toContainEqual({ name: 'index on this computer', ok: true, message: text })
    expect(await after.figures()).toEqual({})
    await after.close()
    // Taken out of the configuration again, what was left is served as before.
    const { site: back } = await site({}, data)
    await back.client.call('apply', {})
    const found = await (await back.data()).index.get('MediaAsset', 'a', undefined, new AbortController().signal)
    expect([...found.vector]).toEqual([1, 2])
    expect((await back.client.call('status', {})).warnings).toEqual([])
  })

  it('is let go by whoever only looked, once the site is closed', async () => {
    const server = await answersJson()
    const { site: looking } = await site({}, undefined, { WEAVIATE_URL: server.url('http') })
    expect(await looking.client.call('plan', {})).toMatchObject({ errors: [{ component: 'index', code: 'unavailable' }] })
    expect(server.open).toBe(1)
    await looking.close()
    await server.allClosed()
  })

  it('is looked at through the node, where that is composed in the middle of a look', async () => {
    const server = await answersJson()
    const { site: both } = await site({}, undefined, { WEAVIATE_URL: server.url('http') })
    const look = both.client.call('plan', {})
    const { externals } = await both.open()
    expect(await look).toMatchObject({ errors: [{ component: 'index', code: 'unavailable' }] })
    await externals.close()
    await server.allClosed()
  })

  it('is in the status of a node that waits', async () => {
    const { site: waiting } = await withIndexAway({ setUpBy: 'start' })
    const { role, components, backends } = await waiting.client.call('status', {})
    expect(role).toBe('none')
    expect(components.index).toMatchObject({ adapter: 'weaviate', mode: 'degraded' })
    expect(backends.index.external).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })
})
