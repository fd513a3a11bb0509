/** The founding matrix: what one profile makes of real servers, puts back, adds, and leaves alone. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ApplyResult, applyResultSchema, type Plan, planSchema } from '../../../src/shared/plan'
import { whyNoServer } from '../../support/servers'
import { tempDir } from '../../support/temp'
import { thatdam, up } from '../../support/thatdam'
import { openScene, type Scene, three } from './scene'

interface Wishes {
  readonly exchangeType?: string
  readonly ttl?: number
  readonly properties?: string
}

function profile(
  { bucket, className, vhost }: Scene,
  { exchangeType = 'topic', ttl = 3600, properties = 'title, { name: start, type: number }' }: Wishes = {},
): string {
  return `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: matrix }
spec:
  storage:
    buckets:
      - { name: ${bucket('media-raw')}, versioning: true, tags: { owner: media }, lifecycle: { rules: [{ id: tmp, prefix: tmp/, expireDays: 7 }] } }
      - { name: ${bucket('public')}, policy: public-read }
  broker:
    vhost: ${JSON.stringify(vhost)}
    exchanges: [{ name: media, type: ${exchangeType} }, { name: dead-letters, type: fanout }]
    queues: [{ name: ingest, ttl: ${ttl}, dlx: dead-letters }, { name: dead }]
    bindings: [{ exchange: media, queue: ingest, key: "media.#" }, { exchange: dead-letters, queue: dead }]
  indices:
    weaviate:
      classes:
        - { name: ${className('Asset')}, properties: [${properties}] }
        - { name: ${className('Segment')}, search: exact, tenants: [studio-a], properties: [title] }
`
}

/** A data directory whose commands speak to the servers of the scene. */
function node(scene: Scene) {
  const directory = tempDir()
  const data = join(directory, 'data')
  const file = join(directory, 'profile.yaml')
  const run = (args: readonly string[]) => thatdam([...args, '--data', data, '--json'], { env: scene.env })
  return {
    data,
    async apply(text?: string): Promise<ApplyResult & { readonly status: number | null }> {
      if (text !== undefined) writeFileSync(file, text)
      const { status, stdout } = await run(['apply', ...(text === undefined ? [] : ['-f', file])])
      return { status, ...applyResultSchema.parse(JSON.parse(stdout)) }
    },
    async plan(text?: string): Promise<Plan & { readonly status: number | null }> {
      if (text !== undefined) writeFileSync(file, text)
      const { status, stdout } = await run(['plan', ...(text === undefined ? [] : ['-f', file])])
      return { status, ...planSchema.parse(JSON.parse(stdout)) }
    },
  }
}

const rowsOf = ({ changes }: Plan, action: string) =>
  changes.filter((row) => row.action === action).map(({ kind, name, backend }) => `${kind} ${name} (${backend})`)

const servers = three()
const missing = (['minio', 'rabbitmq', 'weaviate'] as const).map(whyNoServer).find((why) => why !== undefined)

