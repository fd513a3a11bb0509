/** What is deleted, narrowed or lost: only on leave, only what this node made, only as it was planned. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planAll, type Wish } from '../../../../../src/main/core/reconcile/engine'
import type { Change } from '../../../../../src/shared/plan'
import { engineOn, never } from '../../../../support/engine'
import { wish } from '../../../../support/wish'

const dayMs = 24 * 3_600_000

function profile(storage: string, broker = '{}', classes = '[]'): Wish {
  return wish(`
apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: destroy }
spec:
  storage: { buckets: ${storage} }
  broker: ${broker}
  indices: { weaviate: { classes: ${classes} } }
`)
}

type Node = ReturnType<typeof engineOn>

const planned = (node: Node, wanted: Wish, destructive: boolean) => planAll(node.planners, wanted, { destructive }, never)
const told = ({ action, kind, name }: Change) => `${action} ${kind} ${name}`
const actions = async (node: Node, wanted: Wish, destructive: boolean) =>
  (await planned(node, wanted, destructive)).changes.filter(({ action }) => action !== 'none').map(told)

async function destroyed(node: Node, wanted: Wish) {
  const { hash } = await planned(node, wanted, true)
  return node.pass(wanted, { force: true, leave: hash })
}

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

  it('tells how much would go with it', async () => {
    const node = engineOn()
    await node.pass(whole)
    node.storage.buckets.get('bbb')?.objects.set('one', 0)
    const { changes } = await planned(node, nothing, true)
    const row = changes.find(({ name }) => name === 'bbb')
    expect(row).toMatchObject({ loses: { count: 1, bytes: 1 }, reason: expect.stringContaining('it holds 1 object (1 bytes)') })
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

describe('what narrows', () => {
  const expiring = (days: number) => profile(`[{ name: aaa, lifecycle: { days: ${days} } }]`)
  const ttl = (seconds: number) => profile('[]', `{ queues: [{ name: qqq, ttl: ${seconds} }] }`)

  it('a rule over objects that are past it is told, with what it takes, and carried out on leave alone', async () => {
    const node = engineOn()
    await node.pass(profile('[{ name: aaa }]'))
    node.storage.buckets.get('aaa')?.objects.set('old', node.clock.now() - 100 * dayMs)
    const without = await planned(node, expiring(30), false)
    expect(without.summary).toMatchObject({ destroy: 0, needs_migration: 1, create: 0 })
    expect(without.changes.find(({ kind }) => kind === 'lifecycle-rule')?.reason).toContain('would expire 1 object')
    await node.pass(expiring(30))
    expect(node.storage.buckets.get('aaa')?.rules.size).toBe(0)
    const result = await destroyed(node, expiring(30))
    expect(result).toMatchObject({ leave: 'used', applied: 1 })
    expect(node.storage.buckets.get('aaa')?.rules.get('thatdam-expire')?.expireDays).toBe(30)
  })

  it('a rule over nothing that is past it is simply made', async () => {
    const node = engineOn()
    await node.pass(profile('[{ name: aaa }]'))
    node.storage.buckets.get('aaa')?.objects.set('young', node.clock.now() - 3 * dayMs)
    expect(await actions(node, expiring(30), false)).toEqual(['create lifecycle-rule aaa/thatdam-expire'])
  })

  it('a longer expiry is an update, whatever is past the old one', async () => {
    const node = engineOn()
    await node.pass(expiring(10))
    node.storage.buckets.get('aaa')?.objects.set('old', node.clock.now() - 100 * dayMs)
    expect(await actions(node, expiring(20), false)).toEqual(['update lifecycle-rule aaa/thatdam-expire'])
    expect(await actions(node, expiring(5), true)).toEqual(['destroy lifecycle-rule aaa/thatdam-expire'])
  })

  it('a TTL over older messages is told, and carried out on leave alone', async () => {
    const node = engineOn()
    await node.pass(ttl(0))
    node.broker.messages.set('qqq', [node.clock.now() - 120_000, node.clock.now()])
    expect(await actions(node, ttl(60), false)).toEqual(['needs-migration queue-policy qqq'])
    expect((await planned(node, ttl(60), true)).changes.find(({ kind }) => kind === 'queue-policy')?.loses).toEqual({ count: 1, bytes: 1 })
    expect(await actions(node, ttl(600), false)).toEqual(['create queue-policy qqq'])
    await destroyed(node, ttl(60))
    expect(node.broker.queues.get('qqq')?.policy.ttl).toBe(60)
  })

  it('how much it takes is no part of the plan’s hash', async () => {
    const node = engineOn()
    await node.pass(profile('[{ name: aaa }]'))
    const objects = node.storage.buckets.get('aaa')?.objects
    objects?.set('old', node.clock.now() - 100 * dayMs)
    const { hash } = await planned(node, expiring(30), true)
    objects?.set('older', node.clock.now() - 200 * dayMs)
    expect((await planned(node, expiring(30), true)).hash).toBe(hash)
  })
})

describe('leave to destroy', () => {
  it('fits no other plan: then nothing is destroyed, and what adds is done', async () => {
    const node = engineOn()
    await node.pass(whole)
    const { hash } = await planned(node, nothing, true)
    const other = profile('[{ name: aaa }, { name: ccc }]')
    expect(await node.pass(other, { force: true, leave: hash })).toMatchObject({ leave: 'refused' })
    expect([...node.storage.buckets.keys()].sort()).toEqual(['aaa', 'bbb', 'ccc'])
    expect(node.broker.queues.size).toBe(1)
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
