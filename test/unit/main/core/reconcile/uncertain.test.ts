/** What a server lacks, hides or keeps for somebody else: the wish is told apart from the world, and nothing is tried for ever. */
import { describe, expect, it } from 'vitest'
import { PortError } from '../../../../../src/shared/errors'
import { destroyed, planned, profile } from '../../../../support/destroying'
import { engineOn } from '../../../../support/engine'

type Node = ReturnType<typeof engineOn>

async function rowOf(node: Node, wish: Parameters<typeof planned>[1], kind: string, destructive = false) {
  return (await planned(node, wish, destructive)).changes.find((change) => change.kind === kind)
}

describe('a server that lacks a feature', () => {
  const wish = profile('[{ name: aaa, versioning: true, lifecycle: { days: 30 }, tags: { owner: media }, policy: private }]')

  it.each([
    ['versioning', 'versioning', 'the server has no versions'],
    ['lifecycle', 'lifecycle-rule', 'the server has no lifecycle rules'],
    ['tags', 'tag', 'the server has no tags on buckets'],
  ] as const)('%s converges without it, and says so', async (feature, kind, reason) => {
    const node = engineOn()
    node.storage.lacks = [feature]
    const tried: string[] = []
    await node.pass(wish)
    node.storage.before = (call) => {
      if (call !== 'describe') tried.push(call)
    }
    const result = await node.pass(wish)
    expect(await rowOf(node, wish, kind)).toMatchObject({ action: 'none', enforced: false, reason })
    expect(result.components.get('storage')).toMatchObject({
      errors: [],
      uncertain: [{ kind, what: 'not-enforced', count: 1, reason }],
    })
    expect(tried).toEqual([])
  })

  it('is not walked through in each pass for what a rule would expire that it cannot have', async () => {
    const node = engineOn()
    node.storage.lacks = ['lifecycle']
    await node.pass(wish)
    let walks = 0
    node.storage.expirable = async () => {
      walks++
      return { count: 1, bytes: 1 }
    }
    await node.pass(wish)
    expect(walks).toBe(0)
  })

  it('leaves what it does have to be brought about', async () => {
    const node = engineOn()
    node.storage.lacks = ['lifecycle']
    await node.pass(wish)
    await node.pass(wish)
    const bucket = node.storage.buckets.get('aaa')
    expect(bucket).toMatchObject({ versioning: true })
    expect([...(bucket?.tags ?? [])]).toEqual([['owner', 'media']])
  })

  it('has a policy that nobody set, where the wish is that nobody may come in', async () => {
    const node = engineOn()
    node.storage.lacks = ['policy']
    await node.pass(wish)
    expect(await rowOf(node, wish, 'policy')).toMatchObject({ action: 'none' })
    const open = profile('[{ name: aaa, policy: public-read }]')
    expect(await rowOf(node, open, 'policy')).toMatchObject({
      action: 'none',
      enforced: false,
      reason: 'the server has no bucket policies',
    })
  })

  it('is part of no hash: what cannot be enforced is nothing to do', async () => {
    const [able, unable] = [engineOn(), engineOn()]
    unable.storage.lacks = ['lifecycle']
    for (const node of [able, unable]) {
      await node.pass(wish)
      await node.pass(wish)
    }
    expect((await planned(unable, wish, false)).hash).toBe((await planned(able, wish, false)).hash)
  })
})

describe('a broker that shows no bindings', () => {
  const why = 'AMQP has no way to list them'
  const wish = profile('[]', '{ exchanges: [{ name: eee }], queues: [{ name: qqq }], bindings: [{ exchange: eee, queue: qqq, key: k }] }')

  it('is given each binding once, and is then taken at its word', async () => {
    const node = engineOn()
    node.broker.unseenBindings = why
    expect(await rowOf(node, wish, 'binding')).toMatchObject({ action: 'create', reason: `not known to stand: ${why}` })
    await node.pass(wish)
    expect(node.broker.bindings.size).toBe(1)
    expect(await rowOf(node, wish, 'binding')).toMatchObject({ action: 'none', seen: false, reason: expect.stringContaining(why) })
    const { components } = await node.pass(wish)
    expect(components.get('broker')?.uncertain).toMatchObject([{ kind: 'binding', what: 'not-seen', count: 1 }])
  })

  it.each(['exchanges', 'queues'] as const)('is given a binding again when one of its %s was made anew', async (end) => {
    const node = engineOn()
    node.broker.unseenBindings = why
    await node.pass(wish)
    node.broker.bindings.clear()
    node.broker[end].clear()
    expect(await rowOf(node, wish, 'binding')).toMatchObject({ action: 'create' })
    await node.pass(wish)
    expect(node.broker.bindings.size).toBe(1)
  })

  it.each(['the first time', 'after one of its ends was made anew'])('is not taken to have a binding that it refused %s', async (when) => {
    const node = engineOn()
    node.broker.unseenBindings = why
    if (when !== 'the first time') {
      await node.pass(wish)
      node.broker.bindings.clear()
      node.broker.queues.clear()
    }
    node.broker.before = (call) => {
      if (call === 'ensureBinding') throw new PortError('unauthorized', 'not allowed')
    }
    await node.pass(wish)
    expect(node.broker.queues.size).toBe(1)
    expect(await rowOf(node, wish, 'binding')).toMatchObject({ action: 'create' })
  })

  it('is given a binding in a vhost of the same names, whatever was declared in another one', async () => {
    const node = engineOn()
    node.broker.unseenBindings = why
    await node.pass(wish)
    const { profile: wanted, generations } = wish
    const elsewhere = { profile: { ...wanted, spec: { ...wanted.spec, broker: { ...wanted.spec.broker, vhost: 'other' } } }, generations }
    expect(await rowOf(node, elsewhere, 'binding')).toMatchObject({ action: 'create' })
  })

  it('deletes nothing, since what hangs on it may be somebody else’s', async () => {
    const node = engineOn()
    await node.pass(wish)
    node.broker.unseenBindings = why
    expect((await planned(node, profile('[]'), true)).summary.destroy).toBe(0)
    node.broker.unseenBindings = undefined
    expect((await planned(node, profile('[]'), true)).summary.destroy).toBeGreaterThan(0)
  })
})

