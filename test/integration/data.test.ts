/** The data and token commands of the built command line, against nodes in processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { whyNoPermissions, withoutRights } from '../support/rights'
import { applied, cli, type RunOptions, thatdam, type UpProcess, up } from '../support/thatdam'

const profile = `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: data }
spec:
  storage: { buckets: [{ name: media }, { name: kept, versioning: true }] }
  broker:
    exchanges: [{ name: work, type: topic }]
    queues: [{ name: jobs }]
    bindings: [{ exchange: work, queue: jobs, key: "#" }]
  indices: { weaviate: { classes: [{ name: Scene, properties: [title] }] } }
`
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

interface Desk {
  readonly directory: string
  readonly data: string
  run(args: readonly string[], options?: RunOptions): ReturnType<typeof thatdam>
  /** The one JSON document that a command answers with, once it has succeeded. */
  json(args: readonly string[], options?: RunOptions): Promise<unknown>
}

async function desk(): Promise<Desk> {
  const { directory, data } = await applied(profile)
  const run = (args: readonly string[], options?: RunOptions) => thatdam([...args, '--data', data], options)
  return {
    directory,
    data,
    run,
    async json(args, options) {
      const { status, stdout, stderr } = await run([...args, '--json'], options)
      expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' })
      return JSON.parse(stdout)
    },
  }
}

async function deskWithNode(): Promise<Desk & { readonly node: UpProcess }> {
  const made = await desk()
  const node = await up(made.data)
  await node.converged()
  return { ...made, node }
}

describe('objects', () => {
  it('of 50 MB go in from a file and from standard input, and come out as they were', async () => {
    const { directory, json, run } = await deskWithNode()
    const [source, target] = [join(directory, 'source'), join(directory, 'target')]
    const bytes = randomBytes(50_000_000)
    writeFileSync(source, bytes)
    expect(await json(['data', 'put', 'media', 'big', source])).toMatchObject({ size: bytes.length, etag: sha256(bytes) })
    expect((await run(['data', 'get', 'media', 'big', target])).status).toBe(0)
    expect(sha256(readFileSync(target))).toBe(sha256(bytes))
    const text = 'ü'.repeat(25_000_000)
    expect(await json(['data', 'put', 'media', 'text'], { input: text })).toMatchObject({ etag: sha256(Buffer.from(text)) })
    expect((await run(['data', 'get', 'media', 'text'])).stdout === text).toBe(true)
  }, 120_000)

  it('larger than memory might be are never held in it', async () => {
    const { directory, json } = await deskWithNode()
    const [source, preload, peak] = [join(directory, 'source'), join(directory, 'peak.cjs'), join(directory, 'peak')]
    const size = 300 * 1024 * 1024
    writeFileSync(source, '')
    truncateSync(source, size)
    writeFileSync(
      preload,
      `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)))`,
    )
    await json(['data', 'put', 'media', 'large', source], { env: { NODE_OPTIONS: `--require ${preload}` } })
    expect(Number(readFileSync(peak, 'utf8')) * 1024).toBeLessThan(size)
  }, 120_000)

  it('have any key at all', async () => {
    const { json, run } = await deskWithNode()
    const keys = ['a b', '100%', '%2e', 'a#b', 'a?b=c&d', 'Ümläut/日本', '..', '../up', 'a/../b', '/leading', 'a//b', 'a+b']
    for (const key of keys) await json(['data', 'put', 'media', key], { input: key })
    const { objects } = (await json(['data', 'ls', 'media'])) as { objects: { key: string }[] }
    expect(objects.map(({ key }) => key)).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    for (const key of keys) expect((await run(['data', 'get', 'media', key])).stdout).toBe(key)
  }, 120_000)

  it('are listed past a page, and rolled up by a delimiter', async () => {
    const { json, node } = await deskWithNode()
    const keys = Array.from({ length: 1_100 }, (_, i) => `day-${i % 2}/${String(i).padStart(4, '0')}`)
    const headers = { authorization: `Bearer ${node.nodeFile.token}` }
    for (let at = 0; at < keys.length; at += 50) {
      const puts = keys
        .slice(at, at + 50)
        .map((key) => fetch(`${node.url}/data/storage/media/${key}`, { method: 'PUT', headers, body: key }))
      for (const { status } of await Promise.all(puts)) expect(status).toBe(200)
    }
    const all = (await json(['data', 'ls', 'media'])) as { objects: { key: string }[] }
    expect(all.objects.map(({ key }) => key)).toEqual([...keys].sort())
    expect(await json(['data', 'ls', 'media', '--delimiter', '/'])).toEqual({ objects: [], prefixes: ['day-0/', 'day-1/'] })
    const few = (await json(['data', 'ls', 'media', 'day-1/', '--limit', '3'])) as typeof all
    expect(few.objects.map(({ key }) => key)).toEqual(['day-1/0001', 'day-1/0003', 'day-1/0005'])
  }, 120_000)

  it('come in parts, and in old versions, which can be the newest again', async () => {
    const { json, run } = await deskWithNode()
    const first = (await json(['data', 'put', 'kept', 'a'], { input: 'first' })) as { version: string }
    await json(['data', 'put', 'kept', 'a'], { input: 'second' })
    expect((await run(['data', 'get', 'kept', 'a', '--range', '1-3'])).stdout).toBe('eco')
    expect((await run(['data', 'get', 'kept', 'a', '--version', first.version])).stdout).toBe('first')
    await json(['data', 'rm', 'kept', 'a'])
    expect((await run(['data', 'get', 'kept', 'a'])).status).toBe(1)
    await json(['data', 'restore', 'kept', 'a', first.version])
    expect((await run(['data', 'get', 'kept', 'a'])).stdout).toBe('first')
    const { versions } = (await json(['data', 'ls', 'kept', '--versions'])) as { versions: unknown[] }
    expect(versions).toHaveLength(4)
  })

  const noRights = whyNoPermissions()
  it.skipIf(noRights !== undefined)(`leave nothing in a place that cannot be written${noRights ? ` (${noRights})` : ''}`, async () => {
    const { directory, run } = await deskWithNode()
    const closed = join(directory, 'closed')
    mkdirSync(closed, { mode: 0o555 })
    await run(['data', 'put', 'media', 'a'], { input: 'a' })
    const refused = await run(['data', 'get', 'media', 'a', join(closed, 'a')], { through: withoutRights })
    expect(refused).toMatchObject({ status: 1, stdout: '' })
    expect(refused.stderr).toContain(join(closed, 'a'))
    expect(readdirSync(closed)).toEqual([])
  })
})

