import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { classOf, eachCase, type IndexHarness, live, object } from './harness'

const maxBatch = 10_000

export function concurrencyCases(makeHarness: () => Promise<IndexHarness>): void {
  const world = eachCase(makeHarness)
  const ids = async (k: number, className = 'Asset') =>
    (await world.index.query(className, { vector: Float32Array.of(1), k }, live)).results.map(({ id }) => id)

  it('takes a batch of 10,000 whole, and refuses a larger one as too large, naming the class', async () => {
    await world.index.ensureClass(classOf('Asset', { distance: 'dot' }), live)
    const objects = Array.from({ length: maxBatch + 1 }, (_, number) => object(`${number}`, [number]))
    await expect(world.index.batch('Asset', objects, live)).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining('Asset'),
    })
    expect(await ids(1)).toEqual([])
    const answers = await world.index.batch('Asset', objects.slice(0, maxBatch), live)
    expect(answers.map(({ id }) => id)).toEqual(objects.slice(0, maxBatch).map(({ id }) => id))
    expect(answers.every(({ error }) => error === undefined)).toBe(true)
    expect(await ids(3)).toEqual(['9999', '9998', '9997'])
  })

  it('gives back 10,000 results, in order', async () => {
    await world.index.ensureClass(classOf('Asset', { distance: 'dot', properties: [{ name: 'n', type: 'int' }] }), live)
    const objects = Array.from({ length: maxBatch }, (_, number) => object(`${number}`, [number], { n: number }))
    await world.index.batch('Asset', objects, live)
    const { results } = await world.index.query('Asset', { vector: Float32Array.of(1), k: maxBatch }, live)
    expect(results.map(({ id, score, metadata }) => [id, score, metadata.n])).toEqual(
      objects.map((_, number) => [`${maxBatch - 1 - number}`, maxBatch - 1 - number, maxBatch - 1 - number]),
    )
  })

  it('answers each object of a large batch in its place, refusing those that do not fit', async () => {
    await world.index.ensureClass(classOf('Asset', { properties: [{ name: 'n', type: 'int' }] }), live)
    const objects = Array.from({ length: 3_000 }, (_, number) => object(`${number}`, [1, 1], { n: number % 7 === 0 ? 0.5 : number }))
    const answers = await world.index.batch('Asset', objects, live)
    expect(answers.map(({ id, error }) => [id, error?.code])).toEqual(
      objects.map(({ id }, number) => [id, number % 7 === 0 ? 'invalid' : undefined]),
    )
  })

  it('keeps everything of batches, writes and deletes that were asked for at once', async () => {
    await world.index.ensureClass(classOf('Asset', { distance: 'dot' }), live)
    await world.index.batch(
      'Asset',
      Array.from({ length: 50 }, (_, number) => object(`old-${number}`, [number])),
      live,
    )
    await Promise.all([
      ...Array.from({ length: 4 }, (_, batch) =>
        world.index.batch(
          'Asset',
          Array.from({ length: 1_500 }, (_, number) => object(`${batch}-${number}`, [number])),
          live,
        ),
      ),
      ...Array.from({ length: 50 }, (_, number) => world.index.upsert('Asset', object(`single-${number}`, [number]), live)),
      ...Array.from({ length: 50 }, (_, number) => world.index.delete('Asset', `old-${number}`, undefined, live)),
    ])
    const expected = [
      ...[0, 1, 2, 3].flatMap((batch) => Array.from({ length: 1_500 }, (_, number) => `${batch}-${number}`)),
      ...Array.from({ length: 50 }, (_, number) => `single-${number}`),
    ]
    expect((await ids(10_000)).sort()).toEqual(expected.sort())
  })

  it('shows a query either the object before a write or the one after it, and never parts of both', async () => {
    const wish = classOf('Asset', { distance: 'dot', properties: [{ name: 'n', type: 'int' }] })
    await world.index.ensureClass(wish, live)
    await world.index.upsert('Asset', object('x', [0], { n: 0 }), live)
    let writing = true
    const writes = (async () => {
      for (let n = 1; n <= 100; n++) await world.index.upsert('Asset', object('x', [n], { n }), live)
      writing = false
    })()
    let seen = 0
    while (writing) {
      const { results } = await world.index.query('Asset', { vector: Float32Array.of(1), k: 2 }, live)
      const [found] = results
      if (found !== undefined || world.index.supports.replacesInPlace) {
        expect(results).toHaveLength(1)
        expect(found?.score).toBe(found?.metadata.n)
        expect(found?.score).toBeGreaterThanOrEqual(seen)
        seen = found?.score ?? seen
      }
      // An index that answers without waiting must not keep the writes from going on.
      await setImmediate()
    }
    await writes
    expect((await world.index.get('Asset', 'x', undefined, live)).metadata).toEqual({ n: 100 })
  })

  it('serves many queries at once, each its own answer', async () => {
    await world.index.ensureClass(classOf('Asset', { distance: 'l2' }), live)
    await world.index.batch(
      'Asset',
      Array.from({ length: 200 }, (_, number) => object(`${number}`, [number])),
      live,
    )
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, number) => world.index.query('Asset', { vector: Float32Array.of(number), k: 1 }, live)),
    )
    expect(answers.map(({ results }) => results[0]?.id)).toEqual(Array.from({ length: 200 }, (_, number) => `${number}`))
  })

  it('answers an abort that comes while it works with its reason, and is none the worse for it', async () => {
    await world.index.ensureClass(classOf('Asset'), live)
    await world.index.upsert('Asset', object('x', [1]), live)
    const reason = new Error('no longer wanted')
    const stop = new AbortController()
    const given = [
      world.index.query('Asset', { vector: Float32Array.of(1), k: 1 }, stop.signal),
      world.index.batch(
        'Asset',
        Array.from({ length: 5_000 }, (_, number) => object(`${number}`, [1])),
        stop.signal,
      ),
      world.index.upsert('Asset', object('y', [1]), stop.signal),
    ]
    stop.abort(reason)
    // What has come to pass by then stays; nothing fails for another reason.
    for (const outcome of await Promise.allSettled(given)) if (outcome.status === 'rejected') expect(outcome.reason).toBe(reason)
    await world.index.upsert('Asset', object('z', [1]), live)
    expect((await world.index.get('Asset', 'z', undefined, live)).id).toBe('z')
  })

  it('still holds a large batch after a restart, and finds in it', async () => {
    await world.index.ensureClass(classOf('Asset', { distance: 'dot' }), live)
    await world.index.batch(
      'Asset',
      Array.from({ length: 5_000 }, (_, number) => object(`${number}`, [number])),
      live,
    )
    await world.index.delete('Asset', '4999', undefined, live)
    await world.reopen()
    expect(await ids(2)).toEqual(['4998', '4997'])
    expect((await world.view.contents('Asset', undefined, live)).count).toBe(4_999)
  })
}
