/** What other tools made on the servers is still there, unchanged, however many profiles were applied beside it. */
import { createHash, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openBusRabbitmq } from '../../../src/main/adapters/bus-rabbitmq/bus-rabbitmq'
import { openIndexWeaviate } from '../../../src/main/adapters/index-weaviate/index-weaviate'
import { openStorageMinio } from '../../../src/main/adapters/storage-minio/storage-minio'
import { generationsOf } from '../../../src/shared/profile/generation'
import type { Profile } from '../../../src/shared/profile/model'
import { anyProfile } from '../../support/any-profile'
import { engineOver } from '../../support/engine'
import { tempDir } from '../../support/temp'
import { openScene, type Scene, three } from './scene'

const servers = three()

/** A policy that every server takes: one of the random ones is for the whole world. */
const documentFor = (bucket: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/open/*` }],
})

/** The same wish in the corner of the servers that belongs to the scene. */
function within({ bucket, className, vhost }: Scene, wanted: Profile): Profile {
  const { storage, broker, indices } = wanted.spec
  const buckets = storage.buckets.map((one) => {
    const name = bucket(one.name)
    return { ...one, name, ...(typeof one.policy === 'object' ? { policy: documentFor(name) } : {}) }
  })
  const classes = indices.weaviate.classes.map((one) => ({ ...one, name: className(one.name) }))
  return { ...wanted, spec: { ...wanted.spec, storage: { buckets }, broker: { ...broker, vhost }, indices: { weaviate: { classes } } } }
}

/** Rules whose every field a careless reader changes: numbers that are text, a filter by tags, an expiry of old versions. */
const foreignRule =
  '<Rule><ID>007</ID><Status>Enabled</Status><Filter><And><Prefix>2024.10/</Prefix><Tag><Key>0x1F</Key><Value>1.10</Value></Tag></And></Filter>' +
  '<Expiration><Days>90</Days></Expiration></Rule>' +
  '<Rule><ID>true</ID><Status>Disabled</Status><Filter><Prefix> x </Prefix></Filter><NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration></Rule>'

/** One thing of each kind that the random profiles name as well, and one of each that they do not. */
async function makeForeign({ s3, broker, index, bucket, className, inVhost }: Scene): Promise<void> {
  for (const name of [bucket('aaa'), bucket('foreign')]) {
    await s3.makeBucket(name)
    await s3.putObject(name, 'kept.txt', 'kept')
    await s3.setBucketTagging(name, { '1.10': '0x1F', 'their tool': 'x y' })
    const lifecycle = `<LifecycleConfiguration>${foreignRule}</LifecycleConfiguration>`
    const headers = { 'Content-MD5': createHash('md5').update(lifecycle).digest('base64') }
    await s3.makeRequestAsync({ method: 'PUT', bucketName: name, query: 'lifecycle', headers }, lifecycle, [200])
    await s3.setBucketPolicy(
      name,
      JSON.stringify({ ...documentFor(name), Statement: [{ ...documentFor(name).Statement[0], Sid: 'theirs' }] }),
    )
  }
  await broker('PUT', inVhost('exchanges', 'x1'), { type: 'headers', durable: true, auto_delete: false })
  await broker('PUT', inVhost('exchanges', 'their exchange'), { type: 'topic', durable: true, auto_delete: false })
  await broker('PUT', inVhost('queues', 'q'), { durable: true, arguments: { 'x-max-length': 10, 'x-message-ttl': 5000 } })
  await broker('PUT', inVhost('queues', 'their queue'), { durable: true, arguments: { 'x-queue-mode': 'lazy' } })
  await broker('POST', inVhost('bindings', 'e', 'their exchange', 'q', 'their queue'), { routing_key: 'a.#', arguments: {} })
  await broker('PUT', inVhost('policies', 'theirs'), {
    pattern: '^q3$',
    definition: { 'max-length': 7 },
    priority: 3,
    'apply-to': 'queues',
  })
  for (const name of [className('Aaa'), className('Theirs')]) {
    await index('POST', '/schema', {
      class: name,
      description: 'made by somebody else',
      vectorizer: 'none',
      vectorIndexConfig: { distance: 'l2-squared', ef: 77 },
      properties: [{ name: 'theirs', dataType: ['text[]'], description: 'theirs', tokenization: 'lowercase' }],
    })
  }
}

/** Everything that was made there, as the servers tell it; what a profile may add beside it is left out. */
async function lookAt({ s3, broker, index, bucket, className, inVhost }: Scene): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {}
  for (const name of [bucket('aaa'), bucket('foreign')]) {
    // As text, since the client makes numbers of what looks like one.
    const told = async (query: string) => textOf(await s3.makeRequestAsync({ method: 'GET', bucketName: name, query }))
    const rules = (await told('lifecycle')).match(/<Rule>.*?<\/Rule>/gs) ?? []
    seen[`rules of ${name}`] = rules.filter((rule) => /<ID>(007|true)<\/ID>/.test(rule)).sort()
    const tags = (await told('tagging')).match(/<Tag>.*?<\/Tag>/gs) ?? []
    seen[`tags of ${name}`] = tags.filter((tag) => !/<Key>(owner|team|toString)<\/Key>/.test(tag)).sort()
    seen[`policy of ${name}`] = JSON.parse(await s3.getBucketPolicy(name))
    seen[`object in ${name}`] = await textOf(await s3.getObject(name, 'kept.txt'))
  }
  const pick = (value: unknown, ...names: string[]) =>
    Object.fromEntries(names.map((one) => [one, (value as Record<string, unknown>)[one] ?? null]))
  for (const name of ['x1', 'their exchange']) {
    seen[`exchange ${name}`] = pick(
      await broker('GET', inVhost('exchanges', name)),
      'type',
      'durable',
      'auto_delete',
      'internal',
      'arguments',
    )
  }
  for (const name of ['q', 'their queue']) {
    seen[`queue ${name}`] = pick(
      await broker('GET', inVhost('queues', name)),
      'type',
      'durable',
      'auto_delete',
      'exclusive',
      'arguments',
      'policy',
    )
  }
  seen.binding = await broker('GET', inVhost('bindings', 'e', 'their exchange', 'q', 'their queue'))
  seen.policy = await broker('GET', inVhost('policies', 'theirs'))
  for (const name of [className('Aaa'), className('Theirs')]) {
    const { properties, ...rest } = (await index('GET', `/schema/${name}`)) as { properties: { name: string }[] }
    seen[`class ${name}`] = { ...rest, properties: properties.filter((one) => one.name === 'theirs') }
  }
  return seen
}

