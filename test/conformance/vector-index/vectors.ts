import { expect, it } from 'vitest'
import { classOf, eachCase, type IndexHarness, live, object } from './harness'

export function vectorCases(makeHarness: () => Promise<IndexHarness>): void {
  const world = eachCase(makeHarness)

  it('takes the length of the first vector of a class for all that follow', async () => {
    const { index } = world
    await index.ensureClass(classOf('Segment'), live)
    await index.ensureClass(classOf('Other'), live)
    await index.upsert('Segment', object('x', [1, 2, 3]), live)
    await index.upsert('Other', object('x', [1]), live)
    const invalid = { code: 'invalid', message: expect.stringMatching(/Segment.*2.*3/) }
    await expect(index.upsert('Segment', object('y', [1, 2]), live)).rejects.toMatchObject(invalid)
    await expect(index.query('Segment', { vector: Float32Array.of(1, 2), k: 1 }, live)).rejects.toMatchObject(invalid)
    expect(await index.batch('Segment', [object('z', [1, 2]), object('x', [3, 2, 1])], live)).toEqual([
      { id: 'z', error: { code: 'invalid', message: expect.stringMatching(/Segment.*2.*3/) } },
      { id: 'x' },
    ])
  })

  it('has one length for all tenants of a class', async () => {
    await world.index.ensureClass(classOf('Shared', { tenants: ['a', 'b'] }), live)
    await world.index.upsert('Shared', object('x', [1, 2], {}, 'a'), live)
    await expect(world.index.upsert('Shared', object('x', [1], {}, 'b'), live)).rejects.toMatchObject({ code: 'invalid' })
  })

  it('keeps the length when the last object has gone, and across a restart', async () => {
    await world.index.ensureClass(classOf('Segment'), live)
    await world.index.upsert('Segment', object('x', [1, 2]), live)
    await world.index.delete('Segment', 'x', undefined, live)
    const again = await world.reopen()
    await expect(again.upsert('Segment', object('x', [1]), live)).rejects.toMatchObject({ code: 'invalid' })
    await again.upsert('Segment', object('x', [2, 1]), live)
  })

  it('is not held to the length of a vector that it refused', async () => {
    await world.index.ensureClass(classOf('Segment', { properties: [{ name: 'n', type: 'int' }] }), live)
    await expect(world.index.upsert('Segment', object('x', [1, 2], { n: 'no' }), live)).rejects.toMatchObject({ code: 'invalid' })
    await world.index.upsert('Segment', object('x', [1]), live)
  })

  it('lets one length win where two arrive at once', async () => {
    await world.index.ensureClass(classOf('Segment'), live)
    const settled = await Promise.allSettled([
      world.index.upsert('Segment', object('two', [1, 2]), live),
      world.index.upsert('Segment', object('three', [1, 2, 3]), live),
    ])
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it.each([
    ['NaN', [1, Number.NaN]],
    ['infinity', [Number.POSITIVE_INFINITY, 0]],
    ['a number too large for float32', [1e39, 0]],
    ['no numbers at all', []],
  ])('refuses a vector with %s', async (_, vector) => {
    const invalid = { code: 'invalid', message: expect.stringContaining('Segment') }
    await world.index.ensureClass(classOf('Segment', { distance: 'l2' }), live)
    await expect(world.index.upsert('Segment', object('x', vector), live)).rejects.toMatchObject(invalid)
    await expect(world.index.query('Segment', { vector: Float32Array.from(vector), k: 1 }, live)).rejects.toMatchObject(invalid)
    expect(await world.index.batch('Segment', [object('x', vector)], live)).toMatchObject([{ id: 'x', error: { code: 'invalid' } }])
  })

  it('refuses a vector of zeros under cosine', async () => {
    await world.index.ensureClass(classOf('Segment', { distance: 'cosine' }), live)
    await expect(world.index.upsert('Segment', object('x', [0, -0]), live)).rejects.toMatchObject({ code: 'invalid' })
    await expect(world.index.query('Segment', { vector: new Float32Array(2), k: 1 }, live)).rejects.toMatchObject({ code: 'invalid' })
  })

  it.each(['dot', 'l2'] as const)('takes a vector of zeros under %s', async (distance) => {
    await world.index.ensureClass(classOf('Segment', { distance }), live)
    await world.index.upsert('Segment', object('x', [0, 0]), live)
    const { results } = await world.index.query('Segment', { vector: new Float32Array(2), k: 1 }, live)
    expect(results).toEqual([{ id: 'x', score: 0, metadata: {} }])
  })
}
