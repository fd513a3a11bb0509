/** The profile and its revisions, with and without a running node. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempDir } from '../support/temp'
import { thatdam, up } from '../support/thatdam'

function profileWith(bucket: string): string {
  return `apiVersion: thatdam/v1\nkind: EnvironmentProfile\nmetadata: { name: test }\nspec: { storage: { buckets: [{ name: ${bucket} }] } }\n`
}

describe.each([false, true])('revisions (node running: %s)', (running) => {
  it('are added by each change, listed, and rolled back to as a new one', async () => {
    const directory = tempDir()
    const data = join(directory, 'data')
    const node = running ? await up(data) : undefined
    const [one, two] = [join(directory, 'one.yaml'), join(directory, 'two.yaml')]
    writeFileSync(one, profileWith('bucket-one'))
    writeFileSync(two, profileWith('bucket-two'))

    expect((await thatdam(['profile', 'set', one, '--data', data])).status).toBe(0)
    expect((await thatdam(['apply', '-f', two, '--data', data])).status).toBe(0)
    expect((await thatdam(['profile', 'show', '--data', data])).stdout).toBe(profileWith('bucket-two'))

    expect((await thatdam(['profile', 'rollback', '2', '--data', data])).status).toBe(0)
    expect((await thatdam(['profile', 'show', '--data', data])).stdout).toBe(profileWith('bucket-one'))
    const history = JSON.parse((await thatdam(['profile', 'history', '--data', data, '--json'])).stdout)
    expect(history.map(({ revision, current }: { revision: number; current: boolean }) => [revision, current])).toEqual([
      [4, true],
      [3, false],
      [2, false],
      [1, false],
    ])
    expect(history[0].generation).toBe(history[2].generation)
    expect((await thatdam(['profile', 'rollback', '99', '--data', data])).status).toBe(1)
    await node?.client.call('apply', {})
  })

  it('do not grow when the same text is applied again', async () => {
    const directory = tempDir()
    const data = join(directory, 'data')
    if (running) await up(data)
    const file = join(directory, 'one.yaml')
    writeFileSync(file, profileWith('bucket-one'))
    await thatdam(['apply', '-f', file, '--data', data])
    await thatdam(['apply', '-f', file, '--data', data])
    expect(JSON.parse((await thatdam(['profile', 'history', '--data', data, '--json'])).stdout)).toHaveLength(2)
  })
})

describe('a running node', () => {
  it('converges by itself to a profile that is set', async () => {
    const data = join(tempDir(), 'data')
    const node = await up(data)
    await node.converged()
    await node.client.call('setProfile', { profile: { text: profileWith('set-from-afar') } })
    await expect
      .poll(async () => (await node.client.call('plan', {})).summary, { timeout: 10_000 })
      .toMatchObject({ create: 0, update: 0, none: 1 })
  })
})

describe('validate', () => {
  it('needs no data directory and reads standard input', async () => {
    const good = await thatdam(['profile', 'validate', '-', '--json'], { input: profileWith('fine') })
    expect([good.status, JSON.parse(good.stdout).valid]).toEqual([0, true])
    const bad = await thatdam(['profile', 'validate', '-'], { input: profileWith('NOT_FINE') })
    expect(bad.status).toBe(1)
    expect(bad.stdout + bad.stderr).toMatch(/:4:\d+ /)
  })
})
