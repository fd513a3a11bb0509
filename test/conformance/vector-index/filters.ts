import fc from 'fast-check'
import { beforeEach, describe, expect, it, type TestContext } from 'vitest'
import type { Filter, Metadata } from '../../../src/main/core/ports/vector-index'
import type { PropertyModel } from '../../../src/shared/profile/model'
import { classOf, eachCase, type IndexHarness, live, object } from './harness'

const properties: PropertyModel[] = [
  { name: 'title', type: 'text' },
  { name: 'count', type: 'int' },
  { name: 'start', type: 'number' },
  { name: 'open', type: 'boolean' },
  { name: 'made', type: 'date' },
  { name: 'serial', type: 'uuid' },
  { name: 'asset', type: 'vectorRef' },
  { name: 'tags', type: 'text[]' },
  { name: 'mades', type: 'date[]' },
  { name: 'constructor', type: 'text' },
]

const uuid = '0e2f63e8-6a4c-4a3f-9d3b-5f3a4f6c7d10'
const objects: Readonly<Record<string, Metadata>> = {
  bare: {},
  one: { title: 'sunrise', count: 1, start: 0.5, open: true, made: '2026-01-01T00:00:00Z', serial: uuid, tags: ['sea', 'sky'] },
  two: { title: 'sunset', count: 2, start: 1, open: false, made: '2026-01-01T00:00:00.000000001Z', asset: 'one', tags: [] },
  three: { title: '\u{10000}', count: 3, start: -1.5, made: '2025-12-31T22:00:00-03:00', mades: ['2026-01-01T00:00:00Z'] },
}
const all = Object.keys(objects)

const cases: readonly (readonly [Filter, readonly string[]])[] = [
  [{ field: 'title', op: 'eq', value: 'sunset' }, ['two']],
  [{ field: 'title', op: 'ne', value: 'sunset' }, ['bare', 'one', 'three']],
  [{ field: 'title', op: 'lt', value: 'sunset' }, ['one']],
  [{ field: 'title', op: 'gt', value: '\uffff' }, ['three']],
  [{ field: 'title', op: 'contains', value: 'sun' }, ['one', 'two']],
  [{ field: 'title', op: 'contains', value: 'Sun' }, []],
  [{ field: 'count', op: 'lt', value: 2 }, ['one']],
  [{ field: 'count', op: 'lte', value: 2 }, ['one', 'two']],
  [{ field: 'count', op: 'gt', value: 1.5 }, ['two', 'three']],
  [{ field: 'count', op: 'eq', value: 1.5 }, []],
  [{ field: 'start', op: 'gte', value: 0.5 }, ['one', 'two']],
  [{ field: 'open', op: 'eq', value: false }, ['two']],
  [{ field: 'open', op: 'ne', value: false }, ['bare', 'one', 'three']],
  [{ field: 'made', op: 'eq', value: '2026-01-01T01:00:00.000+01:00' }, ['one']],
  [{ field: 'made', op: 'gt', value: '2026-01-01T00:00:00Z' }, ['two', 'three']],
  [{ field: 'made', op: 'lte', value: '2026-01-01T00:00:00.000000001Z' }, ['one', 'two']],
  [{ field: 'serial', op: 'eq', value: uuid.toUpperCase() }, ['one']],
  [{ field: 'asset', op: 'eq', value: 'one' }, ['two']],
  [{ field: 'tags', op: 'contains', value: 'sea' }, ['one']],
  [{ field: 'tags', op: 'contains', value: 'se' }, []],
  [{ field: 'tags', op: 'exists' }, ['one', 'two']],
  [{ field: 'mades', op: 'contains', value: '2025-12-31T23:00:00-01:00' }, ['three']],
  [{ field: 'asset', op: 'exists' }, ['two']],
  [{ field: 'asset', op: 'exists', value: true }, ['two']],
  [{ field: 'asset', op: 'exists', value: false }, ['bare', 'one', 'three']],
  [{ field: 'constructor', op: 'exists' }, []],
  [{ field: 'constructor', op: 'ne', value: 'x' }, all],
  [{ not: { field: 'count', op: 'lt', value: 2 } }, ['bare', 'two', 'three']],
  [{ and: [] }, all],
  [{ or: [] }, []],
  [{ not: { or: [] } }, all],
  [
    {
      and: [
        { field: 'title', op: 'contains', value: 'sun' },
        { or: [{ field: 'open', op: 'eq', value: false }, { not: { field: 'count', op: 'lte', value: 1 } }] },
      ],
    },
    ['two'],
  ],
]

function nested(depth: number): Filter {
  let filter: Filter = { field: 'count', op: 'exists' }
  for (let level = 1; level < depth; level++) filter = { not: filter }
  return filter
}

const refused: readonly (readonly [string, string, Filter])[] = [
  ['an undeclared property', 'undeclared', { field: 'undeclared', op: 'eq', value: 1 }],
  ['an undeclared property behind one that decides', 'undeclared', { or: [{ and: [] }, { field: 'undeclared', op: 'exists' }] }],
  ['a value of another type', 'count', { field: 'count', op: 'eq', value: '1' }],
  ['no value', 'count', { field: 'count', op: 'eq' }],
  ['a number that is not finite', 'start', { field: 'start', op: 'lt', value: Number.NaN }],
  ['a date without a time', 'made', { field: 'made', op: 'lt', value: '2026-01-01' }],
  ['an order of booleans', 'open', { field: 'open', op: 'lt', value: true }],
  ['an order of UUIDs', 'serial', { field: 'serial', op: 'gte', value: uuid }],
  ['equality of a list', 'tags', { field: 'tags', op: 'eq', value: 'sea' }],
  ['an element of another type', 'tags', { field: 'tags', op: 'contains', value: 1 }],
  ['part of a number', 'count', { field: 'count', op: 'contains', value: 1 }],
  ['existence of a text', 'title', { field: 'title', op: 'exists', value: 'yes' }],
  ['more nesting than any question needs', 'nested', nested(20_000)],
]