describe('a broker that shows no policies', () => {
  const why = 'AMQP shows none'
  const wish = profile('[]', '{ queues: [{ name: qqq, ttl: 60 }] }')

  it('is told of what a queue was made with as what cannot be known', async () => {
    const node = engineOn()
    node.broker.unseenPolicies = why
    node.broker.queues.set('qqq', { name: 'qqq', type: 'classic', policy: { ttl: 60, dlx: null } })
    const reason = `taken to stand, as the queue was made so: ${why}`
    expect(await rowOf(node, wish, 'queue-policy')).toMatchObject({ action: 'none', seen: false, reason })
    const { components } = await node.pass(wish)
    expect(components.get('broker')?.uncertain).toMatchObject([{ kind: 'queue-policy', what: 'not-seen', count: 1 }])
  })

  it('is taken to keep a policy that this node set when it could', async () => {
    const node = engineOn()
    await node.pass(wish)
    node.broker.unseenPolicies = why
    node.broker.queues.set('qqq', { name: 'qqq', type: 'classic', policy: { ttl: 0, dlx: null } })
    const reason = `taken to stand, as this node declared it before: ${why}`
    expect(await rowOf(node, wish, 'queue-policy')).toMatchObject({ action: 'none', seen: false, reason })
  })

  it('is not taken to have a policy that this node could not set', async () => {
    const node = engineOn()
    node.broker.before = (call) => {
      if (call === 'ensureQueuePolicy') throw new PortError('unauthorized', 'not allowed')
    }
    await node.pass(wish)
    node.broker.unseenPolicies = why
    expect(node.broker.queues.get('qqq')?.policy).toEqual({ ttl: 0, dlx: null })
    expect(await rowOf(node, wish, 'queue-policy')).toMatchObject({ action: 'needs-migration', reason: expect.stringContaining(why) })
  })

  it.each([
    ['nothing', { ttl: 0, dlx: null }],
    ['another TTL', { ttl: 5, dlx: null }],
  ])('leaves a queue that somebody made with %s for a person to change', async (_, policy) => {
    const node = engineOn()
    node.broker.unseenPolicies = why
    node.broker.queues.set('qqq', { name: 'qqq', type: 'classic', policy })
    expect(await rowOf(node, wish, 'queue-policy')).toMatchObject({ action: 'needs-migration', reason: expect.stringContaining(why) })
    await node.pass(wish)
    expect(node.broker.queues.get('qqq')?.policy).toEqual(policy)
  })
})

describe('a queue that a policy of somebody else’s holds', () => {
  const wish = (ttl: number) => profile('[]', `{ queues: [{ name: qqq, ttl: ${ttl} }] }`)

  it('keeps it: ours would displace theirs', async () => {
    const node = engineOn()
    await node.pass(wish(0))
    node.broker.holders.set('qqq', 'policy "theirs"')
    await node.pass(wish(60))
    expect(node.broker.queues.get('qqq')?.policy.ttl).toBe(0)
    expect(await rowOf(node, wish(60), 'queue-policy')).toMatchObject({
      action: 'needs-migration',
      reason: expect.stringMatching(/^policy "theirs" applies to the queue/),
    })
  })

  it('is made under it where it does not exist yet, and nothing is refused', async () => {
    const node = engineOn()
    node.broker.awaiting.set('qqq', 'policy "theirs"')
    expect(await rowOf(node, wish(60), 'queue')).toMatchObject({ action: 'create' })
    expect(await rowOf(node, wish(60), 'queue-policy')).toMatchObject({ action: 'needs-migration', before: null })
    const { components } = await node.pass(wish(60))
    expect(components.get('broker')?.errors).toEqual([])
    expect(node.broker.queues.get('qqq')?.policy.ttl).toBe(0)
  })

  it('is as wished where theirs says the same', async () => {
    const node = engineOn()
    await node.pass(wish(60))
    node.broker.holders.set('qqq', 'policy "theirs"')
    expect(await rowOf(node, wish(60), 'queue-policy')).toMatchObject({ action: 'none' })
  })

  it('is not narrowed either, even on leave', async () => {
    const node = engineOn()
    await node.pass(wish(0))
    node.broker.messages.set('qqq', [node.clock.now() - 120_000])
    node.broker.holders.set('qqq', 'policy "theirs"')
    expect(await rowOf(node, wish(60), 'queue-policy', true)).toMatchObject({ action: 'needs-migration' })
    await destroyed(node, wish(60))
    expect(node.broker.queues.get('qqq')?.policy.ttl).toBe(0)
  })
})
