/** The shaping face of the bus, and the one that takes things away: each call is one work of the pipeline. */
import { PortError } from '../../../shared/errors'
import { exchangeIn, queueIn } from '../../core/event-bus/words'
import type { BrokerRemover, BrokerShaper } from '../../core/ports/event-bus'
import type { Messages } from './messages'
import { noPolicy, type Topology } from './topology'

export interface ShaperSide {
  readonly topology: Topology
  readonly messages: Pick<Messages, 'count'>
  /** Carry out `work` in the next commit; `resource` names in errors what it is about. */
  shape(resource: string, work: () => void, signal: AbortSignal): Promise<void>
  /** The policy of a queue was set anew, and that is on disk. */
  onPolicy(vhost: string, queue: string): void
}

export function shaper({ topology, messages, shape, onPolicy }: ShaperSide): BrokerShaper & BrokerRemover {
  async function setPolicy(vhost: string, queue: string, work: () => void, signal: AbortSignal): Promise<void> {
    await shape(queueIn(vhost, queue), work, signal)
    onPolicy(vhost, queue)
  }

  const idOf = (vhost: string, queue: string) => topology.routesWithin().queue(vhost, queue)?.id

  return {
    ensureExchange: (vhost, exchange, signal) =>
      shape(exchangeIn(vhost, exchange.name), () => topology.ensureExchange(vhost, exchange), signal),
    ensureQueue: (vhost, queue, signal) => shape(queueIn(vhost, queue.name), () => topology.ensureQueue(vhost, queue), signal),
    ensureQueuePolicy: (vhost, queue, policy, signal) =>
      setPolicy(vhost, queue, () => topology.ensureQueuePolicy(vhost, queue, policy), signal),
    ensureBinding: (vhost, binding, signal) =>
      shape(exchangeIn(vhost, binding.exchange), () => topology.ensureBinding(vhost, binding), signal),

    removeExchange: (vhost, exchange, signal) => shape(exchangeIn(vhost, exchange), () => topology.removeExchange(vhost, exchange), signal),
    removeQueue(vhost, queue, { contents }, signal) {
      const label = queueIn(vhost, queue)
      const work = () => {
        const id = idOf(vhost, queue)
        const held = id === undefined || contents ? 0 : messages.count(id)
        if (held > 0) throw new PortError('precondition-failed', `${label} holds messages (${held}), which would go with it.`)
        topology.removeQueue(vhost, queue)
      }
      return shape(label, work, signal)
    },
    removeQueuePolicy: (vhost, queue, signal) =>
      setPolicy(
        vhost,
        queue,
        () => {
          if (idOf(vhost, queue) !== undefined) topology.ensureQueuePolicy(vhost, queue, noPolicy)
        },
        signal,
      ),
    removeBinding: (vhost, binding, signal) =>
      shape(exchangeIn(vhost, binding.exchange), () => topology.removeBinding(vhost, binding), signal),
  }
}
