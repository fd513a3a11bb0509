import { beforeEach, describe, expect, it } from 'vitest'
import type { Metadata } from '../../../src/main/core/ports/vector-index'
import type { PropertyModel } from '../../../src/shared/profile/model'
import { aborted, classOf, eachCase, type IndexHarness, live, object, oddIds } from './harness'

const properties: readonly PropertyModel[] = [
  { name: 'title', type: 'text' },
  { name: 'count', type: 'int' },
  { name: 'start', type: 'number' },
  { name: 'open', type: 'boolean' },
  { name: 'made', type: 'date' },
  { name: 'serial', type: 'uuid' },
  { name: 'asset', type: 'vectorRef' },
  { name: 'tags', type: 'text[]' },
  { name: 'counts', type: 'int[]' },
  { name: 'starts', type: 'number[]' },
  { name: 'opens', type: 'boolean[]' },
  { name: 'mades', type: 'date[]' },
  { name: 'serials', type: 'uuid[]' },
]

const everything: Metadata = {
  title: 'Ein "Titel" \u{1F3AC}\n',
  count: -7,
  start: 0.1,
  open: false,
  made: '2026-02-28T23:59:59.123456789+02:00',
  serial: '0e2f63e8-6a4c-4a3f-9d3b-5f3a4f6c7d10',
  asset: 'another object',
  tags: ['a', 'a', 'b'],
  counts: [1, -2],
  starts: [0.5, 2],
  opens: [true, false],
  mades: ['2024-02-29T00:00:00Z'],
  serials: ['0e2f63e8-6a4c-4a3f-9d3b-5f3a4f6c7d10'],
}

