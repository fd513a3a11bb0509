/** A node that is told of real servers: it serves programs from them, says which it lacks what from, and keeps their secrets. */
import { randomBytes } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { applyResultSchema, planSchema } from '../../../src/shared/plan'
import { describeWith, whyNoServer } from '../../support/servers'
import { snapshot, tempDir } from '../../support/temp'
import { type Run, thatdam, up } from '../../support/thatdam'
import { minioClient, openScene, type Scene, three } from './scene'

function profileOf({ bucket, className, vhost }: Scene): string {
  return `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: factory }
spec:
  storage: { buckets: [{ name: ${bucket('media-raw')} }] }
  broker:
    vhost: ${JSON.stringify(vhost)}
    exchanges: [{ name: media, type: topic }]
    queues: [{ name: ingest }]
    bindings: [{ exchange: media, queue: ingest, key: "media.#" }]
  indices: { weaviate: { classes: [{ name: ${className('Asset')}, properties: [title] }] } }
`
}

/** Where a data directory may come to be, and a profile beside it. */
function place(profile: string): { readonly data: string; readonly file: string } {
  const directory = tempDir()
  const file = join(directory, 'profile.yaml')
  writeFileSync(file, profile)
  return { data: join(directory, 'data'), file }
}

const servers = three()
const missing = (['minio', 'rabbitmq', 'weaviate'] as const).map(whyNoServer).find((why) => why !== undefined)
const where = `MinIO, RabbitMQ and Weaviate${missing === undefined ? '' : ` (${missing})`}`

