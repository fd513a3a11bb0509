/**
 * Each adapter beside the bare client it is built on, against the same server: both do what a program does that wants its data kept.
 * They take turns, and the median of the rounds counts.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { Agent } from 'node:http'
import amqp from 'amqplib'
import { Client } from 'minio'
import weaviate from 'weaviate-ts-client'
import { bundled } from './bundle.mjs'
import { median, objectRate, timed } from './figures.mjs'
import { inTempDir } from './processes.mjs'

const never = new AbortController().signal
const deadlineMs = 10_000

/** Milliseconds of each contender, in turns; the first round warms up and is not counted. */
async function inTurns(rounds, contenders) {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const ms = await run(round)
      if (round > 0) times[name].push(ms)
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]))
}

export async function storageAgainstClient({ endpoint, accessKey, secretKey }, { add, quick }) {
  const { openStorageMinio } = await bundled('src/main/adapters/storage-minio/storage-minio.ts')
  const { hostname, port } = new URL(endpoint)
  const transportAgent = new Agent({ keepAlive: true, maxSockets: 32 })
  const raw = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
    region: 'us-east-1',
    transportAgent,
  })
  const bucket = `bench-${randomBytes(4).toString('hex')}`
  await inTempDir(async (spoolDirectory) => {
    const storage = openStorageMinio({ endpoint, accessKey, secretKey, deadlineMs, spoolDirectory, uuid: randomUUID })
    await storage.ensureBucket(bucket, never)
    try {
      for (const { name, size, parallel, count } of [
        { name: '16 KiB, 16 at once', size: 16 * 1024, parallel: 16, count: 1_000 },
        { name: '64 MiB, one at a time', size: 64 * 1024 * 1024, parallel: 1, count: 3 },
      ]) {
        const body = randomBytes(size)
        const put = await inTurns(quick ? 3 : 7, {
          ours: () => timed(parallel, count, (i) => storage.put(bucket, `ours-${size}-${i}`, piecesOf(body), {}, never)),
          theirs: () => timed(parallel, count, (i) => raw.putObject(bucket, `theirs-${size}-${i}`, body, size)),
        })
        const get = await inTurns(quick ? 3 : 7, {
          ours: () => timed(parallel, count, async (i) => drain((await storage.get(bucket, `ours-${size}-${i}`, {}, never)).body)),
          theirs: () => timed(parallel, count, async (i) => drain(await raw.getObject(bucket, `theirs-${size}-${i}`))),
        })
        for (const [what, { ours, theirs }] of Object.entries({ put, get })) {
          const ratio = theirs / ours
          add(`minio: ${what} ${name}`, `${objectRate(size, count, ours)} = ${ratio.toFixed(2)}× the bare client`, '≥ 0.95×', ratio >= 0.95)
        }
      }
    } finally {
      await storage.removeBucket(bucket, { contents: true }, never)
      await storage.close()
      transportAgent.destroy()
    }
  })
}

export async function busAgainstClient({ url, managementUrl }, { add, quick }) {
  const { openBusRabbitmq } = await bundled('src/main/adapters/bus-rabbitmq/bus-rabbitmq.ts')
  const names = { ours: `bench-${randomUUID()}`, theirs: `bench-${randomUUID()}` }
  const dedupe = { windowMs: 7 * 24 * 3_600_000, keysPerQueue: 1_000_000 }
  const bus = openBusRabbitmq({ url, managementUrl, vhost: () => '/', deadlineMs, dedupe, now: Date.now, uuid: randomUUID })
  const connection = await amqp.connect(url, { noDelay: true })
  const channel = await connection.createConfirmChannel()
  await channel.prefetch(200)
  const total = quick ? 20_000 : 50_000
  try {
    for (const name of Object.values(names)) await bus.ensureQueue('/', { name, type: 'classic' }, never)
    for (const size of [200, 4096]) {
      const body = Buffer.alloc(size, 1)
      const publish = { ours: [], theirs: [] }
      const consume = { ours: [], theirs: [] }
      for (let round = 0; round <= (quick ? 3 : 5); round++) {
        const taken = {
          ours: [await timed(1_000, total, () => bus.publish('', names.ours, { body }, never)), await drainBus(bus, names.ours, total)],
          theirs: [await timed(1_000, total, () => publishRaw(channel, names.theirs, body)), await drainRaw(channel, names.theirs, total)],
        }
        if (round === 0) continue
        for (const who of ['ours', 'theirs']) {
          publish[who].push(taken[who][0])
          consume[who].push(taken[who][1])
        }
      }
      for (const [what, { ours, theirs }] of Object.entries({ publish, consume })) {
        const ratio = median(theirs) / median(ours)
        const rate = Math.round((total / median(ours)) * 1000).toLocaleString('en')
        add(`rabbitmq: ${what} ${size} B`, `${rate}/s = ${ratio.toFixed(2)}× bare amqplib`, '≥ 0.9×', ratio >= 0.9)
      }
    }
  } finally {
    for (const name of Object.values(names)) await bus.removeQueue('/', name, { contents: true }, never)
    await connection.close()
    await bus.close()
  }
}

