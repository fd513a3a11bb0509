/** What a person can get wrong about the machine: one clear sentence each, exit 1, no stack trace, nothing overwritten. */
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { smallDisk, whyNoPermissions, whyNoSmallDisk, withoutRights } from '../support/rights'
import { snapshot, tempDir } from '../support/temp'
import { cli, type Run, root, thatdam } from '../support/thatdam'

/** One sentence about what happened, perhaps one about what to do, and nothing of the program's insides. */
function expectOneSentence(run: Run, about: readonly (string | RegExp)[]): void {
  expect(run.stderr).toMatch(/^error: /)
  for (const part of about)
    expect(run.stderr).toMatch(typeof part === 'string' ? new RegExp(part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : part)
  expect(run.stderr).not.toMatch(/^\s+at /m)
  expect(run.stderr.trim().split('\n').length).toBeLessThanOrEqual(3)
  expect(run.status).toBe(1)
}

async function applied(): Promise<string> {
  const data = join(tempDir(), 'data')
  expect((await thatdam(['apply', '--data', data])).status).toBe(0)
  return data
}

describe('the environment', () => {
  it.each([
    ['THATDAM_PORT', 'seven', ['THATDAM_PORT', 'seven', '0 for any free port']],
    ['THATDAM_PORT', '70000', ['THATDAM_PORT', '70000']],
    ['THATDAM_LOG_LEVEL', 'loud', ['THATDAM_LOG_LEVEL', 'loud', 'warn']],
    ['THATDAM_DATA_DIR', '', ['THATDAM_DATA_DIR', 'empty']],
    ['THATDAM_DATADIR', '/x', ['THATDAM_DATADIR', 'THATDAM_DATA_DIR']],
    ['MINIO_ENDPOINT', 'http://127.0.0.1:9000', ['MINIO_ACCESS_KEY and MINIO_SECRET_KEY', 'no keys']],
    ['MINIO_ENDPOINT', '127.0.0.1:9000', ['MINIO_ENDPOINT', 'http:// or https://']],
    ['MINIO_SECRET_KEY', 'hidden', ['MINIO_SECRET_KEY', 'MINIO_ENDPOINT']],
    ['AMQP_URL', 'http://127.0.0.1', ['AMQP_URL', 'amqp://']],
    ['WEAVIATE_URL', '', ['WEAVIATE_URL', 'empty']],
    ['WEAVIATE_API_KEY', 'hidden', ['WEAVIATE_API_KEY', 'WEAVIATE_URL']],
    ['SUPERVISOR_URL', 'https://127.0.0.1', ['SUPERVISOR_URL', 'not support it yet']],
  ])('%s=%j is refused by name before anything is opened', async (name, value, about) => {
    const parent = tempDir()
    const args = name === 'THATDAM_DATA_DIR' ? ['up'] : ['up', '--data', join(parent, 'data')]
    expectOneSentence(await thatdam(args, { env: { [name]: value } }), about)
    expect(snapshot(parent)).toEqual({})
  })
})

describe('settings.json', () => {
  it.each([
    ['{ "reconcile": ', ['settings.json', 'not JSON']],
    ['{ "reconcile": { "attempts": 0 } }', ['settings.json', 'reconcile.attempts']],
    ['{ "reconcil": {} }', ['settings.json', 'reconcil']],
    ['{ "backends": { "storage": {} } }', ['settings.json', 'backends.storage.url']],
    ['{ "backends": { "index": { "url": "localhost" } } }', ['settings.json: backends.index.url', 'http://']],
    ['{ "external": { "probeMs": 5 } }', ['settings.json', 'external.probeMs', 'not supported by this version yet']],
  ])('%s is refused with file and field', async (text, about) => {
    const data = await applied()
    writeFileSync(join(data, 'settings.json'), text)
    const before = snapshot(data)
    for (const command of ['up', 'apply', 'plan']) expectOneSentence(await thatdam([command, '--data', data]), about)
    expect(snapshot(data)).toEqual(before)
  })
})

describe('the identity', () => {
  it.each([
    ['that is not JSON', 'not json'],
    ['of another kind', '{"apiVersion":"thatdam/v1","kind":"Something"}'],
    ['that is empty', ''],
  ])('%s stops everything and is not replaced', async (_name, text) => {
    const data = await applied()
    writeFileSync(join(data, 'cluster.json'), text)
    const before = snapshot(data)
    for (const command of ['up', 'apply'])
      expectOneSentence(await thatdam([command, '--data', data]), [join(data, 'cluster.json'), 'backup'])
    expect(snapshot(data)).toEqual(before)
  })

  it.skipIf(whyNoPermissions())('that may not be read stops everything', async () => {
    const data = await applied()
    chmodSync(join(data, 'cluster.json'), 0o000)
    expectOneSentence(await thatdam(['up', '--data', data], { through: withoutRights }), [join(data, 'cluster.json'), 'EACCES'])
    expect(statSync(join(data, 'cluster.json')).mode & 0o777).toBe(0)
  })
})

describe('a damaged database', () => {
  it.each(['node.db', 'bus/bus.db', 'index/index.db', 'storage/.thatdam/storage.db'])('%s is named and left as it is', async (file) => {
    const data = await applied()
    const path = join(data, file)
    writeFileSync(path, 'this is not a database, and long enough to be looked at as one'.repeat(100))
    const before = readFileSync(path)
    for (const command of ['up', 'apply', 'plan']) expectOneSentence(await thatdam([command, '--data', data]), [path, 'damaged', 'backup'])
    expect(readFileSync(path).equals(before)).toBe(true)
    const doctor = await thatdam(['doctor', '--data', data])
    expect(doctor.status).toBe(1)
    expect(doctor.stdout).toContain(path)
  })
})

describe('the data directory', () => {
  it('that is a file is named', async () => {
    const data = join(tempDir(), 'data')
    writeFileSync(data, 'a file of mine')
    for (const command of ['up', 'apply', 'plan']) expectOneSentence(await thatdam([command, '--data', data]), [data, 'is a file'])
    expect(readFileSync(data, 'utf8')).toBe('a file of mine')
  })

  it.skipIf(process.platform !== 'linux')('below a file system that takes no directories is named', async () => {
    for (const command of ['up', 'apply']) expectOneSentence(await thatdam([command, '--data', '/proc/thatdam/data']), ['/proc/thatdam'])
  })

  it.skipIf(whyNoPermissions())('that cannot be written is named', async () => {
    const parent = tempDir()
    const data = join(parent, 'locked')
    mkdirSync(data, { mode: 0o500 })
    for (const path of [data, join(data, 'below')]) {
      for (const command of ['up', 'apply']) {
        expectOneSentence(await thatdam([command, '--data', path], { through: withoutRights }), [path, 'cannot be written', '--data'])
      }
    }
    expect(snapshot(data)).toEqual({})
  })

  it.skipIf(whyNoSmallDisk())('that is full is named, and converges once there is room', async () => {
    const disk = join(tempDir(), 'disk')
    smallDisk(disk, 1024 * 1024)
    const filler = join(disk, 'filler')
    writeFileSync(filler, Buffer.alloc(1000 * 1024))
    const full = await thatdam(['apply', '--data', join(disk, 'data')])
    expect(full.status).toBe(1)
    expect(full.stderr).toMatch(/space/i)
    expect(full.stderr).not.toMatch(/^\s+at /m)
    writeFileSync(filler, '')
    const profile = join(root, 'resources/solo-profile.yaml')
    expect((await thatdam(['apply', '-f', profile, '--data', join(disk, 'data')])).status).toBe(0)
  })

  it.skipIf(whyNoPermissions())('in which one bucket cannot be made is that component’s error alone', async () => {
    const data = await applied()
    const storage = join(data, 'storage')
    const { rmSync } = await import('node:fs')
    rmSync(join(storage, 'artifacts'), { recursive: true })
    rmSync(join(data, 'bus'), { recursive: true })
    writeFileSync(join(data, 'settings.json'), '{ "reconcile": { "attempts": 2, "backoffMs": { "min": 1, "max": 2 } } }')
    chmodSync(storage, 0o500)
    const run = await thatdam(['apply', '--data', data, '--json'], { through: withoutRights })
    chmodSync(storage, 0o700)
    expect(run.status).toBe(1)
    const result = JSON.parse(run.stdout)
    expect(result.errors).toMatchObject([{ component: 'storage', kind: 'bucket', name: 'artifacts' }])
    expect(result.errors[0].message).toContain(join(storage, 'artifacts'))
    expect(result.applied).toBeGreaterThan(0)
    expect((await thatdam(['apply', '--data', data])).status).toBe(0)
  })
})

describe('an old Node', () => {
  it('is refused in one sentence before anything is loaded', async () => {
    const pretend = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })'
    const { spawnSync } = await import('node:child_process')
    const run = spawnSync(process.execPath, ['--import', `data:text/javascript,${pretend}`, cli, 'up'], { encoding: 'utf8' })
    expect([run.status, run.stderr.trim().split('\n').length]).toEqual([1, 1])
    expect(run.stderr).toMatch(/22\.14.*20\.20\.2/)
  })
})
