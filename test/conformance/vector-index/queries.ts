import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { VectorObject } from '../../../src/main/core/ports/vector-index'
import { classOf, eachCase, type IndexHarness, live, object } from './harness'
import { expectNearest } from './reference'

const distances = ['cosine', 'dot', 'l2'] as const

export function queryCases(makeHarness: () => Promise<IndexHarness>): void {
  const world = eachCase(makeHarness)

  it.each([
    ['cosine', [5, 0], { same: 1, other: 0.6, opposite: -Math.SQRT1_2 }],
    ['dot', [5, 0], { same: 10, other: 3, opposite: -5 }],
    ['l2', [4, 0], { same: -4, other: -12.2, opposite: -26 }],
  ] as const)('scores by %s, nearest first', async (distance, vector, scores) => {
    await world.index.ensureClass(classOf('Segment', { distance }), live)
    await world.index.batch('Segment', [object('opposite', [-1, -1]), object('same', [2, 0]), object('other', [0.6, 0.8])], live)
    const { results } = await world.index.query('Segment', { vector: Float32Array.from(vector), k: 3 }, live)
    expect(results.map(({ id }) => id)).toEqual(['same', 'other', 'opposite'])
    for (const { id, score } of results) expect(score).toBeCloseTo(scores[id as keyof typeof scores], 4)
  })

  it('scores a vector as 1 against itself under cosine, and 0 under l2', async () => {
    const vector = Float32Array.of(0.1, 0.7, -0.33)
    for (const [name, distance, score] of [['Cosine', 'cosine', 1] as const, ['Squared', 'l2', 0] as const]) {
      await world.index.ensureClass(classOf(name, { distance }), live)
      await world.index.upsert(name, { id: 'x', vector, metadata: {} }, live)
      const { results } = await world.index.query(name, { vector, k: 1 }, live)
      expect(results[0]?.score).toBeCloseTo(score, 6)
      expect(Object.is(results[0]?.score, -0)).toBe(false)
    }
  })

  it('answers an empty class and an empty tenant with nothing, and says that nothing is missing', async () => {
    await world.index.ensureClass(classOf('Segment'), live)
    await world.index.ensureClass(classOf('Shared', { tenants: ['a', 'b'] }), live)
    await world.index.upsert('Shared', object('x', [1], {}, 'a'), live)
    expect(await world.index.query('Segment', { vector: Float32Array.of(1), k: 5 }, live)).toEqual({ results: [], partial: false })
    expect(await world.index.query('Shared', { vector: Float32Array.of(1), k: 5, tenant: 'b' }, live)).toEqual({
      results: [],
      partial: false,
    })
  })

  it('sees each write that resolved before it', async () => {
    const { index } = world
    await index.ensureClass(classOf('Segment', { distance: 'dot', properties: [{ name: 'n', type: 'int' }] }), live)
    const found = async () => (await index.query('Segment', { vector: Float32Array.of(1), k: 10 }, live)).results
    expect(await found()).toEqual([])
    await index.upsert('Segment', object('a', [1], { n: 1 }), live)
    expect(await found()).toEqual([{ id: 'a', score: 1, metadata: { n: 1 } }])
    await index.batch('Segment', [object('b', [3]), object('c', [2])], live)
    expect((await found()).map(({ id }) => id)).toEqual(['b', 'c', 'a'])
    await index.upsert('Segment', object('a', [4], { n: 2 }), live)
    expect((await found())[0]).toEqual({ id: 'a', score: 4, metadata: { n: 2 } })
    await index.delete('Segment', 'b', undefined, live)
    expect((await found()).map(({ id }) => id)).toEqual(['a', 'c'])
  })

  it('finds a tenant its own objects only', async () => {
    await world.index.ensureClass(classOf('Shared', { tenants: ['a', 'b'] }), live)
    await world.index.batch('Shared', [object('x', [1], {}, 'a'), object('y', [1], {}, 'b'), object('z', [1], {}, 'a')], live)
    const { results } = await world.index.query('Shared', { vector: Float32Array.of(1), k: 10, tenant: 'a' }, live)
    expect(results.map(({ id }) => id)).toEqual(['x', 'z'])
  })

  it('breaks ties by id, in the order of its UTF-8 bytes', async () => {
    const ordered = ['A', 'Z', 'a', 'a\u0000', 'aa', 'é', '\uffff', '\u{10000}']
    await world.index.ensureClass(classOf('Segment', { distance: 'dot' }), live)
    for (const id of ordered.toReversed()) {
      await world.index.upsert('Segment', object(id, [1]), live)
      // An index that loads lazily does so now, and not in some order of its own at the end.
      await world.index.query('Segment', { vector: Float32Array.of(1), k: 1 }, live)
    }
    for (const k of [1, 3, ordered.length]) {
      const { results } = await world.index.query('Segment', { vector: Float32Array.of(1), k }, live)
      expect(results.map(({ id }) => id)).toEqual(ordered.slice(0, k))
    }
  })

  it.each([0, -1, 1.5, 10_001, Number.NaN])('refuses k = %d', async (k) => {
    await world.index.ensureClass(classOf('Segment'), live)
    await expect(world.index.query('Segment', { vector: Float32Array.of(1), k }, live)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('Segment'),
    })
  })

  it('takes k = 10,000', async () => {
    await world.index.ensureClass(classOf('Segment'), live)
    await world.index.upsert('Segment', object('x', [1]), live)
    expect((await world.index.query('Segment', { vector: Float32Array.of(1), k: 10_000 }, live)).results).toHaveLength(1)
  })

  it('rejects not-found for a class that does not exist', async () => {
    await expect(world.index.query('Missing', { vector: Float32Array.of(1), k: 1 }, live)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('Missing'),
    })
  })

  describe('compared with brute force', () => {
    // Few distinct components make many ties.
    const component = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.float({ min: -10, max: 10, noNaN: true }))
    const vector = (length: number) =>
      fc
        .array(component, { minLength: length, maxLength: length })
        .filter((values) => Float32Array.from(values).some((value) => value !== 0))
    const scenario = fc.integer({ min: 1, max: 9 }).chain((length) => {
      const write = fc.record({ id: fc.constantFrom('x', 'é', '\uffff', '\u{10000}', ...'abcdefgh'), vector: fc.option(vector(length)) })
      // Writes of one burst are made at once, so each concerns another id.
      const burst = fc.record({
        writes: fc.uniqueArray(write, { selector: ({ id }) => id, maxLength: 12 }),
        query: vector(length),
        k: fc.integer({ min: 1, max: 14 }),
      })
      return fc.record({ distance: fc.constantFrom(...distances), bursts: fc.array(burst, { minLength: 1, maxLength: 5 }) })
    })

    it('finds the same k after each burst of writes and deletes, and after a restart', async () => {
      let run = 0
      await fc.assert(
        fc.asyncProperty(scenario, async ({ distance, bursts }) => {
          run++
          // One class for all runs of one shape: a server takes longer to make one than for a whole run.
          const name = `Run_${distance}_${bursts[0]?.query.length}`
          await world.index.ensureClass(classOf(name, { distance, properties: [{ name: 'n', type: 'int' }] }), live)
          const expected = new Map<string, VectorObject>()
          const check = async (query: readonly number[], k: number) => {
            const asked = { vector: Float32Array.from(query), k }
            const { results, partial } = await world.index.query(name, asked, live)
            expect(partial).toBe(false)
            expectNearest(results, [...expected.values()], { distance, ...asked })
          }
          try {
            for (const [n, { writes, query, k }] of bursts.entries()) {
              await Promise.all(
                writes.map(({ id, vector }) => {
                  expected.delete(id)
                  if (vector === null) return world.index.delete(name, id, undefined, live)
                  const stored = object(id, vector, { n: n * 1000 + id.charCodeAt(0) })
                  expected.set(id, stored)
                  return world.index.upsert(name, stored, live)
                }),
              )
              await check(query, k)
            }
            if (run % 10 !== 0) return
            await world.reopen()
            for (const { query, k } of bursts) await check(query, k)
          } finally {
            await Promise.all([...expected.keys()].map((id) => world.index.delete(name, id, undefined, live)))
          }
        }),
        { numRuns: 100 },
      )
    })
  })
}
