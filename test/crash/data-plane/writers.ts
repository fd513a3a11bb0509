/** Programs that write to all three ports at once and remember every answer, and the look afterwards that nothing of it is lost. */
import type { Random } from '../../support/random'
import { type Client, Refusal, sha256 } from './client'
import { type Expectation, expectation } from './record'

export interface Writer {
  /** Write until the node is lost. `answered` is called with each answer. */
  write(client: Client, answered: () => void): Promise<void>
  /** What is wrong with the world, by all that was acknowledged; empty when nothing is. */
  check(client: Client): Promise<string[]>
}

/** Ends with the node; an answer that is a refusal is thrown on. */
async function untilLost(step: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await step()
    } catch (error) {
      if (error instanceof Refusal) throw error
      return
    }
  }
}

/** Puts and deletes objects of one bucket that keeps no versions. */
export function objectWriter(bucket: string, keys: readonly string[], random: Random): Writer {
  const expected = new Map(keys.map((key) => [key, expectation<string | null>(null)]))
  const touched = new Set<string>()
  const path = (key: string) => `/data/storage/${bucket}?key=${encodeURIComponent(key)}`
  return {
    write: (client, answered) =>
      untilLost(async () => {
        const key = random.pick(keys)
        const place = expected.get(key) as Expectation<string | null>
        touched.add(key)
        if (random() < 0.2) {
          place.asked(null)
          await client.request('DELETE', path(key)).then((response) => response.text())
          place.acknowledged(null)
        } else {
          const body = random.bytes(random() < 0.1 ? random.below(400_000) : random.below(4_000))
          const hash = sha256(body)
          place.asked(hash)
          const stored = await (await client.request('PUT', path(key), { body })).json()
          if (stored.etag !== hash) throw new Refusal(`put of ${key} answered with etag ${stored.etag}`)
          place.acknowledged(hash)
        }
        answered()
      }),

    async check(client) {
      const wrong: string[] = []
      for (const key of touched) {
        const found = await client.read(path(key))
        const place = expected.get(key) as Expectation<string | null>
        if (found !== null && found.sha256 !== found.etag) wrong.push(`${bucket}/${key} is not what its etag says`)
        else if (!place.admits(found?.sha256 ?? null))
          wrong.push(`${bucket}/${key} holds ${found?.sha256.slice(0, 12) ?? 'nothing'}, expected ${place}`)
      }
      touched.clear()
      const { objects } = await client.json<{ objects: { key: string; etag: string }[] }>('GET', `/data/storage/${bucket}?limit=1000`)
      for (const { key, etag } of objects) {
        if (!(expected.get(key)?.admits(etag) ?? false)) wrong.push(`the listing of ${bucket} has ${key} as ${etag.slice(0, 12)}`)
      }
      return wrong
    },
  }
}

/** Puts versions of a few keys of one bucket that keeps them. */
export function versionWriter(bucket: string, keys: readonly string[], random: Random): Writer {
  const acknowledged = new Map<string, { readonly path: string; readonly hash: string }>()
  let unchecked: string[] = []
  return {
    write: (client, answered) =>
      untilLost(async () => {
        const key = random.pick(keys)
        const path = `/data/storage/${bucket}/${key}`
        const body = random.bytes(1 + random.below(3_000))
        if (random() < 0.15) await client.request('DELETE', path).then((response) => response.text())
        const { version } = (await (await client.request('PUT', path, { body })).json()) as { version: string }
        acknowledged.set(version, { path, hash: sha256(body) })
        unchecked.push(version)
        answered()
      }),

    async check(client) {
      const wrong: string[] = []
      // Those of this round, and some of all rounds before.
      const others = Array.from({ length: Math.min(20, acknowledged.size) }, () => random.pick([...acknowledged.keys()]))
      for (const version of [...unchecked, ...others]) {
        const { path, hash } = acknowledged.get(version) as { path: string; hash: string }
        const found = await client.read(`${path}?version=${version}`)
        if (found?.sha256 !== hash) wrong.push(`${path} version ${version} is ${found === null ? 'lost' : 'another content'}`)
      }
      unchecked = []
      return wrong
    },
  }
}

/** What is known of the messages of one queue. */
export interface Ledger {
  readonly published: Set<string>
  readonly asked: Set<string>
  readonly consumed: Set<string>
  /** Of which an ack was asked for: whether it was stored, nobody knows until its answer. */
  readonly settling: Set<string>
}

