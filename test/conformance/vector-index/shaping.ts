import { describe, expect, it } from 'vitest'
import { propertyTypes } from '../../../src/shared/profile/model'
import { aborted, classOf, eachCase, type IndexHarness, live, object } from './harness'

export function shapingCases(makeHarness: () => Promise<IndexHarness>): void {
  const world = eachCase(makeHarness)

  const full = classOf('Segment', {
    vectorizer: 'none',
    distance: 'l2',
    search: 'exact',
    properties: propertyTypes.map((type, number) => ({ name: `p${String(number).padStart(2, '0')}`, type })),
    tenants: ['studio-a', 'studio-b'],
  })

  it('describes nothing where nothing was made', async () => {
    expect(await world.view.describe(['Segment'], live)).toEqual(new Map())
  })

  it('describes every field of a class, properties and tenants by name', async () => {
    await world.index.ensureClass({ ...full, properties: full.properties.toReversed(), tenants: full.tenants.toReversed() }, live)
    expect(await world.view.describe(['Segment'], live)).toEqual(new Map([['Segment', { ...full, multiTenancy: true }]]))
  })

  it('describes the named classes that exist, and no others', async () => {
    for (const name of ['One', 'Two', 'Three']) await world.index.ensureClass(classOf(name), live)
    const found = await world.view.describe(['Three', 'Missing', 'One'], live)
    expect([...found.keys()].sort()).toEqual(['One', 'Three'])
    expect(found.get('One')).toEqual({ ...classOf('One'), multiTenancy: false })
    expect(await world.view.describe([], live)).toEqual(new Map())
  })

  it.each(['cosine', 'dot', 'l2'] as const)('keeps the distance %s', async (distance) => {
    await world.index.ensureClass(classOf('Segment', { distance }), live)
    expect((await world.view.describe(['Segment'], live)).get('Segment')?.distance).toBe(distance)
  })

  it.each(['approximate', 'exact'] as const)('keeps the search %s', async (search) => {
    await world.index.ensureClass(classOf('Segment', { search }), live)
    expect((await world.view.describe(['Segment'], live)).get('Segment')?.search).toBe(search)
  })

  it('keeps names that objects inherit', async () => {
    const properties = ['__proto__', 'constructor', 'toString'].map((name) => ({ name, type: 'text' as const }))
    await world.index.ensureClass(classOf('Segment', { properties }), live)
    expect((await world.view.describe(['Segment'], live)).get('Segment')?.properties).toEqual(properties)
  })

  it('leaves an existing class as it is', async () => {
    const first = classOf('Segment', { properties: [{ name: 'title', type: 'text' }], tenants: ['a'] })
    await world.index.ensureClass(first, live)
    await world.index.ensureClass(first, live)
    await world.index.ensureClass({ ...first, properties: [{ name: 'start', type: 'number' }], tenants: ['b'] }, live)
    await world.index.ensureClass({ ...first, tenants: [] }, live)
    expect((await world.view.describe(['Segment'], live)).get('Segment')).toEqual({ ...first, multiTenancy: true })
  })

  it('makes one class where many ask for it at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => world.index.ensureClass(full, live)))
    expect(await world.view.describe(['Segment'], live)).toEqual(new Map([['Segment', { ...full, multiTenancy: true }]]))
  })

  it.each([
    ['another distance', { distance: 'dot' as const }],
    ['another vectorizer', { vectorizer: 'text2vec-ollama' }],
    ['another search', { search: 'approximate' as const }],
    ['a property of another type', { properties: [{ name: 'title', type: 'int' as const }] }],
    ['tenants where there is no multi-tenancy', { tenants: ['a'] }],
  ])('refuses an existing class with %s, and changes nothing', async (_, other) => {
    const first = classOf('Segment', { properties: [{ name: 'title', type: 'text' }] })
    await world.index.ensureClass(first, live)
    await expect(world.index.ensureClass({ ...first, ...other }, live)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringContaining('Segment'),
    })
    expect((await world.view.describe(['Segment'], live)).get('Segment')).toEqual({ ...first, multiTenancy: false })
  })

  it('adds properties, leaves the others alone, and does so twice without complaint', async () => {
    await world.index.ensureClass(classOf('Segment', { properties: [{ name: 'b', type: 'text' }] }), live)
    for (const _ of [1, 2]) {
      await world.index.ensureProperties(
        'Segment',
        [
          { name: 'a', type: 'int[]' },
          { name: 'b', type: 'text' },
        ],
        live,
      )
    }
    expect((await world.view.describe(['Segment'], live)).get('Segment')?.properties).toEqual([
      { name: 'a', type: 'int[]' },
      { name: 'b', type: 'text' },
    ])
  })

  it('refuses a property of another type, naming it, and adds none of its neighbours', async () => {
    await world.index.ensureClass(classOf('Segment', { properties: [{ name: 'start', type: 'number' }] }), live)
    const wish = [
      { name: 'end', type: 'number' as const },
      { name: 'start', type: 'int' as const },
    ]
    await expect(world.index.ensureProperties('Segment', wish, live)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringMatching(/Segment.*start.*number.*int/),
    })
    expect((await world.view.describe(['Segment'], live)).get('Segment')?.properties).toEqual([{ name: 'start', type: 'number' }])
  })

  it('adds tenants side by side, and does so twice without complaint', async () => {
    await world.index.ensureClass(classOf('Segment', { tenants: ['c'] }), live)
    await Promise.all(['a', 'b', 'a', 'c'].map((tenant) => world.index.ensureTenants('Segment', [tenant], live)))
    expect((await world.view.describe(['Segment'], live)).get('Segment')?.tenants).toEqual(['a', 'b', 'c'])
  })

  it('refuses tenants on a class without multi-tenancy', async () => {
    await world.index.ensureClass(classOf('Segment'), live)
    await expect(world.index.ensureTenants('Segment', ['a'], live)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringContaining('Segment'),
    })
    await world.index.ensureTenants('Segment', [], live)
    expect((await world.view.describe(['Segment'], live)).get('Segment')).toMatchObject({ tenants: [], multiTenancy: false })
  })

  it('rejects not-found for properties and tenants of a class that does not exist', async () => {
    const missing = { code: 'not-found', message: expect.stringContaining('Segment') }
    await expect(world.index.ensureProperties('Segment', [], live)).rejects.toMatchObject(missing)
    await expect(world.index.ensureTenants('Segment', [], live)).rejects.toMatchObject(missing)
  })

  it('lets objects use a property and a tenant as soon as they are there, and keeps what was there before', async () => {
    const { index } = world
    await index.ensureClass(classOf('Segment', { tenants: ['a'] }), live)
    await index.upsert('Segment', object('old', [1, 0], {}, 'a'), live)
    await index.query('Segment', { vector: Float32Array.of(1, 0), k: 1, tenant: 'a' }, live)
    await index.ensureProperties('Segment', [{ name: 'title', type: 'text' }], live)
    await index.ensureTenants('Segment', ['b'], live)
    await index.upsert('Segment', object('new', [1, 0], { title: 'x' }, 'a'), live)
    await index.upsert('Segment', object('other', [1, 0], { title: 'y' }, 'b'), live)
    const { results } = await index.query('Segment', { vector: Float32Array.of(1, 0), k: 9, tenant: 'a' }, live)
    expect(results.map(({ id, metadata }) => ({ id, metadata }))).toEqual([
      { id: 'new', metadata: { title: 'x' } },
      { id: 'old', metadata: {} },
    ])
  })

  it('outlives the instance that made it', async () => {
    await world.index.ensureClass(full, live)
    await world.reopen()
    expect(await world.view.describe(['Segment'], live)).toEqual(new Map([['Segment', { ...full, multiTenancy: true }]]))
  })

  describe('after its signal aborted', () => {
    const reason = new Error('no longer wanted')

    it('rejects with the reason and changes nothing', async () => {
      const signal = aborted(reason)
      await world.index.ensureClass(classOf('Kept', { tenants: ['a'] }), live)
      await expect(world.index.ensureClass(classOf('New'), signal)).rejects.toBe(reason)
      await expect(world.index.ensureProperties('Kept', [{ name: 'x', type: 'int' }], signal)).rejects.toBe(reason)
      await expect(world.index.ensureTenants('Kept', ['b'], signal)).rejects.toBe(reason)
      await expect(world.view.describe(['Kept'], signal)).rejects.toBe(reason)
      expect(await world.view.describe(['Kept', 'New'], live)).toEqual(
        new Map([['Kept', { ...classOf('Kept', { tenants: ['a'] }), multiTenancy: true }]]),
      )
    })
  })
}
