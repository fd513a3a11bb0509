/** A node that is pointed at another server, or given another vhost: what it did before stays where it was done. */
import { describe, expect, it } from 'vitest'
import type { Wish } from '../../../../../src/main/core/reconcile/looking'
import { destroyed, planned, profile } from '../../../../support/destroying'
import { engineOn, small } from '../../../../support/engine'
import { memoryJournal } from '../../../../support/memory-journal'
import { wish } from '../../../../support/wish'

type Node = ReturnType<typeof engineOn>

/** How many rows have which reason, of those that are to be created. */
async function reasonsOf(node: Node, wanted: Wish): Promise<Readonly<Record<string, number>>> {
  const rows = (await planned(node, wanted, false)).changes.filter(({ action }) => action === 'create')
  return Object.fromEntries([...Map.groupBy(rows, ({ reason }) => reason)].map(([reason, group]) => [reason, group.length]))
}

/** One node that is pointed at one server and then at another, each with a world of its own. */
function nodeOnTwoServers() {
  const journal = memoryJournal()
  const at = (server: string) => engineOn({ journal, stand: { backend: 'external', server } })
  return { one: at('http://one:9000'), two: at('http://two:9000') }
}

describe('a node that is pointed at another server', () => {
  it('finds its things missing there, and removed by nobody', async () => {
    const { one, two } = nodeOnTwoServers()
    await one.pass()
    expect(await reasonsOf(two, small)).toEqual({ missing: 7, 'set with its queue': 1 })
    await two.pass()
    expect(await reasonsOf(two, small)).toEqual({})
  })

  it('knows what it did at the old one when it is pointed back', async () => {
    const { one, two } = nodeOnTwoServers()
    const of = (policy: string) => profile(`[{ name: aaa, policy: ${policy} }]`)
    await one.pass(of('public-read'))
    await two.pass(of('private'))
    await one.pass(of('private'))
    expect(one.storage.buckets.get('aaa')?.policy).toBeNull()
    one.storage.buckets.clear()
    expect(await reasonsOf(one, of('private'))).toEqual({ 'removed outside this node': 1 })
  })

  it('takes for its own there nothing that has the same name', async () => {
    const { one, two } = nodeOnTwoServers()
    await one.pass(profile('[{ name: aaa, policy: public-read }]'))
    await two.storage.ensureBucket('aaa')
    await two.storage.ensurePolicy('aaa', 'public-read')
    const { components } = await two.pass(profile('[{ name: aaa, policy: private }]'))
    expect(components.get('storage')?.needsMigration).toEqual([{ name: 'policy aaa', reason: 'somebody else set another policy' }])
    await destroyed(two, profile('[]'))
    expect(two.storage.buckets.has('aaa')).toBe(true)
    await destroyed(one, profile('[]'))
    expect(one.storage.buckets.has('aaa')).toBe(false)
  })
})

describe('a profile with another vhost', () => {
  const of = (vhost: string) =>
    wish(
      `{apiVersion: thatdam/v1, kind: EnvironmentProfile, metadata: {name: v}, spec: {broker: {vhost: ${vhost}, exchanges: [{name: eee}], queues: [{name: qqq}], bindings: [{exchange: eee, queue: qqq, key: k}]}}}`,
    )
  /** What another vhost has of what stood in this one. */
  function empty(node: Node): void {
    node.broker.exchanges.clear()
    node.broker.queues.clear()
    node.broker.bindings.clear()
  }

  it('finds its things missing there, and what was removed from the old one removed', async () => {
    const node = engineOn()
    await node.pass(of('old'))
    empty(node)
    expect(await reasonsOf(node, of('new'))).toEqual({ missing: 3 })
    expect(await reasonsOf(node, of('old'))).toEqual({ 'removed outside this node': 3 })
  })

  it('says of a vhost that is not there that it is made too', async () => {
    const node = engineOn()
    node.broker.vhostAbsent = true
    expect(await reasonsOf(node, of('new'))).toEqual({ 'missing; so is vhost new, which is made first': 3 })
  })

  it('deletes nothing in the new one that only has the names of what was made in the old one', async () => {
    const node = engineOn()
    await node.pass(of('old'))
    const nothing = wish('{apiVersion: thatdam/v1, kind: EnvironmentProfile, metadata: {name: v}, spec: {broker: {vhost: new}}}')
    expect((await planned(node, nothing, true)).summary.destroy).toBe(0)
    const back = wish('{apiVersion: thatdam/v1, kind: EnvironmentProfile, metadata: {name: v}, spec: {broker: {vhost: old}}}')
    expect((await planned(node, back, true)).summary.destroy).toBe(2)
  })
})
