/** The data commands where something goes wrong around them, or goes on beside them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { smallDisk, whyNoSmallDisk } from '../support/rights'
import { tempDir } from '../support/temp'
import { applied, cli, thatdam, up } from '../support/thatdam'

const mebibyte = 1024 * 1024
const profile = `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: trouble }
spec:
  storage: { buckets: [{ name: media }] }
  broker:
    exchanges: [{ name: work, type: topic }]
    queues: [{ name: jobs }]
    bindings: [{ exchange: work, queue: jobs, key: "#" }]
`

async function desk() {
  const { directory, data } = await applied(profile)
  const run = (args: readonly string[], input = '') => thatdam(['data', ...args, '--data', data], { input })
  const keys = async () => {
    const { stdout } = await run(['ls', 'media', '--json'])
    return (JSON.parse(stdout) as { objects: { key: string }[] }).objects.map(({ key }) => key)
  }
  return { directory, data, run, keys }
}

/** A command whose input and end are the test's own. */
function running(args: readonly string[]) {
  const child = spawn(process.execPath, [cli, 'data', ...args], {
    env: { PATH: process.env.PATH, NO_COLOR: '1', XDG_CONFIG_HOME: '/nonexistent' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  child.stdin.on('error', () => {})
  return { child, ended: ended.then(([status]) => status as number | null) }
}

const bodies = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { body: unknown }).body)

describe('commands at once', () => {
  it('all do their work without a node that runs, one after the other', async () => {
    const { run, keys } = await desk()
    const puts = ['a', 'b', 'c'].map((key) => run(['put', 'media', key], key))
    for (const { status, stderr } of await Promise.all(puts)) expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(await keys()).toEqual(['a', 'b', 'c'])
  })

  it('share the messages of a queue on a node that runs', async () => {
    const { data, run } = await desk()
    await up(data)
    for (const text of ['1', '2']) expect((await run(['publish', 'work', 'k', '--type', 'text/plain'], text)).status).toBe(0)
    const consume = () => run(['consume', 'jobs', '--count', '1', '--json'])
    const taken = await Promise.all([consume(), consume()])
    expect(taken.flatMap(({ stdout }) => bodies(stdout)).sort()).toEqual(['1', '2'])
  })
})

describe('an unused directory', () => {
  it('is not made by a look, nor by what would put something into it, and used once it is set up', async () => {
    const data = join(tempDir(), 'new')
    for (const args of [
      ['ls', 'media-raw'],
      ['put', 'media-raw', 'a'],
      ['rm', 'media-raw', 'a'],
    ]) {
      const refused = await thatdam(['data', ...args, '--data', data], { input: 'first' })
      expect(refused).toMatchObject({
        status: 1,
        stdout: '',
        stderr: expect.stringMatching(/not set up\. Nothing was changed.*`thatdam up`/s),
      })
      expect(existsSync(data)).toBe(false)
    }
    expect((await thatdam(['apply', '--data', data])).status).toBe(0)
    const put = await thatdam(['data', 'put', 'media-raw', 'a', '--data', data], { input: 'first' })
    expect(put).toMatchObject({ status: 0, stderr: '' })
    expect((await thatdam(['data', 'get', 'media-raw', 'a', '--data', data])).stdout).toBe('first')
  })
})

describe('a command that is stopped', () => {
  it('by SIGINT gives its messages back and exits well', async () => {
    const { data, run } = await desk()
    await run(['publish', 'work', 'k', '--type', 'text/plain'], 'kept')
    const { child, ended } = running(['consume', 'jobs', '--no-ack', '--json', '--data', data])
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    expect(await ended).toBe(0)
    expect(bodies((await run(['consume', 'jobs', '--count', '1', '--json'])).stdout)).toEqual(['kept'])
  })

  it('by kill in the middle of a put leaves nothing, with and without a node', async () => {
    for (const withNode of [true, false]) {
      const { data, keys } = await desk()
      if (withNode) await up(data)
      const { child, ended } = running(['put', 'media', 'half', '--data', data])
      const incoming = join(data, 'storage')
      const sizes = () => readdirSync(incoming, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
      const before = new Set(sizes().map((one) => join(one.parentPath, one.name)))
      child.stdin.write(new Uint8Array(4 * mebibyte))
      // Bytes of it have arrived once there is a file that was not there before.
      await expect
        .poll(() => sizes().filter((one) => !before.has(join(one.parentPath, one.name))).length, { timeout: 20_000 })
        .toBeGreaterThan(0)
      child.kill('SIGKILL')
      expect(await ended).toBe(null)
      expect(await keys()).toEqual([])
    }
  }, 60_000)
})

const noDisk = whyNoSmallDisk()

describe.skipIf(noDisk !== undefined)(`a disk that is full${noDisk ? ` (${noDisk})` : ''}`, () => {
  it('is told by the name of the file that did not fit, of which nothing is left', async () => {
    const { directory, run } = await desk()
    await run(['put', 'media', 'large'], 'x'.repeat(6 * mebibyte))
    const disk = join(directory, 'disk')
    smallDisk(disk, 2 * mebibyte)
    writeFileSync(join(disk, 'kept'), 'old')
    for (const name of ['kept', 'new']) {
      const file = join(disk, name)
      const refused = await run(['get', 'media', 'large', file, '--json'])
      expect(refused.status).toBe(1)
      expect(JSON.parse(refused.stdout)).toEqual({ error: { code: 'no-space', message: `No space left for ${file}.` } })
    }
    expect(readdirSync(disk)).toEqual(['kept'])
    expect(readFileSync(join(disk, 'kept'), 'utf8')).toBe('old')
  })
})

describe('tokens that cannot be read', () => {
  it('are told where they are, and never made anew over them', async () => {
    const { data } = await desk()
    const file = join(data, 'tokens.json')
    writeFileSync(file, '{ "tokens": [')
    for (const args of [['list'], ['create', 'editor'], ['revoke', 'editor']]) {
      const { status, stderr } = await thatdam(['token', ...args, '--data', data])
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(file) })
    }
    expect(readFileSync(file, 'utf8')).toBe('{ "tokens": [')
  })
})
