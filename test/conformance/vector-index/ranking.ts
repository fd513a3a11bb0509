import { expect, it } from 'vitest'
import type { Filter, VectorObject } from '../../../src/main/core/ports/vector-index'
import { randomFrom } from '../../support/random'
import { classOf, eachCase, type IndexHarness, live } from './harness'
import { expectNearest } from './reference'

const distances = ['cosine', 'dot', 'l2'] as const
const dimension = 32

/** Enough objects that an index which treats many otherwise than few does so. */
const count = 12_000

export function rankingCases(makeHarness: () => Promise<IndexHarness>): void {
  const world = eachCase(makeHarness)
  const random = randomFrom(20261127)
  const vector = () => Float32Array.from({ length: dimension }, () => random() - 0.5)

  const filters: readonly (readonly [Filter | undefined, (n: number) => boolean])[] = [
    [undefined, () => true],
    [{ field: 'n', op: 'lt', value: 20 }, (n) => n < 20],
    [
      {
        or: [
          { field: 'n', op: 'gte', value: 9_000 },
          { field: 'kind', op: 'eq', value: 'odd' },
        ],
      },
      (n) => n >= 9_000 || n % 2 === 1,
    ],
    [{ not: { field: 'tags', op: 'contains', value: 'third' } }, (n) => n % 3 !== 0],
  ]

  it.each(distances)('finds the nearest of many by %s, with filters and tenants, before and after a restart', async (distance) => {
    const wish = classOf('Asset', {
      distance,
      properties: [
        { name: 'kind', type: 'text' },
        { name: 'n', type: 'int' },
        { name: 'tags', type: 'text[]' },
      ],
      tenants: ['large', 'small'],
    })
    await world.index.ensureClass(wish, live)
    const made = (n: number, tenant: string): VectorObject => ({
      id: `${tenant}-${n}`,
      vector: vector(),
      metadata: { n, ...(n % 2 === 1 ? { kind: 'odd' } : {}), tags: n % 3 === 0 ? ['third', 'all'] : ['all'] },
      tenant,
    })
    const held = {
      large: Array.from({ length: count }, (_, n) => made(n, 'large')),
      small: Array.from({ length: 300 }, (_, n) => made(n, 'small')),
    }
    for (const objects of Object.values(held)) {
      for (let at = 0; at < objects.length; at += 4_000) await world.index.batch('Asset', objects.slice(at, at + 4_000), live)
    }

    async function check(): Promise<void> {
      for (const [tenant, objects] of Object.entries(held)) {
        for (const [filter, holds] of filters) {
          if (filter !== undefined && !world.index.supports.filters) continue
          const asked = { vector: vector(), k: 10, tenant, ...(filter === undefined ? {} : { filter }) }
          const { results } = await world.index.query('Asset', asked, live)
          const left = objects.filter(({ metadata }) => holds(metadata.n as number))
          expectNearest(results, left, { distance, ...asked })
        }
      }
    }

    await check()
    // Replaced and removed while all is in memory.
    for (let n = 0; n < 200; n++) {
      const at = random.below(held.large.length)
      const [object] = held.large.slice(at, at + 1)
      if (object === undefined) continue
      if (n % 2 === 0) {
        held.large.splice(at, 1)
        await world.index.delete('Asset', object.id, 'large', live)
      } else {
        held.large[at] = { ...object, vector: vector() }
        await world.index.upsert('Asset', held.large[at], live)
      }
    }
    await check()
    await world.reopen()
    await check()
  })

  it('breaks ties by id among thousands that score the same, wherever the filter and the limit fall', async () => {
    await world.index.ensureClass(classOf('Asset', { distance: 'dot', properties: [{ name: 'n', type: 'int' }] }), live)
    const order = Array.from({ length: 3_000 }, (_, n) => n)
    for (let n = order.length - 1; n > 0; n--) {
      const other = random.below(n + 1)
      ;[order[n], order[other]] = [order[other] as number, order[n] as number]
    }
    const named = (n: number) => `${String(n).padStart(5, '0')}`
    await world.index.batch(
      'Asset',
      order.map((n) => ({ id: named(n), vector: Float32Array.of(n < 2_000 ? 1 : 2), metadata: { n } })),
      live,
    )
    const ids = async (k: number, filter?: Filter) =>
      (await world.index.query('Asset', { vector: Float32Array.of(1), k, ...(filter === undefined ? {} : { filter }) }, live)).results.map(
        ({ id }) => id,
      )
    const right = [...Array.from({ length: 1_000 }, (_, i) => named(2_000 + i)), ...Array.from({ length: 2_000 }, (_, i) => named(i))]
    for (const k of [1, 10, 999, 1_000, 1_010, 3_000, 4_000]) expect(await ids(k)).toEqual(right.slice(0, k))
    if (world.index.supports.filters) {
      expect(await ids(5, { field: 'n', op: 'lt', value: 1_500 })).toEqual(right.slice(1_000, 1_005))
    }
  })
}
