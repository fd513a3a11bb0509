import { expect, it } from 'vitest'
import { classOf, eachCase, type IndexHarness, live, object } from './harness'

export function removingCases(makeHarness: () => Promise<IndexHarness>): void {
  const world = eachCase(makeHarness)
  const contents = async (className: string, tenant?: string) => (await world.view.contents(className, tenant, live)).count
  const refusal = (...named: string[]) =>
    expect.objectContaining({ code: 'precondition-failed', message: expect.stringMatching(new RegExp(named.join('.*'))) })

  it('removes a class that is empty, and one that is gone already', async () => {
    await world.index.ensureClass(classOf('Asset'), live)
    await world.index.removeClass('Asset', { contents: false }, live)
    await world.index.removeClass('Asset', { contents: false }, live)
    expect(await world.view.describe(['Asset'], live)).toEqual(new Map())
    await expect(world.index.upsert('Asset', object('a', [1]), live)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('removes no class that holds something, unless told that it may go', async () => {
    await world.index.ensureClass(classOf('Asset'), live)
    await world.index.upsert('Asset', object('a', [1, 2]), live)
    await expect(world.index.removeClass('Asset', { contents: false }, live)).rejects.toEqual(refusal('Asset'))
    expect(await contents('Asset')).toBe(1)
    await world.index.removeClass('Asset', { contents: true }, live)
    await world.index.ensureClass(classOf('Asset'), live)
    // A class made anew may have vectors of another length.
    await world.index.upsert('Asset', object('b', [1]), live)
    const { results } = await world.index.query('Asset', { vector: Float32Array.of(1), k: 10 }, live)
    expect(results.map(({ id }) => id)).toEqual(['b'])
  })

  it('removes one tenant with what it holds, and no other', async () => {
    await world.index.ensureClass(classOf('Asset', { tenants: ['one', 'two', 'none'] }), live)
    for (const tenant of ['one', 'two']) await world.index.upsert('Asset', object('a', [1], {}, tenant), live)
    await world.index.removeTenant('Asset', 'none', { contents: false }, live)
    await expect(world.index.removeTenant('Asset', 'one', { contents: false }, live)).rejects.toEqual(refusal('Asset', 'one'))
    await world.index.removeTenant('Asset', 'one', { contents: true }, live)
    await world.index.removeTenant('Asset', 'one', { contents: true }, live)
    await world.index.removeTenant('NoSuchClass', 'one', { contents: true }, live)
    expect((await world.view.describe(['Asset'], live)).get('Asset')?.tenants).toEqual(['two'])
    expect([await contents('Asset'), await contents('Asset', 'two'), await contents('Asset', 'one')]).toEqual([1, 1, 0])
    await expect(world.index.get('Asset', 'a', 'one', live)).rejects.toMatchObject({ code: 'invalid' })
  })

  it('tells what a class holds, and that one which is not there holds nothing', async () => {
    await world.index.ensureClass(classOf('Asset'), live)
    expect(await world.view.contents('Asset', undefined, live)).toEqual({ count: 0, bytes: 0 })
    await world.index.batch('Asset', [object('a', [1, 2]), object('b', [3, 4])], live)
    const held = await world.view.contents('Asset', undefined, live)
    expect(held.count).toBe(2)
    expect(held.bytes).toBeGreaterThanOrEqual(16)
    expect(await contents('NoSuchClass')).toBe(0)
  })
}
