/** One data directory in the hands of this process. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadConfig } from '../../../../src/main/host/config'
import { openSite, type Site, type SiteParts } from '../../../../src/main/host/site'
import { tempDir } from '../../../support/temp'

async function site(parts: Partial<SiteParts> = {}, data = join(tempDir(), 'data')): Promise<{ site: Site; data: string }> {
  const config = await loadConfig({ flags: { data }, env: {} })
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