describe.skipIf(servers === undefined && process.env.THATDAM_REQUIRE !== 'all')(`a node on ${where}`, () => {
  async function scene(): Promise<Scene> {
    if (servers === undefined) throw new Error(missing)
    return openScene(servers)
  }

  it('serves programs from them, and keeps nothing of it here', async () => {
    const on = await scene()
    const { data, file } = place(profileOf(on))
    // First, so that no node brings the built-in profile to servers that others use too.
    expect((await thatdam(['apply', '-f', file, '--data', data], { env: on.env })).status).toBe(0)
    const node = await up(data, [], { env: on.env })
    await node.converged()
    const ask = async (method: string, path: string, body?: string | object) => {
      const headers = { authorization: `Bearer ${node.nodeFile.token}`, 'content-type': 'application/json' }
      const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
      const response = await fetch(`${node.url}/data${path}`, { method, headers, ...sent })
      expect([response.status, response.ok ? '' : await response.text()]).toEqual([expect.any(Number), ''])
      return response
    }
    const bucket = on.bucket('media-raw')
    await ask('PUT', `/storage/${bucket}/day-1/take.mov`, 'frames')
    expect(await (await ask('GET', `/storage/${bucket}/day-1/take.mov`)).text()).toBe('frames')
    expect((await on.s3.statObject(bucket, 'day-1/take.mov')).size).toBe(6)
    await ask('POST', '/bus/exchanges/media/messages?key=media.new', { take: 1 })
    const queued = await on.broker('POST', `${on.inVhost('queues', 'ingest')}/get`, {
      count: 1,
      ackmode: 'ack_requeue_true',
      encoding: 'auto',
    })
    expect(queued).toMatchObject([{ payload: '{"take":1}', routing_key: 'media.new' }])
    const id = '6f0c2a3e-1b2c-4d5e-8f90-a1b2c3d4e5f6'
    await ask('PUT', `/index/${on.className('Asset')}/${id}`, { vector: [1, 0], metadata: { title: 'take' } })
    expect(await on.index('GET', `/objects/${on.className('Asset')}/${id}`)).toMatchObject({ properties: { title: 'take' } })

    const status = await node.client.call('status', {})
    expect(status).toMatchObject({
      converged: true,
      warnings: [],
      components: {
        storage: { adapter: 'minio', mode: 'forward' },
        broker: { adapter: 'rabbitmq', mode: 'forward' },
        index: { adapter: 'weaviate', mode: 'forward' },
      },
    })
    expect(readdirSync(data).filter((name) => ['storage', 'bus', 'index', 'upkeep.json'].includes(name))).toEqual([])
    expect(await thatdam(['backends', '--data', data])).toMatchObject({ status: 0, stdout: expect.stringContaining('in reach') })
    const doctor = await thatdam(['doctor', '--data', data])
    expect(doctor, doctor.stdout).toMatchObject({ status: 0, stdout: expect.stringContaining('storage (minio): ') })
    const again = applyResultSchema.parse(JSON.parse((await thatdam(['apply', '--data', data, '--json'])).stdout))
    expect(again).toMatchObject({ converged: true, applied: 0, errors: [] })
  })

  it('with passwords that are wrong is told so by each, and nobody is told the passwords', async () => {
    const on = await scene()
    const { data, file } = place(profileOf(on))
    const secret = `hidden-${randomBytes(6).toString('hex')}`
    const broker = new URL(on.env.AMQP_URL ?? '')
    broker.password = secret
    const env = { ...on.env, MINIO_SECRET_KEY: secret, AMQP_URL: broker.href, WEAVIATE_API_KEY: secret, THATDAM_LOG_LEVEL: 'trace' }
    const runs: Run[] = []
    const run = async (...args: string[]): Promise<Run> => {
      const one = await thatdam([...args, '--data', data], { env })
      runs.push(one)
      return one
    }
    const { errors } = applyResultSchema.parse(JSON.parse((await run('apply', '-f', file, '--json')).stdout))
    expect(errors.map(({ component, code }) => `${component} ${code}`)).toEqual([
      'storage unauthorized',
      'broker unauthorized',
      'index unauthorized',
    ])
    expect(await run('plan')).toMatchObject({ status: 1 })
    const doctor = await run('doctor')
    expect(doctor.status).toBe(1)
    const failed = doctor.stdout.split('\n').filter((line) => line.startsWith('fail'))
    for (const name of ['storage (minio)', 'broker (rabbitmq)', 'index (weaviate)'])
      expect(failed).toContainEqual(expect.stringContaining(`${name}: login: `))

    const node = await up(data, [], { env })
    await node.line((line) => line.event === 'status' && line.status.components.index.status === 'error')
    await run('status')
    await run('backends', '--json')
    await run('doctor', '--json')
    const metrics = await fetch(`${node.url}/metrics`, { headers: { authorization: `Bearer ${node.nodeFile.token}` } })
    const said = [await metrics.text(), ...runs.flatMap(({ stdout, stderr }) => [stdout, stderr])].join('\n')
    expect(said).toContain('MinIO at ')
    node.signal('SIGTERM')
    expect(await node.exited()).toBe(0)
    const kept = Object.values(snapshot(data)).map((content) => Buffer.from(content.split(' ')[1] ?? '', 'base64').toString('latin1'))
    for (const text of [said, ...kept]) expect(text).not.toContain(secret)
  })

  it('without the management API of RabbitMQ says that it cannot see bindings', async () => {
    const on = await scene()
    const { data, file } = place(profileOf(on))
    const { RABBITMQ_MANAGEMENT_URL: _, ...env } = on.env
    const run = async (...args: string[]) => JSON.parse((await thatdam([...args, '--data', data, '--json'], { env })).stdout)
    const first = applyResultSchema.parse(await run('apply', '-f', file))
    expect(first).toMatchObject({ converged: true, errors: [] })
    const plan = planSchema.parse(await run('plan'))
    expect(plan.summary).toMatchObject({ create: 0, update: 0 })
    expect(plan.changes.find(({ kind }) => kind === 'binding')).toMatchObject({ action: 'none', seen: false })
    const second = applyResultSchema.parse(await run('apply'))
    expect(second).toMatchObject({
      converged: true,
      applied: 0,
      warnings: [expect.stringMatching(/^1 binding cannot be seen at RabbitMQ at amqp:/)],
    })
  })
})

describeWith('versitygw', 'a node on a server without lifecycle rules', (address) => {
  it('converges, and says what is not enforced there', async () => {
    const bucket = `factory-${randomBytes(4).toString('hex')}`
    onTestFinished(() => minioClient(address).removeBucket(bucket))
    const { data, file } = place(`apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: factory }
spec: { storage: { buckets: [{ name: ${bucket}, lifecycle: { days: 30 } }] } }
`)
    const env = { MINIO_ENDPOINT: address.endpoint, MINIO_ACCESS_KEY: address.accessKey, MINIO_SECRET_KEY: address.secretKey }
    await thatdam(['apply', '-f', file, '--data', data], { env })
    const warning = `1 lifecycle rule is not enforced by MinIO at ${address.endpoint}: the server has no lifecycle rules.`
    const run = await thatdam(['apply', '--data', data, '--json'], { env })
    expect([run.status, applyResultSchema.parse(JSON.parse(run.stdout))]).toMatchObject([
      0,
      { converged: true, applied: 0, warnings: [warning] },
    ])
    const plan = await thatdam(['plan', '--data', data], { env })
    expect(plan).toMatchObject({ status: 0, stdout: expect.stringContaining('not enforced: the server has no lifecycle rules') })
    const node = await up(data, [], { env })
    await node.converged()
    const status = await node.client.call('status', {})
    expect(status.warnings).toEqual([warning])
  })
})
