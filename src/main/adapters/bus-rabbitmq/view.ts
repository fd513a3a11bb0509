/** What the broker has: everything, where the management API lists it; else what AMQP tells of what is asked about. */
import { PortError } from '../../../shared/errors'
import { compareUtf8 } from '../../../shared/order'
import { compareBindings } from '../../../shared/profile/binding-arguments'
import type { BindingModel, ExchangeModel } from '../../../shared/profile/model'
import { exchangeIn } from '../../core/event-bus/words'
import type { BrokerQuestion, BrokerState, BrokerView, ExchangeState, QueueState, QueueWish } from '../../core/ports/event-bus'
import { type Amount, nothing } from '../../core/ports/object-storage'
import { inequivalenceOf, replyCode, VhostRefused } from './answers'
import type { Channels } from './channels'
import { countsOf, type Declared, learnQueue, ownOfExchange, policyIn } from './declare'
import type { Management } from './management'
import { checkName } from './names'
import { awaiting, holderOf, inForce } from './policies'
import { type BindingRow, bytesOf, type ExchangeRow, listing, type Policies, policiesOf, type QueueRow, queueOf } from './rows'

type Look = Omit<BrokerView, 'close'>

const byName = (one: { readonly name: string }, other: { readonly name: string }) => compareUtf8(one.name, other.name)

/** The type as the port has it, with whatever makes the thing another than one of ours. */
function typeOf(type: string, durable: boolean, others: Readonly<Record<string, boolean>>): string {
  const kinds = [...(durable ? [] : ['transient']), ...Object.entries(others).flatMap(([kind, is]) => (is ? [kind] : []))]
  return [type, ...kinds].join(', ')
}

/** `channels`: all that is done after a look is done over AMQP, so a look counts only where that lets this node in too. */
export function viewByManagement(management: Management, channels: Channels): Look {
  /** The refusal of the vhost, if RabbitMQ refused it. Any other failure rejects. */
  async function refusedVhost(vhost: string, signal: AbortSignal): Promise<PortError | undefined> {
    try {
      // A question that needs no rights and changes nothing: a connection may be open and lead nowhere any more.
      await channels.use(vhost, `Vhost ${JSON.stringify(vhost)}`, signal, (channel) => channel.prefetch(0))
      return undefined
    } catch (error) {
      if (error instanceof PortError && error.cause instanceof VhostRefused) return error
      throw error
    }
  }

  return {
    async describe(vhost, question, signal) {
      const [all, policies, refused] = await Promise.all([
        listing(management, vhost, signal),
        policiesOf(management, vhost, signal),
        refusedVhost(vhost, signal),
      ])
      if (all === undefined) return { exchanges: [], queues: [], bindings: [], vhostAbsent: true }
      if (refused !== undefined) throw notLetInto(vhost, refused)
      const wishes = new Map(question.queues.map((wish) => [wish.name, wish]))
      const there = new Set(all.queues.map(({ name }) => name))
      const held = question.queues.flatMap((wish): [string, string][] => {
        const by = there.has(wish.name) ? undefined : awaiting(wish, policies)
        return by === undefined ? [] : [[wish.name, by]]
      })
      return {
        exchanges: all.exchanges
          .filter(({ name }) => !isBuiltIn(name))
          .map(exchangeState)
          .sort(byName),
        queues: all.queues.map((row) => queueState(row, policies, wishes.get(row.name))).sort(byName),
        bindings: all.bindings
          .filter((row) => row.source !== '' && row.destination_type === 'queue')
          .map(binding)
          .sort(compareBindings),
        ...(held.length === 0 ? {} : { awaited: new Map(held) }),
      }
    },
    /**
     * The number is of this moment; the bytes are as RabbitMQ counted them last, which can be some seconds ago. Of a quorum queue the API
     * tells the number, too, as it was some seconds ago, and AMQP how many wait for delivery now: the larger of the two is told.
     */
    async contents(vhost, queue, _, signal): Promise<Amount> {
      const row = await queueOf(management, vhost, queue, signal)
      if (row === undefined) return nothing
      const waiting = row.type === 'classic' ? 0 : ((await countsOf(channels, vhost, queue, signal))?.messageCount ?? 0)
      const count = Math.max(row.messages ?? 0, waiting)
      return { count, bytes: count === 0 ? 0 : await bytesOf(management, vhost, queue, signal) }
    },
  }
}

