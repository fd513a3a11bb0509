/** The same data and the same questions to Weaviate and to the embedded index: the answers are the same. */
import fc from 'fast-check'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { openIndexMem } from '../../../src/main/adapters/index-mem/index-mem'
import { openIndexWeaviate } from '../../../src/main/adapters/index-weaviate/index-weaviate'
import type { Filter, Metadata } from '../../../src/main/core/ports/vector-index'
import { type PropertyModel, propertyTypes } from '../../../src/shared/profile/model'
import { classOf, live, object } from '../../conformance/vector-index/harness'
import { ownClasses } from '../../support/own-classes'
import { randomFrom } from '../../support/random'
import { describeWith } from '../../support/servers'
import { tempDir } from '../../support/temp'

const properties: PropertyModel[] = propertyTypes.map((type) => ({ name: `p_${type.replace('[]', 's')}`, type }))

/** Values that some index somewhere does not keep as they are. */
const texts = [
  '',
  ' ',
  'a',
  ' a',
  'a ',
  'A',
  'ab',
  'a*b',
  'a?b',
  'a\\b',
  '"',
  '\\',
  '\u0000',
  'a\u0000b',
  '\ud83d',
  'é',
  'e\u0301',
  '\u{10000}',
  '\uffff',
  '\u0085x',
  '\ufeffx',
  'x\n',
  'null',
  '\u2028',
]
const dates = [
  '2026-01-01T00:00:00Z',
  '2026-01-01T00:00:00.000Z',
  '2026-01-01T01:00:00+01:00',
  '2025-12-31T23:59:59.999999999Z',
  '2026-01-01T00:00:00.0000000019Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '1677-09-21T00:12:43Z',
  '1969-12-31T23:59:59.5-00:00',
]
const uuids = ['0e2f63e8-6a4c-4a3f-9d3b-5f3a4f6c7d10', '0E2F63E8-6A4C-4A3F-9D3B-5F3A4F6C7D10', '00000000-0000-0000-0000-000000000000']
const values: Readonly<Record<string, readonly (string | number | boolean)[]>> = {
  text: texts,
  vectorRef: texts.filter((text) => text !== ''),
  int: [0, 1, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  number: [0, -0, 0.1, -1.5, 1e300, -1e300, 5e-324, 2 ** 53, 1 / 3],
  boolean: [true, false],
  date: dates,
  uuid: uuids,
}
const one = (type: string) => fc.constantFrom(...(values[type] ?? []))
const any = (type: string) => (type.endsWith('[]') ? fc.array(one(type.slice(0, -2)), { maxLength: 3 }) : one(type))

const metadata = fc.record(Object.fromEntries(properties.map(({ name, type }) => [name, any(type)])), { requiredKeys: [] })

function comparison({ name, type }: PropertyModel): fc.Arbitrary<Filter> {
  const exists = fc.record({ field: fc.constant(name), op: fc.constant('exists'), value: fc.boolean() })
  const element = type.replace('[]', '')
  const list = element !== type
  const operators = list
    ? ['contains']
    : ['boolean', 'uuid', 'vectorRef'].includes(type)
      ? ['eq', 'ne']
      : ['eq', 'ne', 'lt', 'lte', 'gt', 'gte']
  if (type === 'text') operators.push('contains')
  const wanted = element === 'int' ? fc.oneof(one('int'), fc.constantFrom(0.5, -1.5, 1e300, -1e300)) : one(element)
  return fc.oneof(fc.record({ field: fc.constant(name), op: fc.constantFrom(...operators), value: wanted }), exists) as fc.Arbitrary<Filter>
}

const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(...properties.map(comparison)),
    fc.record({ not: tie('filter') }),
    fc.record({ and: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('filter'), { maxLength: 3 }) }),
  ) as fc.Arbitrary<Filter>,
}))