export function filterCases(makeHarness: () => Promise<IndexHarness>): void {
  const world = eachCase(makeHarness)
  beforeEach(async (context: TestContext) => {
    if (!world.index.supports.filters) context.skip('this backend has no filters')
    await world.index.ensureClass(classOf('Segment', { properties }), live)
    await world.index.batch(
      'Segment',
      Object.entries(objects).map(([id, metadata]) => object(id, [1, 1], metadata)),
      live,
    )
  })

  async function matching(filter: Filter, k = 100): Promise<string[]> {
    const { results } = await world.index.query('Segment', { vector: Float32Array.of(1, 1), k, filter }, live)
    return results.map(({ id }) => id)
  }

  it.each(cases)('answers %j', async (filter, expected) => {
    expect((await matching(filter)).sort()).toEqual([...expected].sort())
  })

  it.each(refused)('refuses %s, naming %s', async (_, name, filter) => {
    await expect(matching(filter)).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining(name) })
  })

  it('takes a filter of a hundred levels', async () => {
    expect(await matching(nested(100))).toEqual(['bare'])
  })

  it('refuses a filter on a class without objects as on any other', async () => {
    await world.index.ensureClass(classOf('Empty'), live)
    const query = { vector: Float32Array.of(1), k: 1, filter: { field: 'undeclared', op: 'exists' } } as const
    await expect(world.index.query('Empty', query, live)).rejects.toMatchObject({ code: 'invalid' })
  })

  it('fills k from the objects that match, however many that do not are nearer', async () => {
    const near = Array.from({ length: 50 }, (_, number) => object(`near-${number}`, [1, 1], { count: 9 }))
    const far = Array.from({ length: 5 }, (_, number) => object(`far-${number}`, [1, -number], { count: 10 }))
    await world.index.batch('Segment', [...near, ...far], live)
    expect(await matching({ field: 'count', op: 'eq', value: 10 }, 3)).toEqual(['far-0', 'far-1', 'far-2'])
  })

  describe('compared with a plain reading of the filter', () => {
    const metadata = fc.record(
      {
        title: fc.constantFrom('', 'a', 'b', 'ab', 'é'),
        count: fc.integer({ min: -2, max: 2 }),
        start: fc.constantFrom(-1, 0, 0.5, 2),
        open: fc.boolean(),
        tags: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
      },
      { requiredKeys: [] },
    )
    const order = fc.constantFrom('eq', 'ne', 'lt', 'lte', 'gt', 'gte')
    const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
      filter: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.record({ field: fc.constant('title'), op: fc.oneof(order, fc.constant('contains')), value: fc.constantFrom('', 'a', 'b', 'z') }),
        fc.record({ field: fc.constantFrom('count', 'start'), op: order, value: fc.constantFrom(-1, 0, 0.5, 1) }),
        fc.record({ field: fc.constant('open'), op: fc.constantFrom('eq', 'ne'), value: fc.boolean() }),
        fc.record({ field: fc.constant('tags'), op: fc.constant('contains'), value: fc.constantFrom('a', 'b', 'd') }),
        fc.record({ field: fc.constantFrom('title', 'count', 'open', 'tags'), op: fc.constant('exists'), value: fc.boolean() }),
        fc.record({ not: tie('filter') }),
        fc.record({ and: fc.array(tie('filter'), { maxLength: 3 }) }),
        fc.record({ or: fc.array(tie('filter'), { maxLength: 3 }) }),
      ) as fc.Arbitrary<Filter>,
    }))

    it('finds the same objects', async () => {
      await world.index.ensureClass(classOf('Run', { properties }), live)
      await fc.assert(
        fc.asyncProperty(fc.array(metadata, { maxLength: 20 }), fc.array(filter, { minLength: 1, maxLength: 5 }), async (rows, filters) => {
          const objects = rows.map((row, number) => object(`${number}`, [1], row as Metadata))
          await world.index.batch('Run', objects, live)
          try {
            for (const filter of filters) {
              const { results } = await world.index.query('Run', { vector: Float32Array.of(1), k: 100, filter }, live)
              const expected = rows.flatMap((row, number) => (holds(filter, row as Metadata) ? [`${number}`] : []))
              expect(results.map(({ id }) => id).sort()).toEqual(expected.sort())
            }
          } finally {
            // One class for all runs: a server takes longer to make one than for a whole run.
            await Promise.all(objects.map(({ id }) => world.index.delete('Run', id, undefined, live)))
          }
        }),
        { numRuns: 100 },
      )
    })
  })
}

/** The meaning of a filter, for texts, numbers, booleans and lists of texts in ASCII and beyond, below U+E000. */
function holds(filter: Filter, metadata: Metadata): boolean {
  if ('and' in filter) return filter.and.every((inner) => holds(inner, metadata))
  if ('or' in filter) return filter.or.some((inner) => holds(inner, metadata))
  if ('not' in filter) return !holds(filter.not, metadata)
  const actual = metadata[filter.field]
  const value = filter.value as string | number | boolean
  if (filter.op === 'exists') return (actual !== undefined) === (value ?? true)
  if (filter.op === 'ne') return actual !== value
  if (actual === undefined) return false
  if (filter.op === 'contains') return (actual as string | readonly string[]).includes(value as string)
  return {
    eq: actual === value,
    lt: (actual as string) < (value as string),
    lte: (actual as string) <= (value as string),
    gt: (actual as string) > (value as string),
    gte: (actual as string) >= (value as string),
  }[filter.op]
}