describe('messages', () => {
  const line = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((one) => JSON.parse(one) as { body: unknown; redelivered: boolean })

  it('stay with --no-ack, and are gone once they were printed', async () => {
    const { json, run } = await deskWithNode()
    for (const input of ['1', '2', '3']) await json(['data', 'publish', 'work', 'k', '--type', 'application/json'], { input })
    const looked = await run(['data', 'consume', 'jobs', '--count', '3', '--no-ack', '--json'])
    expect(line(looked.stdout).map(({ body }) => body)).toEqual([1, 2, 3])
    const two = await run(['data', 'consume', 'jobs', '--count', '2', '--json'])
    expect(line(two.stdout).map(({ body }) => body)).toEqual([1, 2])
    const rest = await run(['data', 'consume', 'jobs', '--count', '1', '--json'])
    expect(line(rest.stdout).map(({ body }) => body)).toEqual([3])
  })

  it('go back when their consumer is killed', async () => {
    const { data, json, run } = await deskWithNode()
    await json(['data', 'publish', 'work', 'k', '--type', 'text/plain'], { input: 'precious' })
    const consumer: ChildProcess = spawn(process.execPath, [cli, 'data', 'consume', 'jobs', '--no-ack', '--json', '--data', data], {
      env: { PATH: process.env.PATH, NO_COLOR: '1', XDG_CONFIG_HOME: '/nonexistent' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    onTestFinished(() => void consumer.kill('SIGKILL'))
    await new Promise((resolve) => consumer.stdout?.once('data', resolve))
    consumer.kill('SIGKILL')
    const again = await run(['data', 'consume', 'jobs', '--count', '1', '--json'])
    expect(line(again.stdout)).toMatchObject([{ body: 'precious', redelivered: true }])
  })
})

describe('vectors', () => {
  it('are stored, found, printed and forgotten', async () => {
    const { json, run } = await deskWithNode()
    for (const [id, vector] of Object.entries({ near: [1, 0], far: [0, 1] })) {
      await json(['data', 'upsert', 'Scene', id], { input: JSON.stringify({ vector, metadata: { title: id } }) })
    }
    const found = await json(['data', 'query', 'Scene', '-k', '1'], { input: '{"vector":[1,0.1]}' })
    expect(found).toMatchObject({ results: [{ id: 'near', metadata: { title: 'near' } }], partial: false })
    expect(await json(['data', 'vector', 'Scene', 'far'])).toMatchObject({ id: 'far', vector: [0, 1] })
    await json(['data', 'forget', 'Scene', 'far'])
    expect((await run(['data', 'vector', 'Scene', 'far'])).status).toBe(1)
  })
})

describe('a token', () => {
  it('opens the data plane of a running node and not its API, until it is revoked', async () => {
    const { json, node } = await deskWithNode()
    const { token } = (await json(['token', 'create', 'editor'])) as { token: string }
    expect(await json(['token', 'list'])).toMatchObject([{ name: 'editor' }])
    const env = { THATDAM_URL: node.url, THATDAM_TOKEN: token }
    expect((await thatdam(['data', 'put', 'media', 'a'], { env, input: 'over there' })).status).toBe(0)
    expect((await thatdam(['data', 'get', 'media', 'a'], { env })).stdout).toBe('over there')
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const api = () => fetch(`${node.url}/api/v1/plan`, { method: 'POST', headers, body: '{}' })
    expect((await api()).status).toBe(403)
    await json(['token', 'revoke', 'editor'])
    expect((await fetch(`${node.url}/data/storage/media/a`, { headers })).status).toBe(401)
    expect((await thatdam(['data', 'get', 'media', 'a'], { env })).status).toBe(1)
    expect(await json(['token', 'list'])).toEqual([])
  })

  it.each(['THATDAM_URL', 'THATDAM_TOKEN'])('and an address go together: %s alone is an error', async (name) => {
    const { status, stderr } = await thatdam(['data', 'ls', 'media'], { env: { [name]: 'http://127.0.0.1:1' } })
    expect(status).toBe(1)
    expect(stderr).toContain('THATDAM_URL and THATDAM_TOKEN')
  })
})

describe('without a running node', () => {
  it('a command starts one by itself, and leaves none behind', async () => {
    const { data, json, run } = await desk()
    await json(['data', 'put', 'media', 'a'], { input: 'alone' })
    expect((await run(['data', 'get', 'media', 'a'])).stdout).toBe('alone')
    expect(existsSync(join(data, 'node.json'))).toBe(false)
    expect((await run(['status'])).status).toBe(1)
  })
})