describe.skipIf(servers === undefined && process.env.THATDAM_REQUIRE !== 'all')(
  `on real servers${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    async function scene(): Promise<Scene> {
      if (servers === undefined) throw new Error(missing)
      return openScene(servers)
    }

    it('makes everything once, and the second run finds nothing to do', async () => {
      const on = await scene()
      const { apply, plan } = node(on)
      const first = await apply(profile(on))
      expect(first).toMatchObject({ status: 0, converged: true, errors: [], needs_migration: 0 })
      expect(await on.s3.bucketExists(on.bucket('media-raw'))).toBe(true)
      expect(await on.s3.getBucketVersioning(on.bucket('media-raw'))).toMatchObject({ Status: 'Enabled' })
      expect(await on.broker('GET', on.inVhost('queues', 'ingest'))).toMatchObject({ durable: true, type: 'classic' })
      expect(await on.broker('GET', on.inVhost('bindings', 'e', 'media', 'q', 'ingest'))).toHaveLength(1)
      expect(await on.index('GET', `/schema/${on.className('Asset')}`)).toMatchObject({ vectorizer: 'none' })
      expect(await on.index('GET', `/schema/${on.className('Segment')}/tenants`)).toMatchObject([{ name: 'studio-a' }])

      const second = await plan()
      expect(second.status).toBe(0)
      expect(second.changes.filter((row) => row.action !== 'none')).toEqual([])
      expect(await apply()).toMatchObject({ status: 0, converged: true, applied: 0 })
    })

    it('has nothing to do on a second computer, which knows nothing of the first', async () => {
      const on = await scene()
      await node(on).apply(profile(on))
      expect(rowsOf(await node(on).plan(profile(on)), 'create')).toEqual([])
      expect(await node(on).apply(profile(on))).toMatchObject({ status: 0, converged: true, applied: 0 })
    })

    it.each<[string, (on: Scene) => Promise<unknown>, (on: Scene) => Promise<unknown>, RegExp]>([
      [
        'queue',
        (on) => on.broker('DELETE', on.inVhost('queues', 'ingest')),
        (on) => on.broker('GET', on.inVhost('queues', 'ingest')),
        /^(queue|queue-policy|binding) .*ingest/,
      ],
      [
        'bucket',
        (on) => on.s3.removeBucket(on.bucket('public')),
        async (on) => ((await on.s3.bucketExists(on.bucket('public'))) ? true : undefined),
        /^(bucket|policy) public-/,
      ],
      [
        'binding',
        (on) => on.broker('DELETE', on.inVhost('bindings', 'e', 'media', 'q', 'ingest', 'media.#')),
        async (on) => ((await on.broker('GET', on.inVhost('bindings', 'e', 'media', 'q', 'ingest'))) as unknown[])[0],
        /^binding media -> ingest/,
      ],
      [
        'class',
        (on) => on.index('DELETE', `/schema/${on.className('Segment')}`),
        (on) => on.index('GET', `/schema/${on.className('Segment')}`),
        /^(class|property|tenant) Segment/,
      ],
    ])('puts a %s back that was deleted by hand, and says so', async (_, remove, look, rows) => {
      const on = await scene()
      const { apply, plan } = node(on)
      await apply(profile(on))
      await remove(on)
      expect(await look(on)).toBeUndefined()
      const planned = rowsOf(await plan(), 'create')
      expect(planned.length).toBeGreaterThan(0)
      for (const row of planned) expect(row).toMatch(rows)
      expect(await apply()).toMatchObject({ status: 0, converged: true, applied: planned.length })
      expect(await look(on)).toBeDefined()
      expect(rowsOf(await plan(), 'create')).toEqual([])
    })

    it('adds a property that the profile grew, and keeps what was there', async () => {
      const on = await scene()
      const { apply } = node(on)
      await apply(profile(on))
      const grown = await apply(profile(on, { properties: 'title, { name: start, type: number }, sha256' }))
      expect(grown).toMatchObject({ status: 0, converged: true, applied: 1 })
      const { properties } = (await on.index('GET', `/schema/${on.className('Asset')}`)) as { properties: { name: string }[] }
      expect(properties.map(({ name }) => name)).toEqual(expect.arrayContaining(['title', 'start', 'sha256']))
    })

    it('reports a changed property type, exchange type and queue argument, does not try them, and does all the rest', async () => {
      const on = await scene()
      const { apply, plan } = node(on)
      await apply(profile(on))
      // Somebody made the queue anew, with an argument of their own.
      await on.broker('DELETE', on.inVhost('queues', 'ingest'))
      await on.broker('PUT', on.inVhost('queues', 'ingest'), { durable: true, arguments: { 'x-message-ttl': 1000 } })
      await on.broker('DELETE', on.inVhost('queues', 'dead'))
      const changed = profile(on, {
        exchangeType: 'direct',
        properties: '{ name: title, type: int }, { name: start, type: number }, sha256',
      })
      const planned = await plan(changed)
      expect(rowsOf(planned, 'needs-migration')).toEqual([
        'exchange media (external)',
        'queue-policy ingest (external)',
        `property ${on.className('Asset')}/title (external)`,
      ])
      expect(planned.status).toBe(2)

      expect(await apply(changed)).toMatchObject({ status: 3, errors: [], needs_migration: 3 })
      expect(await on.broker('GET', on.inVhost('exchanges', 'media'))).toMatchObject({ type: 'topic' })
      expect(await on.broker('GET', on.inVhost('queues', 'ingest'))).toMatchObject({ arguments: { 'x-message-ttl': 1000 } })
      expect(await on.broker('GET', on.inVhost('queues', 'dead'))).toBeDefined()
      const { properties } = (await on.index('GET', `/schema/${on.className('Asset')}`)) as {
        properties: { name: string; dataType: string[] }[]
      }
      expect(properties.find(({ name }) => name === 'title')?.dataType).toEqual(['text'])
      expect(properties.map(({ name }) => name)).toContain('sha256')
      const again = await plan()
      expect([again.status, again.summary.needs_migration, again.summary.create]).toEqual([3, 3, 0])
    })

    it('keeps converging by itself: what is deleted under a running node comes back', async () => {
      const on = await scene()
      const { data, apply } = node(on)
      await apply(profile(on))
      writeFileSync(join(data, 'settings.json'), JSON.stringify({ reconcile: { driftIntervalMs: 300 } }))
      const running = await up(data, [], { env: on.env })
      await running.converged()
      await on.broker('DELETE', on.inVhost('queues', 'ingest'))
      await expect.poll(() => on.broker('GET', on.inVhost('queues', 'ingest')), { timeout: 20_000 }).toBeDefined()
      await expect.poll(async () => (await running.client.call('status', {})).converged, { timeout: 20_000 }).toBe(true)
    })
  },
)
