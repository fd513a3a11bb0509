/** A server that is configured and out of reach: one component in error, in words; everything else works, and a server that comes is used. */
import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ApplyResult, planSchema } from '../../src/shared/plan'
import type { Status } from '../../src/shared/status'
import { proxyTo } from '../support/proxy'
import { describeWith } from '../support/servers'
import { tempDir } from '../support/temp'
import { thatdam, up } from '../support/thatdam'
import { neverAnswers, refuses, speaksTls } from '../support/troubled-servers'

type Port = 'storage' | 'broker' | 'index'

/** The variables that select one server, at this address. */
function envOf(port: Port, url: (scheme: string) => string): Readonly<Record<string, string>> {
  if (port === 'storage') return { MINIO_ENDPOINT: url('http'), MINIO_ACCESS_KEY: 'ada', MINIO_SECRET_KEY: 'hidden-secret' }
  if (port === 'broker') return { AMQP_URL: url('amqp').replace('://', '://ada:hidden-secret@') }
  return { WEAVIATE_URL: url('http'), WEAVIATE_API_KEY: 'hidden-secret' }
}

/** A data directory in which a call fails quickly and a pass comes soon. */
async function quickly(retry: { readonly attempts: number } = { attempts: 1 }, deadlineMs = 300): Promise<string> {
  const data = join(tempDir(), 'data')
  await mkdir(data)
  const reconcile = { driftIntervalMs: 200, ...retry, backoffMs: { min: 1, max: 2 } }
  writeFileSync(join(data, 'settings.json'), JSON.stringify({ reconcile, external: { deadlineMs } }))
  return data
}

const ports = ['storage', 'broker', 'index'] as const
const backendOf = { storage: 'storage', broker: 'bus', index: 'index' } as const

describe.each(ports)('a server for %s that is not there', (port) => {
  it('is that component’s error, and the others converge', async () => {
    const data = await quickly()
    const { url } = await refuses()
    const env = envOf(port, url)
    const run = await thatdam(['apply', '--data', data, '--json'], { env })
    const result = JSON.parse(run.stdout) as ApplyResult
    expect(run.status).toBe(1)
    expect(result.applied).toBeGreaterThan(0)
    expect(result.errors).toEqual([{ component: port, code: 'unavailable', message: expect.stringContaining('refused the connection') }])
    const again = JSON.parse((await thatdam(['apply', '--data', data, '--json'], { env })).stdout) as ApplyResult
    expect(again).toMatchObject({ applied: 0, errors: [{ component: port }] })
    // A terminal is told in sentences, and the rest is applied there as well.
    expect(await thatdam(['apply', '--data', data], { env })).toMatchObject({
      status: 1,
      stdout: expect.stringContaining(`failed ${port}: `),
    })
    const plan = await thatdam(['plan', '--data', data], { env })
    expect(plan).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(new RegExp(`^error: The ${port} could not be looked at: .*nothing listens there`)),
    })
    expect(plan.stdout).toMatch(new RegExp(`already so, so far as can be seen: ${port} could not be looked at\\.`))
    const rows = planSchema.parse(JSON.parse((await thatdam(['plan', '--data', data, '--json'], { env })).stdout))
    expect(rows.errors).toEqual([{ component: port, code: 'unavailable', message: expect.stringContaining('nothing listens there') }])
    expect(ports.filter((one) => rows.changes.some(({ component }) => component === one))).toEqual(ports.filter((one) => one !== port))
  })

  it('is told by a running node, with what to do', async () => {
    const data = await quickly()
    const { url } = await refuses()
    const env = envOf(port, url)
    const node = await up(data, [], { env })
    await node.line((line) => line.event === 'status' && line.status.components[port].status === 'error')
    const away = {
      mode: 'degraded',
      external: expect.stringContaining('127.0.0.1'),
      last_error: expect.stringContaining('nothing listens there'),
    }
    const status = await thatdam(['status', '--data', data, '--json'])
    expect(status.status).toBe(1)
    const found = JSON.parse(status.stdout) as Status
    expect(found.backends[backendOf[port]]).toMatchObject(away)
    const others = ports.filter((one) => one !== port)
    expect(others.map((one) => found.components[one])).toEqual(
      others.map(() => expect.objectContaining({ status: 'ok', mode: 'local', errors: [] })),
    )
    expect(await thatdam(['backends', '--data', data])).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('nothing listens there'),
    })
    const doctor = await thatdam(['doctor', '--data', data])
    expect(doctor).toMatchObject({ status: 1, stdout: expect.stringContaining('Start the server, or correct') })
    node.signal('SIGTERM')
    expect(await node.exited()).toBe(0)
  })

  it('is not waited for by the others, even when it says nothing', async () => {
    const data = await quickly({ attempts: 100 }, 2_000)
    const { url } = await neverAnswers()
    const node = await up(data, [], { env: envOf(port, url) })
    const others = ports.filter((one) => one !== port)
    const watching = new AbortController()
    for await (const notice of node.client.notices(watching.signal)) {
      if (notice.type !== 'status') continue
      // The first pass still looks for the server.
      expect(notice.status.pass).toBeNull()
      if (others.every((one) => notice.status.components[one].status === 'ok')) break
    }
    watching.abort()
    node.signal('SIGTERM')
    expect(await node.exited()).toBe(0)
  })

  it('is not waited for without end when it takes the connection and says nothing', async () => {
    const data = await quickly()
    const { url } = await neverAnswers()
    const run = await thatdam(['apply', '--data', data, '--json'], { env: envOf(port, url) })
    expect((JSON.parse(run.stdout) as ApplyResult).errors).toEqual([
      { component: port, code: 'unavailable', message: expect.stringContaining('did not answer in time') },
    ])
    const doctor = await thatdam(['doctor', '--data', data], { env: envOf(port, url) })
    expect(doctor).toMatchObject({ status: 1, stdout: expect.stringContaining('did not answer in time') })
  })
})

