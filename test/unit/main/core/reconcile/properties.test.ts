/** What holds for every wish and every world, whatever they are. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Applier, Planner } from '../../../../../src/main/core/reconcile/declaration'
import { planAll, type Wish } from '../../../../../src/main/core/reconcile/looking'
import type { Plan } from '../../../../../src/shared/plan'
import { generationsOf } from '../../../../../src/shared/profile/generation'
import type { Profile } from '../../../../../src/shared/profile/model'
import { anyProfile } from '../../../../support/any-profile'
import { census, doomed, fill, type Worlds } from '../../../../support/census'
import { testClock } from '../../../../support/clock'
import { partsOn } from '../../../../support/engine'
import { memoryJournal } from '../../../../support/memory-journal'
import { BrokerWorld, IndexWorld, StorageWorld } from '../../../../support/worlds'

const never = new AbortController().signal
const clock = testClock()
interface World extends Worlds {
  readonly planners: readonly Planner[]
  readonly appliers: readonly Applier[]
}

function emptyWorld(): World {
  const worlds = { storage: new StorageWorld(), broker: new BrokerWorld(), index: new IndexWorld() }
  const { eyes, hands } = partsOn(worlds, memoryJournal(), clock)
  return { ...worlds, planners: eyes, appliers: hands.map(({ applier }) => applier) }
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
  fill(world, clock.now())
  return world
}

describe('for every wish and every world', () => {
  it('a second pass plans nothing to do', () =>
    fc.assert(
      fc.asyncProperty(anyProfile, anyProfile, async (foreign, wanted) => {
        const world = await worldOf(foreign)
        await apply(world, wanted)
        const second = await planFor(world, wanted)
        expect(second.summary).toMatchObject({ create: 0, update: 0, destroy: 0 })
      }),
    ))

  it('applying removes nothing and changes nothing that was fixed when it was made', () =>
    fc.assert(
      fc.asyncProperty(anyProfile, anyProfile, async (foreign, wanted) => {
        const world = await worldOf(foreign)
        const before = census(world)
        await apply(world, wanted)
        const after = census(world)
        for (const [name, value] of before) expect([name, after.get(name)]).toEqual([name, value])
      }),
    ))

  it('applying dooms no object and no message that was not doomed before', () =>
    fc.assert(
      fc.asyncProperty(anyProfile, anyProfile, async (foreign, wanted) => {
        const world = await worldOf(foreign)
        const before = doomed(world, clock.now())
        await apply(world, wanted)
        expect([...doomed(world, clock.now())].filter((name) => !before.has(name))).toEqual([])
      }),
      { numRuns: 400 },
    ))

  it('everything wished is there afterwards, or is said to need a migration', () =>
    fc.assert(
      fc.asyncProperty(anyProfile, anyProfile, async (foreign, wanted) => {
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
      fc.asyncProperty(anyProfile, anyProfile, async (foreign, wanted) => {
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
      fc.asyncProperty(anyProfile, async (wanted) => {
        const { changes } = await planFor(emptyWorld(), wanted)
        const names = changes.map((row) => `${row.component} ${row.kind} ${row.name}`)
        expect(new Set(names).size).toBe(names.length)
      }),
    ))

  it('looking changes nothing', () =>
    fc.assert(
      fc.asyncProperty(anyProfile, anyProfile, async (foreign, wanted) => {
        const world = await worldOf(foreign)
        const before = census(world)
        await planFor(world, wanted)
        expect(census(world)).toEqual(before)
      }),
    ))
})
