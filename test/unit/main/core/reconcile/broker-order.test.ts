/** In which order queues and what is set on them are brought about. */
import { expect, it } from 'vitest'
import { PortError } from '../../../../../src/shared/errors'
import { planned, profile } from '../../../../support/destroying'
import { engineOn } from '../../../../support/engine'

const wish = (ttl: number, more = '') => profile('[]', `{ queues: [{ name: old, ttl: ${ttl} }${more}] }`)

it('the policy of a queue that is yet to be made comes before the queue where the broker can do that, and after it elsewhere', async () => {
  for (const can of [true, false]) {
    const node = engineOn()
    const calls: string[] = []
    const ahead = new Map<string, unknown>()
    if (can) {
      node.broker.ensureQueuePolicyAhead = async (_vhost, { name }, policy) => {
        calls.push(`ahead ${name}`)
        ahead.set(name, policy)
      }
    }
    await node.pass(wish(60))
    expect(ahead.get('old')).toEqual(can ? { ttl: 60, dlx: null } : undefined)
    node.broker.queues.set('old', { name: 'old', type: 'classic', policy: { ttl: 60, dlx: null } })
    calls.length = 0
    node.broker.before = (call, name) => {
      if (call !== 'describe') calls.push(`${call} ${name}`)
    }
    const { components } = await node.pass(wish(90, ', { name: new, ttl: 5 }'))
    expect(components.get('broker')).toMatchObject({ errors: [], changes: 3 })
    const other = 'ensureQueuePolicy old'
    expect(calls).toEqual(can ? ['ahead new', 'ensureQueue new', other] : ['ensureQueue new', 'ensureQueuePolicy new', other])
  }
})

it('of a policy that was set, and whose queue could then not be made, nobody says that it was removed', async () => {
  const node = engineOn({ retryAttempts: 1 })
  node.broker.ensureQueuePolicyAhead = async () => {}
  node.broker.before = (call) => {
    if (call === 'ensureQueue') throw new PortError('unavailable', 'it is restarting')
  }
  await node.pass(wish(60))
  const { changes } = await planned(node, wish(60), false)
  expect(changes.map(({ kind, action, reason }) => [kind, action, reason])).toEqual([
    ['queue', 'create', 'missing'],
    ['queue-policy', 'create', 'set with its queue'],
  ])
})
