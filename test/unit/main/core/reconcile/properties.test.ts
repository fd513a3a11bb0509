/** What holds for every wish and every world, whatever they are. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { brokerDeclaration } from '../../../../../src/main/core/reconcile/broker'
import { type Applier, applier, type Planner, planner } from '../../../../../src/main/core/reconcile/declaration'
import { planAll, type Wish } from '../../../../../src/main/core/reconcile/engine'
import { storageDeclaration } from '../../../../../src/main/core/reconcile/storage'
import { indexDeclaration } from '../../../../../src/main/core/reconcile/vector-classes'
import { expiresAt } from '../../../../../src/shared/expiry'
import type { Plan } from '../../../../../src/shared/plan'
import { generationsOf } from '../../../../../src/shared/profile/generation'
import type { Profile } from '../../../../../src/shared/profile/model'
import { testClock } from '../../../../support/clock'
import { memoryJournal } from '../../../../support/memory-journal'
import { BrokerWorld, IndexWorld, StorageWorld } from '../../../../support/worlds'

const never = new AbortController().signal
const dayMs = 24 * 3_600_000
const clock = testClock()
const few = <T>(item: fc.Arbitrary<T>, key: (item: T) => string) => fc.uniqueArray(item, { maxLength: 4, selector: key })

const bucketName = fc.constantFrom('aaa', 'bbb', 'ccc', 'ddd')
const rule = fc.record({
  id: fc.constantFrom('r1', 'r2', 'r3'),
  prefix: fc.constantFrom('', 'tmp/'),
  expireDays: fc.integer({ min: 1, max: 3 }),
})
const tags = fc.dictionary(fc.constantFrom('owner', 'team', 'toString'), fc.constantFrom('a', 'b'))
const policy = fc.constantFrom('private' as const, 'public-read' as const, {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' }],
})
const exchange = fc.record({ name: fc.constantFrom('x1', 'x', 'x ->', '"x'), type: fc.constantFrom('topic' as const, 'fanout' as const) })
const queueType = fc.constantFrom('classic' as const, 'quorum' as const)
const property = fc.record({ name: fc.constantFrom('p1', 'p2', 'p3'), type: fc.constantFrom('text' as const, 'int' as const) })
const tenants = fc.uniqueArray(fc.constantFrom('t1', 't2', 't3'), { maxLength: 3 })
const distance = fc.constantFrom('cosine' as const, 'dot' as const)

const profile: fc.Arbitrary<Profile> = fc
  .record({
    buckets: few(
      fc
        .record({
          name: bucketName,
          versioning: fc.option(fc.boolean(), { nil: undefined }),
          rules: few(rule, (one) => one.id),
          tags,
          policy: fc.option(policy, { nil: undefined }),
        })
        .map(({ name, versioning, rules, tags: wished, policy: wishedPolicy }) => ({
          name,
          ...(versioning === undefined ? {} : { versioning }),
          lifecycle: { rules },
          tags: wished,
          ...(wishedPolicy === undefined ? {} : { policy: wishedPolicy }),
        })),
      (one) => one.name,
    ),
    exchanges: few(exchange, (one) => one.name),
    queues: few(
      fc
        .record({
          name: fc.constantFrom('q', '-> q', 'q : a.#', 'q3'),
          type: queueType,
          ttl: fc.constantFrom(0, 60),
          dlx: fc.constantFrom(undefined, 'x1'),
        })
        .map(({ dlx, ...queue }) => ({ ...queue, ...(dlx === undefined ? {} : { dlx }) })),
      (one) => one.name,
    ),
    keys: fc.uniqueArray(fc.constantFrom('', 'a.#', ' : '), { maxLength: 2 }),
    classes: few(
      fc.record({
        name: fc.constantFrom('Aaa', 'Bbb'),
        vectorizer: fc.constant('none'),
        distance,
        search: fc.constantFrom('exact' as const, 'approximate' as const),
        properties: few(property, (one) => one.name),
        tenants,
      }),
      (one) => one.name,
    ),
  })
  .map(({ buckets, exchanges, queues, keys, classes }) => ({
    apiVersion: 'thatdam/v1' as const,
    kind: 'EnvironmentProfile' as const,
    metadata: { name: 'any' },
    spec: {
      storage: { buckets },
      broker: {
        vhost: '/',
        exchanges,
        queues,
        bindings: exchanges.flatMap((x) => queues.flatMap((q) => keys.map((key) => ({ exchange: x.name, queue: q.name, key })))),
      },
      indices: { weaviate: { classes } },
      services: {},
    },
  }))

interface World {
  readonly storage: StorageWorld
  readonly broker: BrokerWorld
  readonly index: IndexWorld
  readonly planners: readonly Planner[]
  readonly appliers: readonly Applier[]
}

function emptyWorld(): World {
  const storage = new StorageWorld()
  const broker = new BrokerWorld()
  const index = new IndexWorld()
  const journal = memoryJournal()
  return {
    storage,
    broker,
    index,
    planners: [
      planner(storageDeclaration, 'embedded', storage, journal, clock),
      planner(brokerDeclaration, 'embedded', broker, journal, clock),
      planner(indexDeclaration, 'embedded', index, journal, clock),
    ],
    appliers: [
      applier(storageDeclaration, 'embedded', storage),
      applier(brokerDeclaration, 'embedded', broker),
      applier(indexDeclaration, 'embedded', index),
    ],
  }
}

const wishOf = (wanted: Profile): Wish => ({ profile: wanted, generations: generationsOf(wanted) })
const planFor = (world: World, wanted: Profile) => planAll(world.planners, wishOf(wanted), { destructive: false }, never)

async function apply(world: World, wanted: Profile): Promise<Plan> {
  const plan = await planFor(world, wanted)
  for (const one of world.appliers) {
    const rows = plan.changes.filter((row) => row.component === one.component && (row.action === 'create' || row.action === 'update'))
    for (const stage of one.works(wanted, rows)) for (const work of stage) await work.run(never)
  }
  return plan
}

/** Somebody else's world: made by applying another wish with no memory of having done so, and filled with things of every age. */
async function worldOf(foreign: Profile): Promise<World> {
  const world = emptyWorld()
  await apply(world, foreign)
  const ages = [0, 0.5, 1.5, 2.5, 10].map((days) => clock.now() - days * dayMs)
  for (const bucket of world.storage.buckets.values()) {
    for (const [i, moment] of ages.entries()) bucket.objects.set(`${i % 2 === 0 ? 'tmp/' : ''}${i}`, moment)
  }
  for (const name of world.broker.queues.keys()) world.broker.messages.set(name, [...ages])
  return world
}