/** To AMQP, a vhost that is not there and one that the user may not enter are the same. This one is there. */
function notLetInto(vhost: string, refused: PortError): PortError {
  const name = JSON.stringify(vhost)
  const message = `Vhost ${name} is there, and RabbitMQ does not let the user of AMQP_URL into it: give that user rights in it (rabbitmqctl set_permissions -p ${name}); if it has them, RabbitMQ's log says why.`
  return new PortError('unauthorized', message, { cause: refused.cause })
}

function isBuiltIn(exchange: string): boolean {
  return exchange === '' || exchange.startsWith('amq.')
}

function exchangeState({ name, type, durable, auto_delete, internal }: ExchangeRow): ExchangeState {
  return { name, type: typeOf(type, durable, { 'auto-delete': auto_delete, internal }) }
}

function queueState(row: QueueRow, policies: Policies, wish: QueueWish | undefined): QueueState {
  const { name, type, durable, auto_delete, exclusive } = row
  const heldBy = holderOf(row, policies, wish)
  return {
    name,
    type: typeOf(type, durable, { 'auto-delete': auto_delete, exclusive: exclusive === true }),
    policy: inForce(row, policies),
    ...(heldBy === undefined ? {} : { heldBy }),
  }
}

function binding({ source, destination, routing_key, arguments: given }: BindingRow): BindingModel {
  // A message fits a binding only with a header of the same type, and ours are all text.
  const named = Object.entries(given).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : `${JSON.stringify(value)} (${typeof value})`,
  ])
  return { exchange: source, queue: destination, key: routing_key, ...(named.length === 0 ? {} : { arguments: Object.fromEntries(named) }) }
}

const unseenBindings = 'AMQP cannot list bindings; that needs the management API (RABBITMQ_MANAGEMENT_URL)'
const unseenPolicies = 'AMQP shows no policies; that needs the management API (RABBITMQ_MANAGEMENT_URL)'

export function viewByAmqp(channels: Channels): Look {
  async function exchange(vhost: string, wish: ExchangeModel, signal: AbortSignal): Promise<ExchangeState[]> {
    const { name, type } = wish
    checkName('The name of an exchange', name)
    try {
      await channels.use(vhost, exchangeIn(vhost, name), signal, (channel) => channel.checkExchange(name))
    } catch (error) {
      if (replyCode(error) === 404) return []
      throw error
    }
    try {
      await channels.use(vhost, exchangeIn(vhost, name), signal, (channel) => channel.assertExchange(name, type, { durable: true }))
      return [wish]
    } catch (error) {
      const differs = inequivalenceOf(error)
      if (differs === undefined) throw error
      const { argument, current = 'none' } = differs
      if (!ownOfExchange.has(argument)) return [wish]
      // The type is compared first: with another difference it is the one that was asked about.
      return [{ name, type: argument === 'type' ? current : `${type}, ${argument} ${current}` }]
    }
  }

  async function queue(vhost: string, wish: QueueWish, signal: AbortSignal): Promise<QueueState[]> {
    const found = await learnQueue(channels, vhost, wish, signal).catch((error: unknown) => {
      // Somebody's own for as long as their connection lasts.
      if (replyCode(error) === 405) return { type: wish.type, exclusive: true, durable: true, autoDelete: false, arguments: {} }
      throw error
    })
    return found === undefined ? [] : [learntState(wish, found)]
  }

  function learntState(wish: QueueWish, found: Declared & { readonly exclusive?: boolean }): QueueState {
    const { type, durable, autoDelete, arguments: given, exclusive = false } = found
    return { name: wish.name, type: typeOf(type, durable, { 'auto-delete': autoDelete, exclusive }), policy: policyIn(given) }
  }

  return {
    async describe(vhost, question: BrokerQuestion, signal): Promise<BrokerState> {
      try {
        const [exchanges, queues] = await Promise.all([
          Promise.all(question.exchanges.map((wish) => exchange(vhost, wish, signal))),
          Promise.all(question.queues.map((wish) => queue(vhost, wish, signal))),
        ])
        const unseen = { bindings: [], unseenBindings, unseenPolicies }
        return { exchanges: exchanges.flat().sort(byName), queues: queues.flat().sort(byName), ...unseen }
      } catch (error) {
        if (error instanceof PortError && error.cause instanceof VhostRefused)
          throw new PortError('invalid', error.message, { cause: error.cause })
        throw error
      }
    },
    /** What waits for delivery. What consumers have in hand, and bytes, AMQP does not tell. */
    async contents(vhost, queue, _, signal) {
      const counts = await countsOf(channels, vhost, queue, signal)
      return counts === undefined ? nothing : { count: counts.messageCount, bytes: 0 }
    },
  }
}