export function objectCases(makeHarness: () => Promise<IndexHarness>): void {
  const world = eachCase(makeHarness)
  beforeEach(async () => {
    await world.index.ensureClass(classOf('Segment', { properties: [...properties] }), live)
    await world.index.ensureClass(classOf('Shared', { properties: [...properties], tenants: ['a', 'b'] }), live)
  })

  it('gives back the vector and the metadata, whatever their types', async () => {
    const stored = object('x', [0.1, -2.5, 3e-20], everything)
    await world.index.upsert('Segment', stored, live)
    expect(await world.index.get('Segment', 'x', undefined, live)).toEqual(stored)
  })

  it('keeps every odd id apart from the others', async () => {
    for (const [number, id] of oddIds.entries()) await world.index.upsert('Segment', object(id, [number + 1], { title: id }), live)
    for (const [number, id] of oddIds.entries()) {
      expect(await world.index.get('Segment', id, undefined, live)).toEqual(object(id, [number + 1], { title: id }))
    }
    const { results } = await world.index.query('Segment', { vector: Float32Array.of(1), k: 100 }, live)
    expect(results.map(({ id }) => id).sort()).toEqual([...oddIds].sort())
  })

  it.each([
    ['an empty id', ''],
    ['half of a surrogate pair', '\ud83d'],
  ])('refuses %s', async (_, id) => {
    await expect(world.index.upsert('Segment', object(id, [1]), live)).rejects.toMatchObject({ code: 'invalid' })
  })

  it('replaces the whole object', async () => {
    await world.index.upsert('Segment', object('x', [1, 2], everything), live)
    await world.index.upsert('Segment', object('x', [3, 4], { count: 1 }), live)
    expect(await world.index.get('Segment', 'x', undefined, live)).toEqual(object('x', [3, 4], { count: 1 }))
  })

  it('rejects not-found for an absent object and an absent class, naming them', async () => {
    await expect(world.index.get('Segment', 'nobody', undefined, live)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/Segment.*nobody/),
    })
    const missing = { code: 'not-found', message: expect.stringContaining('Missing') }
    await expect(world.index.get('Missing', 'x', undefined, live)).rejects.toMatchObject(missing)
    await expect(world.index.upsert('Missing', object('x', [1]), live)).rejects.toMatchObject(missing)
    await expect(world.index.batch('Missing', [object('x', [1])], live)).rejects.toMatchObject(missing)
    await expect(world.index.delete('Missing', 'x', undefined, live)).rejects.toMatchObject(missing)
  })

  it('deletes an object, and one that is absent without complaint', async () => {
    await world.index.upsert('Segment', object('x', [1]), live)
    for (const _ of [1, 2]) await world.index.delete('Segment', 'x', undefined, live)
    await expect(world.index.get('Segment', 'x', undefined, live)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('keeps one id in two tenants apart', async () => {
    await world.index.upsert('Shared', object('x', [1], { title: 'in a' }, 'a'), live)
    await world.index.upsert('Shared', object('x', [2], { title: 'in b' }, 'b'), live)
    await world.index.delete('Shared', 'x', 'a', live)
    await expect(world.index.get('Shared', 'x', 'a', live)).rejects.toMatchObject({ code: 'not-found' })
    expect(await world.index.get('Shared', 'x', 'b', live)).toEqual(object('x', [2], { title: 'in b' }, 'b'))
  })

  it.each([
    ['no tenant on a class with tenants', 'Shared', undefined],
    ['a tenant the class does not have', 'Shared', 'c'],
    ['a tenant on a class without tenants', 'Segment', 'a'],
    ['a tenant of a name that no class can give', 'Shared', '\ud800'],
  ])('refuses %s', async (_, className, tenant) => {
    const invalid = { code: 'invalid', message: expect.stringContaining(className) }
    await expect(world.index.upsert(className, object('x', [1], {}, tenant), live)).rejects.toMatchObject(invalid)
    await expect(world.index.get(className, 'x', tenant, live)).rejects.toMatchObject(invalid)
    await expect(world.index.delete(className, 'x', tenant, live)).rejects.toMatchObject(invalid)
    const query = { vector: Float32Array.of(1), k: 1, ...(tenant === undefined ? {} : { tenant }) }
    await expect(world.index.query(className, query, live)).rejects.toMatchObject(invalid)
    // Also of two with one id, of which only the last would be kept, neither is said to be stored.
    const answers = await world.index.batch(className, [object('x', [1], {}, tenant), object('x', [2], {}, tenant)], live)
    expect(answers).toMatchObject([1, 2].map(() => ({ id: 'x', error: { code: 'invalid' } })))
  })

  it.each<[string, Metadata]>([
    ['undeclared', { undeclared: 'x' }],
    ['constructor', { constructor: 'x' } as unknown as Metadata],
    ['title', { title: 1 }],
    ['title', { title: ['x'] }],
    ['title', { title: null } as unknown as Metadata],
    ['count', { count: 1.5 }],
    ['count', { count: 2 ** 53 }],
    ['count', { count: '1' }],
    ['start', { start: Number.NaN }],
    ['start', { start: Number.POSITIVE_INFINITY }],
    ['open', { open: 'true' }],
    ['made', { made: 'yesterday' }],
    ['made', { made: '2026-02-30T00:00:00Z' }],
    ['made', { made: '2026-02-28T24:00:00Z' }],
    ['made', { made: '2026-02-28T12:00:00' }],
    ['made', { made: '2026-02-28' }],
    ['serial', { serial: 'not-a-uuid' }],
    ['asset', { asset: '' }],
    ['tags', { tags: 'a' }],
    ['counts', { counts: [1, 1.5] }],
    ['mades', { mades: ['2026-01-01T00:00:00Z', 'x'] }],
  ])('refuses metadata that does not fit property %s: %j', async (name, metadata) => {
    const invalid = { code: 'invalid', message: expect.stringContaining(name) }
    await expect(world.index.upsert('Segment', object('x', [1], metadata), live)).rejects.toMatchObject(invalid)
    await expect(world.index.get('Segment', 'x', undefined, live)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('keeps an empty list', async () => {
    await world.index.upsert('Segment', object('x', [1], { tags: [] }), live)
    expect((await world.index.get('Segment', 'x', undefined, live)).metadata).toEqual({ tags: [] })
  })

  it('keeps the object that a refused one would have replaced', async () => {
    await world.index.upsert('Segment', object('x', [1], { title: 'old' }), live)
    await expect(world.index.upsert('Segment', object('x', [2], { title: 2 }), live)).rejects.toMatchObject({ code: 'invalid' })
    expect(await world.index.get('Segment', 'x', undefined, live)).toEqual(object('x', [1], { title: 'old' }))
  })

  it('stores each object of a batch on its own and answers in its order', async () => {
    const answers = await world.index.batch(
      'Segment',
      [object('a', [1, 0]), object('b', [1, 0, 0]), object('c', [0, 1], { count: 'x' }), object('', [1, 1]), object('e', [1, 1])],
      live,
    )
    expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([
      ['a', undefined],
      ['b', 'invalid'],
      ['c', 'invalid'],
      ['', 'invalid'],
      ['e', undefined],
    ])
    const { results } = await world.index.query('Segment', { vector: Float32Array.of(1, 0), k: 10 }, live)
    expect(results.map(({ id }) => id)).toEqual(['a', 'e'])
  })

  it('lets the last of a batch win where an id comes twice, and takes an empty one', async () => {
    await world.index.batch('Segment', [object('a', [1], { count: 1 }), object('a', [2], { count: 2 })], live)
    expect(await world.index.get('Segment', 'a', undefined, live)).toEqual(object('a', [2], { count: 2 }))
    expect(await world.index.batch('Segment', [], live)).toEqual([])
  })

  it('keeps every one of many writes made at once', async () => {
    const ids = Array.from({ length: 200 }, (_, number) => `id-${number}`)
    await Promise.all(ids.map((id, number) => world.index.upsert('Segment', object(id, [number + 1], { count: number }), live)))
    await Promise.all(ids.filter((_, number) => number % 2 === 0).map((id) => world.index.delete('Segment', id, undefined, live)))
    const { results } = await world.index.query('Segment', { vector: Float32Array.of(1), k: 1000 }, live)
    expect(results.map(({ metadata }) => metadata.count as number).sort((a, b) => a - b)).toEqual(
      ids.map((_, number) => number).filter((number) => number % 2 === 1),
    )
  })

  it('outlives the instance that wrote it', async () => {
    await world.index.upsert('Segment', object('x', [1, 2], everything), live)
    await world.index.upsert('Segment', object('gone', [1, 2]), live)
    await world.index.batch('Shared', [object('y', [3], { tags: ['t'] }, 'b')], live)
    await world.index.delete('Segment', 'gone', undefined, live)
    const again = await world.reopen()
    expect(await again.get('Segment', 'x', undefined, live)).toEqual(object('x', [1, 2], everything))
    expect(await again.get('Shared', 'y', 'b', live)).toEqual(object('y', [3], { tags: ['t'] }, 'b'))
    await expect(again.get('Segment', 'gone', undefined, live)).rejects.toMatchObject({ code: 'not-found' })
    const { results } = await again.query('Segment', { vector: Float32Array.of(1, 2), k: 10 }, live)
    expect(results).toEqual([{ id: 'x', score: expect.closeTo(1, 5), metadata: everything }])
  })

  describe('after its signal aborted', () => {
    const reason = new Error('no longer wanted')

    it('rejects with the reason and changes nothing', async () => {
      await world.index.upsert('Segment', object('kept', [1]), live)
      const signal = aborted(reason)
      await expect(world.index.upsert('Segment', object('x', [1]), signal)).rejects.toBe(reason)
      await expect(world.index.batch('Segment', [object('x', [1])], signal)).rejects.toBe(reason)
      await expect(world.index.delete('Segment', 'kept', undefined, signal)).rejects.toBe(reason)
      await expect(world.index.get('Segment', 'kept', undefined, signal)).rejects.toBe(reason)
      await expect(world.index.query('Segment', { vector: Float32Array.of(1), k: 1 }, signal)).rejects.toBe(reason)
      const { results } = await world.index.query('Segment', { vector: Float32Array.of(1), k: 10 }, live)
      expect(results.map(({ id }) => id)).toEqual(['kept'])
    })
  })
}
