/** A solo node on the command line: plan, apply, and what is put back. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { applyResultSchema, planSchema } from '../../src/shared/plan'
import { snapshot, tempDir } from '../support/temp'
import { root, thatdam, up } from '../support/thatdam'

const example = join(root, 'docs/TECHNICAL/bootstrap-profile-example.yaml')

describe('a new directory', () => {
  it('is planned with exit 2, applied with 0, and then has nothing left to do', async () => {
    const data = join(tempDir(), 'data')
    const plan = await thatdam(['plan', '--data', data, '--json'])
    expect(plan.status).toBe(2)
    expect(planSchema.parse(JSON.parse(plan.stdout)).summary).toMatchObject({ none: 0, needs_migration: 0, destroy: 0 })
    expect(existsSync(data)).toBe(false)

    expect((await thatdam(['apply', '--data', data])).status).toBe(0)
    expect((await thatdam(['plan', '--data', data])).status).toBe(0)

    const again = await thatdam(['apply', '--data', data, '--json'])
    expect(again.status).toBe(0)
    expect(applyResultSchema.parse(JSON.parse(again.stdout))).toMatchObject({ converged: true, applied: 0, errors: [] })
  })

  it('takes the example profile, which holds every field, as it stands', async () => {
    const data = join(tempDir(), 'data')
    const apply = await thatdam(['apply', '-f', example, '--data', data, '--json'])
    expect(JSON.parse(apply.stdout)).toMatchObject({ converged: true, needs_migration: 0, errors: [] })
    expect(apply.status).toBe(0)
    const again = await thatdam(['apply', '-f', example, '--data', data, '--json'])
    expect(JSON.parse(again.stdout)).toMatchObject({ converged: true, applied: 0 })
  })
})

describe('a plan', () => {
  it('leaves every name and byte of the directory as it was, with and without a profile', async () => {
    const data = join(tempDir(), 'data')
    await thatdam(['apply', '--data', data])
    rmSync(join(data, 'storage', 'artifacts'), { recursive: true })
    const before = snapshot(data)
    expect((await thatdam(['plan', '--data', data])).status).toBe(2)
    expect((await thatdam(['plan', '-f', example, '--data', data])).status).toBe(2)
    expect((await thatdam(['doctor', '--data', data])).status).toBe(0)
    expect((await thatdam(['profile', 'history', '--data', data])).status).toBe(0)
    expect(snapshot(data)).toEqual(before)
  })

  it('has the same hash for the same world and the same wish, whoever answers it', async () => {
    const data = join(tempDir(), 'data')
    await thatdam(['apply', '--data', data])
    const alone = JSON.parse((await thatdam(['plan', '-f', example, '--data', data, '--json'])).stdout)
    const node = await up(data)
    await node.converged()
    const asked = JSON.parse((await thatdam(['plan', '-f', example, '--data', data, '--json'])).stdout)
    expect(asked).toEqual(alone)
  })
})

describe('what is removed by hand', () => {
  function removeByHand(data: string): void {
    rmSync(join(data, 'storage', 'media-raw'), { recursive: true })
    const db = new Sqlite(join(data, 'bus', 'bus.db'))
    db.prepare("DELETE FROM queues WHERE name = 'ingest'").run()
    db.close()
  }

  it('is put back by the next apply, which says so', async () => {
    const data = join(tempDir(), 'data')
    await thatdam(['apply', '--data', data])
    removeByHand(data)
    const apply = await thatdam(['apply', '--data', data])
    expect(apply.status).toBe(0)
    expect(apply.stdout).toMatch(/\+ bucket\s+media-raw\s+removed outside this node/)
    expect(apply.stdout).toMatch(/\+ queue\s+ingest\s+removed outside this node/)
    expect(existsSync(join(data, 'storage', 'media-raw'))).toBe(true)
    expect((await thatdam(['plan', '--data', data])).status).toBe(0)
  })

  it('is put back by a running node by itself, which says so in its events', async () => {
    const data = join(tempDir(), 'data')
    await thatdam(['apply', '--data', data])
    const settings = join(data, 'settings.json')
    const { writeFileSync } = await import('node:fs')
    writeFileSync(settings, JSON.stringify({ reconcile: { driftIntervalMs: 200 } }))
    const node = await up(data)
    await node.converged()
    removeByHand(data)
    await expect.poll(() => existsSync(join(data, 'storage', 'media-raw')), { timeout: 10_000 }).toBe(true)
    await expect
      .poll(async () => (await node.client.call('events', { limit: 50 })).map((event) => event.message), { timeout: 10_000 })
      .toEqual(
        expect.arrayContaining([
          'bucket media-raw created (removed outside this node)',
          'queue ingest created (removed outside this node)',
          'binding overlay -> ingest : media.# created (removed outside this node)',
        ]),
      )
    expect((await node.client.call('plan', {})).summary).toMatchObject({ create: 0, update: 0 })
  })
})

describe('a bad profile', () => {
  it('changes nothing, not even an empty directory, and exits 1 with file, line and column', async () => {
    const data = join(tempDir(), 'data')
    const bad = join(root, 'test/fixtures/profiles/malformed')
    const [name = ''] = readdirSync(bad).filter((file) => file.endsWith('.yaml'))
    const apply = await thatdam(['apply', '-f', join(bad, name), '--data', data])
    expect(apply.status).toBe(1)
    expect(apply.stderr + apply.stdout).toMatch(new RegExp(`${name}:\\d+:\\d+ `))
    expect(existsSync(data)).toBe(false)
  })
})