function publishRaw(channel, queue, body) {
  return new Promise((resolve, reject) => {
    channel.publish('', queue, body, { persistent: true, messageId: randomUUID(), mandatory: true }, (error) =>
      error ? reject(error) : resolve(),
    )
  })
}

async function drainRaw(channel, queue, total) {
  const started = performance.now()
  const all = Promise.withResolvers()
  let received = 0
  const { consumerTag } = await channel.consume(queue, (message) => {
    channel.ack(message)
    received += 1
    if (received === total) all.resolve()
  })
  await all.promise
  const ms = performance.now() - started
  await channel.cancel(consumerTag)
  return ms
}

async function drainBus(bus, queue, total) {
  const started = performance.now()
  const subscription = await bus.consume(queue, { prefetch: 200 }, never)
  const all = Promise.withResolvers()
  let settled = 0
  const settle = async (delivery) => {
    await subscription.settle(delivery, 'ack')
    settled += 1
    if (settled === total) all.resolve()
  }
  const read = async () => {
    for await (const { delivery } of subscription) settle(delivery).catch(all.reject)
  }
  const reading = read()
  await all.promise
  const ms = performance.now() - started
  await subscription.close()
  await reading
  return ms
}

export async function indexAgainstClient({ url, apiKey }, { add, quick }) {
  const { openIndexWeaviate } = await bundled('src/main/adapters/index-weaviate/index-weaviate.ts')
  const index = openIndexWeaviate({ url, ...(apiKey === undefined ? {} : { apiKey }), deadlineMs })
  const { protocol, host } = new URL(url)
  const raw = weaviate.client({ scheme: protocol.slice(0, -1), host })
  const id = randomBytes(4).toString('hex')
  const names = { ours: `Ours${id}`, theirs: `Theirs${id}` }
  const wish = { vectorizer: 'none', distance: 'cosine', search: 'approximate', properties: [{ name: 'title', type: 'text' }], tenants: [] }
  try {
    // Both classes are made by the adapter, so that both clients speak to the same kind of index.
    for (const name of Object.values(names)) await index.ensureClass({ ...wish, name }, never)
    const count = quick ? 2_000 : 5_000
    const objects = Array.from({ length: count }, (_, i) => ({
      id: randomUUID(),
      vector: Float32Array.from({ length: 384 }, () => Math.random() - 0.5),
      metadata: { title: `object ${i}` },
    }))
    const parts = Array.from({ length: Math.ceil(count / 500) }, (_, i) => objects.slice(i * 500, (i + 1) * 500))
    const upsert = await inTurns(quick ? 2 : 3, {
      ours: () => timed(1, parts.length, (i) => index.batch(names.ours, parts[i], never)),
      theirs: () => timed(1, parts.length, (i) => rawBatch(raw, names.theirs, parts[i])),
    })
    const questions = objects.slice(0, 200).map(({ vector }) => vector)
    const query = await inTurns(quick ? 3 : 5, {
      ours: () => timed(4, questions.length, (i) => index.query(names.ours, { vector: questions[i], k: 10 }, never)),
      theirs: () => timed(4, questions.length, (i) => rawQuery(raw, names.theirs, questions[i])),
    })
    for (const [what, { ours, theirs }, amount] of [
      ['upsert in batches of 500 × 384', upsert, count],
      ['query, top 10', query, questions.length],
    ]) {
      const ratio = theirs / ours
      add(`weaviate: ${what}`, `${Math.round((amount / ours) * 1000)}/s = ${ratio.toFixed(2)}× the bare client`, '≥ 0.95×', ratio >= 0.95)
    }
  } finally {
    for (const name of Object.values(names)) await index.removeClass(name, { contents: true }, never)
    await index.close()
  }
}

async function rawBatch(client, className, objects) {
  let batcher = client.batch.objectsBatcher()
  for (const { id, vector, metadata } of objects)
    batcher = batcher.withObject({ class: className, id, vector: [...vector], properties: metadata })
  const results = await batcher.do()
  const failed = results.find(({ result }) => result?.errors?.error?.length > 0)
  if (failed !== undefined) throw new Error(JSON.stringify(failed.result))
}

async function rawQuery(client, className, vector) {
  const { data } = await client.graphql
    .get()
    .withClassName(className)
    .withNearVector({ vector: [...vector] })
    .withLimit(10)
    .withFields('title _additional { id distance }')
    .do()
  if (data.Get[className].length !== 10) throw new Error('not ten results')
}

async function* piecesOf(bytes) {
  for (let at = 0; at < bytes.length; at += 256 * 1024) yield bytes.subarray(at, at + 256 * 1024)
}

async function drain(body) {
  for await (const _ of body);
}