describe.each(ports)('a server for %s with a certificate of a private authority', (port) => {
  it('is trusted by the file that its variable names, and not without', async () => {
    const { url, certificate } = await speaksTls()
    const data = await quickly()
    const file = join(data, 'ca.pem')
    writeFileSync(file, certificate.cert)
    const env = envOf(port, (scheme) => url(`${scheme}s`))
    const variable = { storage: 'MINIO_CA_FILE', broker: 'AMQP_CA_FILE', index: 'WEAVIATE_CA_FILE' }[port]
    const said = async (more: Readonly<Record<string, string>>) => {
      const { stdout } = await thatdam(['plan', '--data', data, '--json'], { env: { ...env, ...more } })
      return planSchema.parse(JSON.parse(stdout)).errors.map(({ message }) => message)
    }
    expect(await said({})).toEqual([expect.stringMatching(/certificate/i)])
    // The stand-in is no such server: that it is heard at all shows that it is trusted.
    expect(await said({ [variable]: file })).toEqual([expect.not.stringMatching(/certificate/i)])
  })
})

describeWith('weaviate', 'a server that comes back', ({ url }) => {
  it('is converged to by itself, and its going is told', async () => {
    const data = await quickly()
    const proxy = await proxyTo(url)
    await proxy.refuse()
    const node = await up(data, [], { env: { WEAVIATE_URL: proxy.through(url) } })
    const empty = 'apiVersion: thatdam/v1\nkind: EnvironmentProfile\nmetadata: { name: empty }\nspec: {}\n'
    await node.line((line) => line.event === 'status' && line.status.components.index.status === 'error')
    // What is wished does not matter here, and the server is everybody's.
    await node.client.call('setProfile', { profile: { text: empty } })
    await proxy.heal()
    await node.line((line) => line.event === 'status' && line.status.converged && line.status.backends.index.mode === 'forward')
    await proxy.refuse()
    const gone = (status: Status) => status.backends.index.mode === 'degraded' && status.backends.index.last_error !== null
    await node.line((line) => line.event === 'status' && line.status.pass !== null && line.status.revision === 2 && gone(line.status))
    await proxy.heal()
    const { backends } = await node.client.call('apply', {}).then(() => node.client.call('status', {}))
    expect(backends.index).toMatchObject({ mode: 'forward', last_error: null })
  })
})
