/** Setting and taking back the policies of this node, and never what is somebody else's. */
import { PortError } from '../../../shared/errors'
import { missing, queueIn } from '../../core/event-bus/words'
import { orAborted } from '../../core/or-aborted'
import type { QueuePolicy, QueueWish } from '../../core/ports/event-bus'
import { type Management, part } from './management'
import { holderOf, inForce, isOurs, policyBody, policyName, queueToCome } from './policies'
import { type Policies, policiesNamed, policiesOf, type QueueRow, queueOf } from './rows'
import type { Vhosts } from './vhosts'

export type QueueToCome = Pick<QueueWish, 'name' | 'type'>

export interface QueuePolicies {
  /** Rejects `not-found` for a queue that is not there, and `incompatible` where it is held by what is somebody else's. */
  set(vhost: string, queue: string, wish: QueuePolicy, signal: AbortSignal): Promise<void>
  /**
   * The same for a queue that is yet to be made, in a vhost that may have to be made for it. With each policy that is set, RabbitMQ
   * compares every queue of the vhost with every policy: the three hundredth took 160 ms with the queues there, and 2 ms without.
   */
  setAhead(vhost: string, queue: QueueToCome, wish: QueuePolicy, signal: AbortSignal): Promise<void>
  remove(vhost: string, queue: string, signal: AbortSignal): Promise<void>
}

interface Look {
  readonly now: Promise<Policies>
  /** For all who come while it is under way: each has to see what stands after he came. */
  next?: Promise<Policies>
}

export function queuePolicies(management: Management, vhosts: Vhosts): QueuePolicies {
  const looks = new Map<string, Look>()
  const never = new AbortController().signal

  function beginLook(vhost: string): Promise<Policies> {
    const look: Look = { now: policiesOf(management, vhost, never) }
    looks.set(vhost, look)
    const end = () => {
      if (looks.get(vhost) === look && look.next === undefined) looks.delete(vhost)
    }
    look.now.then(end, end)
    return look.now
  }

  /** All policies of a vhost. A first pass over many queues asks for each of them, and reads the list a few times. */
  function policiesNow(vhost: string): Promise<Policies> {
    const look = looks.get(vhost)
    if (look === undefined) return beginLook(vhost)
    const begin = () => beginLook(vhost)
    look.next ??= look.now.then(begin, begin)
    return look.next
  }

  const pathOf = (vhost: string, queue: string) => `/policies/${part(vhost)}/${part(policyName(queue))}`

  async function bringAbout(vhost: string, row: QueueRow, policies: Policies, wish: QueuePolicy, signal: AbortSignal): Promise<void> {
    const { name } = row
    const is = inForce(row, policies)
    if (is.ttl === wish.ttl && is.dlx === wish.dlx) return
    const held = holderOf(row, policies, { ttl: wish.ttl, ...(wish.dlx === null ? {} : { dlx: wish.dlx }) })
    if (held !== undefined) {
      throw new PortError(
        'incompatible',
        `${queueIn(vhost, name)} is held by ${held}: a policy of this node would displace it, or be without effect.`,
      )
    }
    if (wish.ttl === 0 && wish.dlx === null) await management.remove(pathOf(vhost, name), signal)
    else await management.put(pathOf(vhost, name), policyBody(name, wish), signal)
  }

  return {
    async set(vhost, queue, wish, signal) {
      const row = await queueOf(management, vhost, queue, signal)
      if (row === undefined) throw missing(queueIn(vhost, queue))
      // The one in force, which alone could be displaced, and the one whose name ours would take.
      const names = new Set([policyName(queue), ...(row.policy ? [row.policy] : [])])
      await bringAbout(vhost, row, await policiesNamed(management, vhost, [...names], signal), wish, signal)
    },
    async setAhead(vhost, queue, wish, signal) {
      const policies = await orAborted(policiesNow(vhost), signal)
      const set = () => bringAbout(vhost, queueToCome(queue, policies), policies, wish, signal)
      try {
        await set()
      } catch (error) {
        if (!(error instanceof PortError && error.code === 'not-found')) throw error
        await vhosts.make(vhost, signal)
        await set()
      }
    },
    async remove(vhost, queue, signal) {
      const { policies } = await policiesNamed(management, vhost, [policyName(queue)], signal)
      const own = policies.get(policyName(queue))
      if (own !== undefined && isOurs(own, queue)) await management.remove(pathOf(vhost, queue), signal)
    },
  }
}
