/** Destructive changes from the command line: planned on request, acknowledged by hash, carried out once. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openJournal } from '../../src/main/adapters/journal-sqlite/journal-sqlite'
import { tempDir } from '../support/temp'
import { thatdam, up } from '../support/thatdam'

const full = `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: destroy }
spec:
  storage: { buckets: [{ name: keep }, { name: full }, { name: empty, tags: { owner: x } }] }
  broker:
    exchanges: [{ name: all, type: fanout }]
    queues: [{ name: all }]
    bindings: [{ exchange: all, queue: all }]
  indices: { weaviate: { classes: [{ name: Asset, properties: [title] }] } }
`
const less = `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: destroy }
spec:
  storage: { buckets: [{ name: keep }] }
`

describe('a destructive change', () => {
  it('is planned on request, fits one plan, wants the names of what is full, and leaves no trace of what went', async () => {
    const directory = tempDir()
    const data = join(directory, 'data')
    const [wide, narrow] = [join(directory, 'full.yaml'), join(directory, 'less.yaml')]
    writeFileSync(wide, full)
    writeFileSync(narrow, less)
    const run = async (...args: string[]) => {
      const { status, stdout } = await thatdam([...args, '--data', data, '--json'])
      return { status, ...JSON.parse(stdout) }
    }
    // Applied before any node ran, so that the built-in profile made nothing here.
    expect(await run('apply', '-f', wide)).toMatchObject({ status: 0 })
    const node = await up(data)
    await node.converged()
    await thatdam(['data', 'put', 'full', 'a', '--data', data], { input: 'content' })
    await thatdam(['data', 'publish', 'all', 'k', '--data', data], { input: 'message' })

    expect(await run('plan', '-f', narrow)).toMatchObject({ status: 0, summary: { destroy: 0, needs_migration: 0 } })
    const plan = await run('plan', '-f', narrow, '--allow-destructive')
    expect(plan).toMatchObject({ status: 2, summary: { destroy: 5 } })
    const text = (await thatdam(['plan', '-f', narrow, '--allow-destructive', '--data', data])).stdout
    expect(text).toContain(`thatdam apply -f ${narrow} --acknowledge ${plan.hash} --confirm=all --confirm=full --data ${data}`)

    const wrong = await run('apply', '-f', narrow, '--acknowledge', '0'.repeat(64))
    expect(wrong).toMatchObject({ status: 1, error: { code: 'plan-changed', details: [{ path: 'plan_hash', message: plan.hash }] } })
    const unconfirmed = await run('apply', '-f', narrow, '--acknowledge', plan.hash, '--confirm', 'full')
    expect(unconfirmed).toMatchObject({ status: 1, error: { code: 'confirmation-needed', details: [{ path: 'all' }] } })
    // Nothing at all has changed: not even the revision.
    expect(await node.client.call('profile', {})).toMatchObject({ text: full })

    const applied = await run('apply', '-f', narrow, '--acknowledge', plan.hash, '--confirm', 'full', '--confirm', 'all')
    expect(applied).toMatchObject({ status: 0, converged: true, applied: 5, errors: [] })
    expect(await node.client.call('profile', {})).toMatchObject({ text: less })
    expect(await node.client.call('plan', { allow_destructive: true })).toMatchObject({ summary: { create: 0, destroy: 0 } })
    // Once: the same leave fits nothing any more.
    await expect(node.client.call('apply', { acknowledge: plan.hash })).rejects.toMatchObject({ code: 'plan-changed' })

    const intents = await node.client.call('intents', {})
    // Newest first, those that were refused too.
    expect(intents.map(({ plan_hash, outcome }) => [plan_hash, outcome?.status])).toEqual([
      [plan.hash, 'refused'],
      [plan.hash, 'used'],
      [plan.hash, 'refused'],
      ['0'.repeat(64), 'refused'],
    ])
    const events = await node.client.call('events', { limit: 1000 })
    expect(events.filter(({ action }) => action === 'destroy').map(({ status }) => status)).toEqual(Array(5).fill('ok'))
    const missing = (await node.client.call('plan', { profile: { text: full } })).changes.filter(({ action }) => action === 'create')
    expect(missing.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
      expect.arrayContaining(['bucket full', 'bucket empty', 'exchange all', 'queue all', 'class Asset']),
    )
    expect(missing.map(({ name }) => name)).not.toContain('keep')

    // What was destroyed can be made again, and is empty.
    await node.client.call('apply', { profile: { text: full } })
    expect(await run('data', 'ls', 'full')).toMatchObject({ objects: [] })
    node.signal('SIGTERM')
    expect(await node.exited()).toBe(0)
  })

  it('whose intent a crash left open is interrupted by the next start, and destroys nothing', async () => {
    const directory = tempDir()
    const data = join(directory, 'data')
    const [wide, narrow] = [join(directory, 'full.yaml'), join(directory, 'less.yaml')]
    writeFileSync(wide, full)
    writeFileSync(narrow, less)
    await thatdam(['apply', '-f', wide, '--data', data])
    await thatdam(['profile', 'set', narrow, '--data', data])
    const plan = JSON.parse((await thatdam(['plan', '--allow-destructive', '--data', data, '--json'])).stdout)
    // As a process leaves it that is killed before it can say what became of it.
    const journal = openJournal(join(data, 'node.db'))
    await journal.addIntent({
      id: 'left-open',
      plan_hash: plan.hash,
      allow_destructive: true,
      acknowledged_by: 'ada',
      created_at: new Date().toISOString(),
      expires_at: new Date(Date.now() + 900_000).toISOString(),
    })
    await journal.shutdown()
    const node = await up(data)
    await node.converged()
    expect(await node.client.call('intents', {})).toMatchObject([{ id: 'left-open', outcome: { status: 'interrupted' } }])
    const again = JSON.parse((await thatdam(['plan', '--allow-destructive', '--data', data, '--json'])).stdout)
    expect(again.hash).toBe(plan.hash)
    node.signal('SIGTERM')
    expect(await node.exited()).toBe(0)
  })

  it('that narrows is told without being asked for, with how much it would take', async () => {
    const directory = tempDir()
    const data = join(directory, 'data')
    const [before, after] = [join(directory, 'before.yaml'), join(directory, 'after.yaml')]
    writeFileSync(
      before,
      'apiVersion: thatdam/v1\nkind: EnvironmentProfile\nmetadata: { name: n }\nspec: { broker: { queues: [{ name: q }] } }\n',
    )
    writeFileSync(
      after,
      'apiVersion: thatdam/v1\nkind: EnvironmentProfile\nmetadata: { name: n }\nspec: { broker: { queues: [{ name: q, ttl: 1 }] } }\n',
    )
    await thatdam(['apply', '-f', before, '--data', data])
    await thatdam(['data', 'publish', '', 'q', '--data', data], { input: 'x' })
    const node = await up(data)
    await node.converged()
    // The message must be older than a second of the wall clock for the TTL to take it.
    const narrowing = async () => {
      const { stdout } = await thatdam(['plan', '-f', after, '--data', data, '--json'])
      return JSON.parse(stdout).summary.needs_migration
    }
    await expect.poll(narrowing, { timeout: 20_000 }).toBe(1)
    const applied = await thatdam(['apply', '-f', after, '--data', data])
    expect([applied.status, applied.stdout]).toEqual([3, expect.stringContaining('would leave the queue at once')])
    expect(JSON.parse((await thatdam(['data', 'consume', 'q', '--count', '1', '--data', data, '--json'])).stdout)).toMatchObject({
      exchange: '',
    })
  })
})