/** Publishes to an exchange, small messages and large ones. */
export function publisher(exchange: string, name: string, ledger: Ledger, random: Random): Writer {
  let next = 0
  return {
    write: (client, answered) =>
      untilLost(async () => {
        const id = `${name}-${next++}`
        ledger.asked.add(id)
        const body = JSON.stringify({ id, filler: 'x'.repeat(random() < 0.2 ? random.below(20_000) : random.below(300)) })
        const headers = { 'idempotency-key': id, 'content-type': 'application/json' }
        await (await client.request('POST', `/data/bus/exchanges/${exchange}/messages?key=crash.${name}`, { body, headers })).json()
        ledger.published.add(id)
        answered()
      }),
    check: async () => [],
  }
}

/** Consumes and acknowledges, and sees to it that what it acknowledged does not come back. */
export function consumer(queue: string, ledger: Ledger): Writer {
  const wrong: string[] = []
  return {
    write: (client, answered) =>
      untilLost(async () => {
        for await (const { delivery, idempotency_key: id } of client.consume(queue, 8, new AbortController().signal)) {
          if (ledger.consumed.has(id)) wrong.push(`message ${id} was delivered again after its ack was answered`)
          if (!ledger.asked.has(id)) wrong.push(`message ${id} was never published`)
          ledger.settling.add(id)
          await client.json('POST', `/data/bus/queues/${queue}/acks`, { delivery, action: 'ack' })
          ledger.consumed.add(id)
          answered()
        }
        throw new Error('the stream ended with the node')
      }),
    check: async () => wrong.splice(0),
  }
}

/** Everything that is still in the queue, once nobody else takes from it: up to a last message, published for the purpose. */
export async function drain(client: Client, exchange: string, routingKey: string, queue: string): Promise<Set<string>> {
  const last = `last-of-${queue}`
  const headers = { 'idempotency-key': last }
  await client.request('POST', `/data/bus/exchanges/${exchange}/messages?key=${routingKey}`, { body: '', headers })
  const stop = new AbortController()
  const found = new Set<string>()
  for await (const { delivery, idempotency_key: id } of client.consume(queue, 100, stop.signal)) {
    await client.json('POST', `/data/bus/queues/${queue}/acks`, { delivery, action: 'ack' })
    if (id === last) break
    found.add(id)
  }
  stop.abort()
  return found
}

/** Upserts and deletes vectors, one by one and in batches. */
export function vectorWriter(className: string, ids: readonly string[], dimension: number, random: Random): Writer {
  const expected = new Map(ids.map((id) => [id, expectation<string | null>(null)]))
  const touched = new Set<string>()
  const object = (id: string) => {
    touched.add(id)
    const vector = Array.from({ length: dimension }, () => Math.fround(random() + 0.1))
    const state = JSON.stringify(vector)
    const place = expected.get(id) as Expectation<string | null>
    place.asked(state)
    return { id, vector, place, state }
  }
  return {
    write: (client, answered) =>
      untilLost(async () => {
        const id = random.pick(ids)
        const chance = random()
        if (chance < 0.2) {
          const place = expected.get(id) as Expectation<string | null>
          touched.add(id)
          place.asked(null)
          await client.json('DELETE', `/data/index/${className}/${id}`)
          place.acknowledged(null)
        } else if (chance < 0.4) {
          const objects = [...new Set([id, random.pick(ids), random.pick(ids)])].map(object)
          await client.json('POST', `/data/index/${className}/batch`, {
            objects: objects.map((one) => ({ id: one.id, vector: one.vector, metadata: { title: one.id } })),
          })
          for (const { place, state } of objects) place.acknowledged(state)
        } else {
          const { vector, place, state } = object(id)
          await client.json('PUT', `/data/index/${className}/${id}`, { vector, metadata: { title: id } })
          place.acknowledged(state)
        }
        answered()
      }),

    async check(client) {
      const wrong: string[] = []
      for (const id of touched) {
        const found = await client
          .json<{ vector: number[] }>('GET', `/data/index/${className}/${id}`)
          .then(({ vector }) => JSON.stringify(vector))
          .catch((error: unknown) => {
            if (error instanceof Refusal && error.message.includes('404')) return null
            throw error
          })
        const place = expected.get(id) as Expectation<string | null>
        if (!place.admits(found)) wrong.push(`${className} ${id} is ${found?.slice(0, 24) ?? 'gone'}, expected ${place}`)
      }
      touched.clear()
      return wrong
    },
  }
}
