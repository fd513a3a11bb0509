/** What would take something at once is measured, told, and done on leave alone. */
import { describe, expect, it } from 'vitest'
import { actions, destroyed, planned, profile } from '../../../../support/destroying'
import { engineOn } from '../../../../support/engine'

const dayMs = 24 * 3_600_000

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
    expect((await planned(node, ttl(60), false)).changes.find(({ kind }) => kind === 'queue-policy')?.reason).toContain(
      '1 message (1 byte) older than 60 seconds would leave the queue at once, and be gone',
    )
    expect(await actions(node, ttl(60), false)).toEqual(['needs-migration queue-policy qqq'])
    expect((await planned(node, ttl(60), true)).changes.find(({ kind }) => kind === 'queue-policy')?.loses).toEqual({ count: 1, bytes: 1 })
    expect(await actions(node, ttl(600), false)).toEqual(['create queue-policy qqq'])
    await destroyed(node, ttl(60))
    expect(node.broker.queues.get('qqq')?.policy.ttl).toBe(60)
  })

  it('a TTL tells where the older messages would go', async () => {
    const node = engineOn()
    const letters = (queue: string) => profile('[]', `{ exchanges: [{ name: dead, type: fanout }], queues: [${queue}] }`)
    await node.pass(letters('{ name: qqq }'))
    node.broker.messages.set('qqq', [node.clock.now() - 120_000])
    const { changes } = await planned(node, letters('{ name: qqq, ttl: 60, dlx: dead }'), true)
    expect(changes.find(({ kind }) => kind === 'queue-policy')).toMatchObject({
      action: 'destroy',
      reason: expect.stringContaining('to dead-letter exchange dead'),
    })
    expect(await actions(node, letters('{ name: qqq, dlx: dead }'), true)).toEqual(['create queue-policy qqq'])
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