/** What the rules and TTLs of a world take from it now, by a fresh look at each. */
function doomed(world: World): Set<string> {
  const gone = new Set<string>()
  for (const [name, bucket] of world.storage.buckets) {
    for (const { prefix, expireDays } of bucket.rules.values()) {
      for (const [key, stored] of bucket.objects) {
        if (key.startsWith(prefix) && expiresAt(stored, expireDays) <= clock.now()) gone.add(`${name}/${key}`)
      }
    }
  }
  for (const { name, policy } of world.broker.queues.values()) {
    for (const moment of world.broker.messages.get(name) ?? []) {
      if (policy.ttl > 0 && moment + policy.ttl * 1000 < clock.now()) gone.add(`${name} ${moment}`)
    }
  }
  return gone
}

/** Everything that is there, by name, so that what is missing later shows. */
function census(world: World): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const [name, bucket] of world.storage.buckets) {
    found.set(`bucket ${name}`, true)
    if (bucket.versioning) found.set(`versioning ${name}`, true)
    for (const id of bucket.rules.keys()) found.set(`rule ${name}/${id}`, true)
    for (const key of bucket.tags.keys()) found.set(`tag ${name}/${key}`, true)
    if (bucket.policy !== null) found.set(`policy ${name}`, bucket.policy)
  }
  for (const one of world.broker.exchanges.values()) found.set(`exchange ${one.name}`, one.type)
  for (const one of world.broker.queues.values()) {
    found.set(`queue ${one.name}`, one.type)
    if (one.policy.ttl > 0 || one.policy.dlx !== null) found.set(`queue-policy ${one.name}`, one.policy)
  }
  for (const key of world.broker.bindings.keys()) found.set(`binding ${key}`, true)
  for (const one of world.index.classes.values()) {
    found.set(`class ${one.name}`, [one.distance, one.search, one.multiTenancy])
    for (const { name, type } of one.properties) found.set(`property ${one.name}/${name}`, type)
    for (const tenant of one.tenants) found.set(`tenant ${one.name}/${tenant}`, true)
  }
  return found
}

