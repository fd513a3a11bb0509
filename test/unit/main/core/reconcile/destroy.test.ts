/** What is deleted, narrowed or lost: only on leave, only what this node made, only as it was planned. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actions, destroyed, planned, profile } from '../../../../support/destroying'
import { engineOn } from '../../../../support/engine'

const whole = profile(
  '[{ name: aaa, lifecycle: { days: 30 }, tags: { owner: x }, policy: public-read }, { name: bbb }]',
  '{ exchanges: [{ name: xxx }], queues: [{ name: qqq, ttl: 60 }], bindings: [{ exchange: xxx, queue: qqq, key: k }] }',
  '[{ name: Aaa, properties: [title], tenants: [t1, t2] }]',
)
const nothing = profile('[]')

describe('what the profile no longer names', () => {
  it('has no row, unless it is asked for what would be destroyed', async () => {
    const node = engineOn()
    await node.pass(whole)
    expect(await actions(node, nothing, false)).toEqual([])
    expect(await actions(node, nothing, true)).toEqual([
      'destroy exchange xxx',
      'destroy queue qqq',
      'destroy class Aaa',
      'destroy bucket aaa',
      'destroy bucket bbb',
    ])
  })

  it('is one row for each part where what it is a part of stays', async () => {
    const node = engineOn()
    await node.pass(whole)
    const less = profile(
      '[{ name: aaa }]',
      '{ exchanges: [{ name: xxx }], queues: [{ name: qqq, ttl: 60 }] }',
      '[{ name: Aaa, tenants: [t1] }]',
    )
    expect(await actions(node, less, true)).toEqual([
      'destroy binding xxx -> qqq : k',
      'destroy tenant Aaa/t2',
      'destroy bucket bbb',
      'destroy lifecycle-rule aaa/thatdam-expire',
      'destroy policy aaa',
      'destroy tag aaa/owner',
    ])
    await destroyed(node, less)
    expect(await actions(node, less, true)).toEqual([])
    expect([...node.storage.buckets.keys()]).toEqual(['aaa'])
    expect(node.storage.buckets.get('aaa')).toMatchObject({ rules: new Map(), tags: new Map(), policy: null })
    expect(node.broker.bindings.size).toBe(0)
    expect(node.index.classes.get('Aaa')?.tenants).toEqual(['t1'])
  })

  it('goes with leave, and is then forgotten: whoever makes it anew has made it', async () => {
    const node = engineOn()
    await node.pass(whole)
    expect(await destroyed(node, nothing)).toMatchObject({ leave: 'used', applied: 5 })
    expect([node.storage.buckets.size, node.broker.queues.size, node.broker.exchanges.size, node.index.classes.size]).toEqual([0, 0, 0, 0])
    await node.storage.ensureBucket('aaa')
    expect(await actions(node, nothing, true)).toEqual([])
  })

  it('is left alone where somebody else made it', async () => {
    const node = engineOn()
    await node.storage.ensureBucket('aaa')
    await node.pass(whole)
    await node.storage.ensureTags('aaa', { theirs: 'y' })
    expect(await actions(node, profile('[]'), true)).not.toContain('destroy bucket aaa')
    await destroyed(node, profile('[]'))
    expect([...(node.storage.buckets.get('aaa')?.tags ?? [])]).toEqual([['theirs', 'y']])
  })

  it('stays where somebody else bound something to it', async () => {
    const node = engineOn()
    await node.pass(whole)
    await node.broker.ensureQueue('/', { name: 'theirs', type: 'classic' })
    await node.broker.ensureBinding('/', { exchange: 'xxx', queue: 'theirs', key: '' })
    expect(await actions(node, nothing, true)).toContain('needs-migration exchange xxx')
    await destroyed(node, nothing)
    expect([...node.broker.exchanges.keys()]).toEqual(['xxx'])
    expect(node.broker.bindings.size).toBe(1)
  })

  it('is forgotten with all its parts: parts that somebody else makes anew are theirs', async () => {
    const node = engineOn()
    await node.pass(whole)
    await destroyed(node, nothing)
    expect(await node.journal.remembered('storage', { backend: 'embedded', address: '' })).toEqual([])
    expect(await node.journal.remembered('broker', { backend: 'embedded', address: '/' })).toEqual([])
    expect(await node.journal.remembered('index', { backend: 'embedded', address: '' })).toEqual([])
    await node.storage.ensureBucket('aaa')
    await node.storage.ensureTags('aaa', { owner: 'x' })
    await node.broker.ensureExchange('/', { name: 'xxx', type: 'topic' })
    await node.broker.ensureQueue('/', { name: 'qqq', type: 'classic' })
    await node.broker.ensureBinding('/', { exchange: 'xxx', queue: 'qqq', key: 'k' })
    expect(await actions(node, nothing, true)).toEqual([])
  })

  it('takes with it the bindings of exactly that exchange or queue, however odd its name', async () => {
    const names = ['q', 'q : k', '-> q', '"q', 'q -> q']
    const of = (queues: readonly string[]) =>
      profile(
        '[]',
        JSON.stringify({
          exchanges: [{ name: 'x' }, { name: 'x -> q' }],
          queues: queues.map((name) => ({ name })),
          bindings: queues.flatMap((queue) => ['x', 'x -> q'].map((exchange) => ({ exchange, queue, key: 'k' }))),
        }),
      )
    for (const name of names) {
      const node = engineOn()
      await node.pass(of(names))
      await destroyed(node, of(names.filter((one) => one !== name)))
      expect([...node.broker.queues.keys()]).not.toContain(name)
      const left = await node.journal.remembered('broker', { backend: 'embedded', address: '/' })
      expect(left.filter(({ kind }) => kind === 'binding')).toHaveLength(2 * (names.length - 1))
    }
  })

  it('is a policy of somebody else’s queue as well, if it still is as this node set it', async () => {
    const node = engineOn()
    await node.broker.ensureQueue('/', { name: 'qqq', type: 'classic' })
    const ttl = profile('[]', '{ queues: [{ name: qqq, ttl: 60 }] }')
    await node.pass(ttl)
    expect(await actions(node, nothing, true)).toEqual(['destroy queue-policy qqq'])
    await node.broker.ensureQueuePolicy('/', 'qqq', { ttl: 61, dlx: null })
    expect(await actions(node, nothing, true)).toEqual([])
    await node.broker.ensureQueuePolicy('/', 'qqq', { ttl: 60, dlx: null })
    await destroyed(node, nothing)
    expect(node.broker.queues.get('qqq')?.policy).toEqual({ ttl: 0, dlx: null })
  })

  it('stays where a queue of somebody else dead-letters to it', async () => {
    const node = engineOn()
    await node.pass(whole)
    await node.broker.ensureQueue('/', { name: 'theirs', type: 'classic' })
    await node.broker.ensureQueuePolicy('/', 'theirs', { ttl: 0, dlx: 'xxx' })
    expect(await actions(node, nothing, true)).toContain('needs-migration exchange xxx')
    const result = await destroyed(node, nothing)
    expect([...node.broker.exchanges.keys()]).toEqual(['xxx'])
    // Nobody asked for it to go, so it is no part of what is left to do.
    expect(result.components.get('broker')?.needsMigration).toEqual([])
  })

  it('goes though a queue that stays dead-letters to it, where this node itself set that and takes it back', async () => {
    const node = engineOn()
    await node.pass(profile('[]', '{ exchanges: [{ name: xxx }], queues: [{ name: qqq, dlx: xxx }] }'))
    await destroyed(node, profile('[]', '{ queues: [{ name: qqq }] }'))
    expect([node.broker.exchanges.size, node.broker.queues.get('qqq')?.policy.dlx]).toEqual([0, null])
  })

  it('is never the exchange of the node’s own events', async () => {
    const node = engineOn()
    await node.pass(profile('[]', '{ exchanges: [{ name: overlay }] }'))
    expect(await actions(node, nothing, true)).toEqual([])
  })

  it('tells how much would go with it', async () => {
    const node = engineOn()
    await node.pass(whole)
    node.storage.buckets.get('bbb')?.objects.set('one', 0)
    const { changes } = await planned(node, nothing, true)
    const row = changes.find(({ name }) => name === 'bbb')
    expect(row).toMatchObject({ loses: { count: 1, bytes: 1 }, reason: expect.stringContaining('it holds 1 object (1 byte)') })
  })

  it('is not taken when it filled since it was planned empty', async () => {
    const node = engineOn()
    await node.pass(whole)
    node.storage.before = (call) => {
      if (call === 'removeBucket') node.storage.buckets.get('bbb')?.objects.set('late', 0)
    }
    const result = await destroyed(node, nothing)
    expect(result.leave).toBe('failed')
    expect(node.storage.buckets.get('bbb')?.objects.size).toBe(1)
  })
})

describe('leave to destroy', () => {
  it('fits no other plan: then nothing at all is changed', async () => {
    const node = engineOn()
    await node.pass(whole)
    const { hash } = await planned(node, nothing, true)
    const other = profile('[{ name: aaa }, { name: ccc }]')
    const writes = node.journal.writes()
    await expect(node.pass(other, { force: true, leave: node.leaveFor(hash) })).rejects.toMatchObject({ code: 'plan-changed' })
    expect([...node.storage.buckets.keys()].sort()).toEqual(['aaa', 'bbb'])
    expect(node.broker.queues.size).toBe(1)
    expect(node.journal.writes()).toBe(writes)
  })

  it('is not used where something failed before', async () => {
    const node = engineOn({ retryAttempts: 1 })
    await node.pass(whole)
    const wanted = profile('[{ name: new }]')
    node.storage.before = (call) => {
      if (call === 'ensureBucket') throw new Error('a mistake')
    }
    await expect(destroyed(node, wanted)).rejects.toThrow('a mistake')
    expect([...node.storage.buckets.keys()]).toEqual(['aaa', 'bbb'])
  })

  it('destroys exactly the rows of its plan, whatever was made and whatever is wished', () =>
    fc.assert(
      fc.asyncProperty(
        fc.subarray(['aaa', 'bbb', 'ccc', 'ddd']),
        fc.subarray(['aaa', 'bbb', 'ccc', 'ddd']),
        fc.subarray(['aaa', 'bbb', 'ccc', 'ddd']),
        async (foreign, first, then) => {
          const node = engineOn()
          for (const name of foreign) await node.storage.ensureBucket(name)
          const of = (names: readonly string[]) => profile(`[${names.map((name) => `{ name: ${name} }`).join(', ')}]`)
          await node.pass(of(first))
          const result = await destroyed(node, of(then))
          expect(result.leave).toBe('used')
          const stays = new Set([...foreign, ...then])
          expect([...node.storage.buckets.keys()].sort()).toEqual([...stays].sort())
        },
      ),
      { numRuns: 200 },
    ))
})