async function textOf(stream: AsyncIterable<Buffer | string>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk.toString()
  return text
}

describe.skipIf(servers === undefined && process.env.THATDAM_REQUIRE !== 'all')('beside what other tools made', () => {
  it('a hundred random profiles are applied, and every rule, tag, policy, exchange, queue, binding and class of theirs is as it was', async () => {
    if (servers === undefined) throw new Error('MinIO, RabbitMQ and Weaviate are needed: `npm run servers -- up` brings them up')
    const scene = await openScene(servers)
    const { minio, rabbitmq, weaviate } = servers
    const deadlineMs = 10_000
    const storage = openStorageMinio({ ...minio, deadlineMs, spoolDirectory: tempDir(), uuid: randomUUID })
    const bus = openBusRabbitmq({
      url: rabbitmq.url,
      ...(rabbitmq.managementUrl === undefined ? {} : { managementUrl: rabbitmq.managementUrl }),
      vhost: () => scene.vhost,
      deadlineMs,
      dedupe: { windowMs: 1000, keysPerQueue: 10 },
      now: Date.now,
      uuid: randomUUID,
    })
    const index = openIndexWeaviate({ url: weaviate.url, deadlineMs })
    onTestFinished(async () => {
      await Promise.all([storage.close(), bus.close(), index.close()])
    })
    const { pass } = engineOver({ storage, broker: bus, index }, { retryAttempts: 1, stand: { backend: 'external', server: 'theirs' } })

    await makeForeign(scene)
    const before = await lookAt(scene)
    await fc.assert(
      fc.asyncProperty(anyProfile, async (wanted) => {
        const profile = within(scene, wanted)
        const wish = { profile, generations: generationsOf(profile) }
        const { components } = await pass(wish)
        expect([...components.values()].flatMap(({ errors }) => errors)).toEqual([])
        const again = await pass(wish)
        expect(again.applied).toBe(0)
      }),
      { numRuns: 100, endOnFailure: true },
    )
    expect(await lookAt(scene)).toEqual(before)
  }, 300_000)
})
