/** Exchanges, queues, what is set on queues (TTL, dead-lettering), bindings. */
import { canonicalJson } from '../../../shared/hash'
import type { BindingModel, QueueModel } from '../../../shared/profile/model'
import type { BrokerShaper, BrokerState, BrokerView, QueuePolicy, QueueState } from '../ports/event-bus'
import { type Declaration, each, ownAmong, type Row, row, wishByName } from './declaration'

interface BrokerLook extends BrokerState {
  /** Of the queues whose policy differs from the wish: those whose policy is the one this node set. */
  readonly ownPolicies: ReadonlySet<string>
}

export const brokerDeclaration: Declaration<BrokerView, BrokerLook, BrokerShaper> = {
  component: 'broker',

  async look(profile, view, past, signal) {
    const state = await view.describe(profile.spec.broker.vhost, signal)
    const wishes = new Map(profile.spec.broker.queues.map((queue) => [queue.name, queue]))
    const differing = state.queues.flatMap(({ name, policy }) => {
      const wish = wishes.get(name)
      return wish === undefined || isNone(policy) || samePolicy(policy, wishedPolicy(wish)) ? [] : [{ name, found: policy }]
    })
    return { ...state, ownPolicies: await ownAmong(past, 'queue-policy', differing) }
  },

  diff(profile, state) {
    const { exchanges, queues, bindings } = profile.spec.broker
    const haveExchanges = new Map(state.exchanges.map((exchange) => [exchange.name, exchange]))
    const haveQueues = new Map(state.queues.map((queue) => [queue.name, queue]))
    const haveBindings = new Set(state.bindings.map(bindingName))
    return [
      ...exchanges.map((wish) => {
        const is = haveExchanges.get(wish.name)
        if (is === undefined) return row.create('exchange', wish.name, wish)
        if (is.type === wish.type) return row.same('exchange', wish.name)
        return row.needsMigration(
          'exchange',
          wish.name,
          { ...is },
          wish,
          `the exchange is of type ${is.type}; a type cannot be changed in place`,
        )
      }),
      ...queues.flatMap((wish) => queueRows(wish, haveQueues.get(wish.name), state.ownPolicies)),
      ...bindings.map((wish) => {
        const name = bindingName(wish)
        return haveBindings.has(name) ? row.same('binding', name) : row.create('binding', name, bindingValue(wish))
      }),
    ]
  },

  works(profile, rows, shaper) {
    const { vhost, exchanges, queues, bindings } = profile.spec.broker
    const exchangeOf = wishByName(exchanges, (exchange) => exchange.name)
    const queueOf = wishByName(queues, (queue) => queue.name)
    const bindingOf = wishByName(bindings, bindingName)
    return [
      each(rows, 'exchange', ({ name }, signal) => shaper.ensureExchange(vhost, exchangeOf(name), signal)),
      each(rows, 'queue', ({ name }, signal) => shaper.ensureQueue(vhost, queueOf(name), signal)),
      each(rows, 'queue-policy', ({ name }, signal) => shaper.ensureQueuePolicy(vhost, name, wishedPolicy(queueOf(name)), signal)),
      each(rows, 'binding', ({ name }, signal) => shaper.ensureBinding(vhost, bindingOf(name), signal)),
    ]
  },
}

function queueRows(wish: QueueModel, is: QueueState | undefined, own: ReadonlySet<string>): Row[] {
  const { name, type } = wish
  if (is === undefined) return [row.create('queue', name, { name, type }), ...policyRows(wish, undefined, false)]
  const queue =
    is.type === type
      ? row.same('queue', name)
      : row.needsMigration(
          'queue',
          name,
          { name, type: is.type },
          { name, type },
          `the queue is of type ${is.type}; a type cannot be changed in place`,
        )
  return [queue, ...policyRows(wish, is.policy, own.has(name))]
}

/** A queue for which the profile states neither TTL nor DLX has no row, unless this node once set one: then it is taken back. */
function policyRows(queue: QueueModel, is: QueuePolicy | undefined, own: boolean): Row[] {
  const wish = wishedPolicy(queue)
  const has = is !== undefined && !isNone(is)
  if (isNone(wish) && !(has && own)) return []
  const after = { ...wish }
  if (!has) return [row.create('queue-policy', queue.name, after)]
  if (samePolicy(is, wish)) return [row.same('queue-policy', queue.name)]
  const before = { ...is }
  if (own) return [row.update('queue-policy', queue.name, before, after, 'this node set another TTL or dead-letter exchange before')]
  return [row.needsMigration('queue-policy', queue.name, before, after, 'somebody else set another TTL or dead-letter exchange')]
}

function wishedPolicy({ ttl, dlx }: QueueModel): QueuePolicy {
  return { ttl, dlx: dlx ?? null }
}

function samePolicy(a: QueuePolicy, b: QueuePolicy): boolean {
  return a.ttl === b.ttl && a.dlx === b.dlx
}

function isNone({ ttl, dlx }: QueuePolicy): boolean {
  return ttl === 0 && dlx === null
}

/** `overlay -> ingest : media.#`, with the arguments of a headers exchange behind it; a name with white space in it is quoted, so that no two bindings share a name. */
function bindingName({ exchange, queue, key, arguments: more }: BindingModel): string {
  const behind = more === undefined || Object.keys(more).length === 0 ? '' : ` ${canonicalJson(more)}`
  return `${quoted(exchange)} -> ${quoted(queue)}${key === '' ? '' : ` : ${key}`}${behind}`
}

function bindingValue({ exchange, queue, key, arguments: more }: BindingModel) {
  return { exchange, queue, key, ...(more === undefined ? {} : { arguments: more }) }
}

function quoted(name: string): string {
  return /\s|^"/.test(name) ? JSON.stringify(name) : name
}