describe('for every wish and every world', () => {
  it('a second pass plans nothing to do', () =>
    fc.assert(
      fc.asyncProperty(profile, profile, async (foreign, wanted) => {
        const world = await worldOf(foreign)
        await apply(world, wanted)
        const second = await planFor(world, wanted)
        expect(second.summary).toMatchObject({ create: 0, update: 0, destroy: 0 })
      }),
    ))

  it('applying removes nothing and changes nothing that was fixed when it was made', () =>
    fc.assert(
      fc.asyncProperty(profile, profile, async (foreign, wanted) => {
        const world = await worldOf(foreign)
        const before = census(world)
        await apply(world, wanted)
        const after = census(world)
        for (const [name, value] of before) expect([name, after.get(name)]).toEqual([name, value])
      }),
    ))

  it('applying dooms no object and no message that was not doomed before', () =>
    fc.assert(
      fc.asyncProperty(profile, profile, async (foreign, wanted) => {
        const world = await worldOf(foreign)
        const before = doomed(world)
        await apply(world, wanted)
        expect([...doomed(world)].filter((name) => !before.has(name))).toEqual([])
      }),
      { numRuns: 400 },
    ))

  it('everything wished is there afterwards, or is said to need a migration', () =>
    fc.assert(
      fc.asyncProperty(profile, profile, async (foreign, wanted) => {
        const world = await worldOf(foreign)
        await apply(world, wanted)
        const { changes } = await planFor(world, wanted)
        expect(changes.every((row) => row.action === 'none' || row.action === 'needs-migration')).toBe(true)
        const empty = emptyWorld()
        await apply(empty, wanted)
        // On an empty world only what contradicts itself could need one, and a profile cannot.
        expect((await planFor(empty, wanted)).summary.needs_migration).toBe(0)
      }),
    ))

  it('the order in which resources are written does not matter', () =>
    fc.assert(
      fc.asyncProperty(profile, profile, async (foreign, wanted) => {
        const world = await worldOf(foreign)
        const { storage, broker, indices, services } = wanted.spec
        const reversed: Profile = {
          ...wanted,
          spec: {
            storage: { buckets: [...storage.buckets].reverse() },
            broker: {
              ...broker,
              exchanges: [...broker.exchanges].reverse(),
              queues: [...broker.queues].reverse(),
              bindings: [...broker.bindings].reverse(),
            },
            indices: { weaviate: { classes: [...indices.weaviate.classes].reverse() } },
            services,
          },
        }
        expect((await planFor(world, reversed)).hash).toBe((await planFor(world, wanted)).hash)
      }),
    ))

  it('every row of a plan has a name of its own within its kind', () =>
    fc.assert(
      fc.asyncProperty(profile, async (wanted) => {
        const { changes } = await planFor(emptyWorld(), wanted)
        const names = changes.map((row) => `${row.component} ${row.kind} ${row.name}`)
        expect(new Set(names).size).toBe(names.length)
      }),
    ))

  it('looking changes nothing', () =>
    fc.assert(
      fc.asyncProperty(profile, profile, async (foreign, wanted) => {
        const world = await worldOf(foreign)
        const before = census(world)
        await planFor(world, wanted)
        expect(census(world)).toEqual(before)
      }),
    ))
})