describeWith('weaviate', 'Weaviate beside the embedded index', (address) => {
  const own = ownClasses()
  const open = () => own.within(openIndexWeaviate({ ...address, deadlineMs: 20_000 }))

  beforeAll(() => async () => {
    const index = openIndexWeaviate({ ...address, deadlineMs: 20_000 })
    await own.removeAll(index)
    await index.close()
  })

  function both() {
    const [mem, weaviate] = [openIndexMem(tempDir()), open()]
    onTestFinished(async () => {
      await mem.close()
      await weaviate.close()
    })
    return { mem, weaviate }
  }

  it('gives back the same metadata and finds the same objects, whatever the values and the filter', async () => {
    const { mem, weaviate } = both()
    const query = { vector: Float32Array.of(1), k: 100 }
    for (const index of [mem, weaviate]) await index.ensureClass(classOf('Alike', { properties }), live)
    await fc.assert(
      fc.asyncProperty(fc.array(metadata, { maxLength: 12 }), fc.array(filter, { minLength: 1, maxLength: 12 }), async (rows, filters) => {
        const objects = rows.map((row, number) => object(`${number}`, [1], row as Metadata))
        try {
          for (const index of [mem, weaviate]) expect((await index.batch('Alike', objects, live)).filter(({ error }) => error)).toEqual([])
          for (const { id } of objects) {
            expect(await weaviate.get('Alike', id, undefined, live)).toEqual(await mem.get('Alike', id, undefined, live))
          }
          for (const asked of [query, ...filters.map((one) => ({ ...query, filter: one }))]) {
            const found = await weaviate.query('Alike', asked, live)
            expect(found, JSON.stringify(asked)).toEqual(await mem.query('Alike', asked, live))
          }
        } finally {
          await Promise.all(objects.flatMap(({ id }) => [mem, weaviate].map((index) => index.delete('Alike', id, undefined, live))))
        }
      }),
      { numRuns: 60 },
    )
  }, 120_000)

  it.each(['cosine', 'dot', 'l2'] as const)('ranks alike by %s, vectors of every length among them', async (distance) => {
    const { mem, weaviate } = both()
    const random = randomFrom(7)
    const lengths = distance === 'cosine' ? [1e-38, 1e-20, 1e-3, 1, 1e3, 1e18, 1e37] : [1e-20, 1e-3, 1, 10]
    const vector = (length: number) => Array.from({ length: 8 }, () => (random() - 0.5) * length)
    const objects = Array.from({ length: 300 }, (_, n) => object(`${n}`, vector(lengths[n % lengths.length] ?? 1)))
    const name = `Ranked_${distance}`
    for (const index of [mem, weaviate]) {
      await index.ensureClass(classOf(name, { distance }), live)
      await index.batch(name, objects, live)
    }
    for (const { id, vector } of objects.slice(0, 14)) {
      expect(await weaviate.get(name, id, undefined, live)).toEqual(await mem.get(name, id, undefined, live))
      const [theirs, ours] = await Promise.all([weaviate, mem].map((index) => index.query(name, { vector, k: 10 }, live)))
      expect(theirs?.results.map(({ id }) => id)).toEqual(ours?.results.map(({ id }) => id))
      for (const [place, { score }] of (theirs?.results ?? []).entries()) {
        const right = ours?.results[place]?.score ?? Number.NaN
        expect(Math.abs(score - right)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(right)))
      }
    }
  })

  it.each(['dot', 'l2'] as const)('refuses a vector under %s that float32 cannot compare, and says why', async (distance) => {
    const { weaviate } = both()
    const name = `Long_${distance}`
    await weaviate.ensureClass(classOf(name, { distance }), live)
    const unsupported = { code: 'unsupported', message: expect.stringContaining('float32') }
    await expect(weaviate.upsert(name, object('x', [1e30]), live)).rejects.toMatchObject(unsupported)
    await expect(weaviate.query(name, { vector: Float32Array.of(1e30), k: 1 }, live)).rejects.toMatchObject(unsupported)
  })

  it('finds at least 99 of the 100 nearest of 10,000 by an approximate search', async () => {
    const { mem, weaviate } = both()
    const random = randomFrom(20261124)
    const vector = () => Float32Array.from({ length: 64 }, () => random() - 0.5)
    const objects = Array.from({ length: 10_000 }, (_, n) => ({ id: `${n}`, vector: vector(), metadata: {} }))
    for (const [index, search] of [[mem, 'exact'] as const, [weaviate, 'approximate'] as const]) {
      await index.ensureClass(classOf('Approximate', { search }), live)
      await index.batch('Approximate', objects, live)
    }
    let found = 0
    const queries = Array.from({ length: 100 }, vector)
    for (const one of queries) {
      const [theirs, right] = await Promise.all([weaviate, mem].map((index) => index.query('Approximate', { vector: one, k: 10 }, live)))
      const ids = new Set(right?.results.map(({ id }) => id))
      found += theirs?.results.filter(({ id }) => ids.has(id)).length ?? 0
    }
    expect(found / (queries.length * 10)).toBeGreaterThanOrEqual(0.99)
  }, 180_000)
})
