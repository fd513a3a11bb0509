/** Exchanges, queues, what is set on queues (TTL, dead-lettering), bindings. */

import type { Change, ChangeKind } from '../../../shared/plan'
import type { BindingModel, Profile, QueueModel } from '../../../shared/profile/model'
import type { BrokerQuestion, BrokerRemover, BrokerShaper, BrokerState, BrokerView, QueuePolicy, QueueState } from '../ports/event-bus'
import type { Resource } from '../ports/journal'
import type { Amount } from '../ports/object-storage'
import { brokerLeftovers } from './broker-leftovers'
import { bindingEnds, bindingName, bindingValue, isNone, samePolicy, wishedPolicy } from './broker-names'
import { type Declaration, doneAmong, ownAmong, type Past, type Sight } from './declaration'
import { amountText, each, narrowings, type Row, removals, row, wishByName, withContents } from './rows'

interface BrokerLook extends BrokerState {
  /** Of the queues whose policy differs from the wish: those whose policy is the one this node set. */
  readonly ownPolicies: ReadonlySet<string>
  /** Where bindings cannot be seen: those of the profile that this node declared before. */
  readonly declared: ReadonlySet<string>
  /** Where policies cannot be seen: the queues for which this node set the wished one before. */
  readonly declaredPolicies: ReadonlySet<string>
  /** Of the queues whose TTL is new or shorter: the messages that are older than it. */
  readonly expiring: ReadonlyMap<string, Amount>
  /** `destroy` rows of what this node made and the profile names no longer. */
  readonly leftovers: readonly Row[]
}

export const brokerDeclaration: Declaration<BrokerView, BrokerLook, BrokerShaper, BrokerRemover> = {
  component: 'broker',

  areaOf: (profile) => profile.spec.broker.vhost,

  async look(profile, sight, signal) {
    const { view, past, made } = sight
    const state = await view.describe(profile.spec.broker.vhost, questionOf(profile, made), signal)
    const wishes = new Map(profile.spec.broker.queues.map((queue) => [queue.name, queue]))
    const differing = state.queues.flatMap(({ name, policy }) => {
      const wish = wishes.get(name)
      return wish === undefined || isNone(policy) || samePolicy(policy, wishedPolicy(wish)) ? [] : [{ name, found: policy }]
    })
    return {
      ...state,
      ownPolicies: await ownAmong(past, 'queue-policy', differing),
      declared: state.unseenBindings === undefined ? new Set() : await declaredBefore(profile, past),
      declaredPolicies: state.unseenPolicies === undefined ? new Set() : await policiesBefore(profile, past),
      expiring: await measureTtl(profile, state, sight, signal),
      leftovers: await brokerLeftovers(profile, state, sight, signal),
    }
  },

  diff(profile, state) {
    const { vhost, exchanges, queues, bindings } = profile.spec.broker
    const haveExchanges = new Map(state.exchanges.map((exchange) => [exchange.name, exchange]))
    const haveQueues = new Map(state.queues.map((queue) => [queue.name, queue]))
    const rows = [
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
      ...queues.flatMap((wish) => queueRows(wish, haveQueues.get(wish.name), state)),
      ...bindingRows(bindings, state),
      ...state.leftovers,
    ]
    // No row of its own: nobody asks for a vhost but to put something in it, and with that it is made.
    return state.vhostAbsent === true
      ? rows.map((one) => ({ ...one, reason: `${one.reason}; so is vhost ${vhost}, which is made first` }))
      : rows
  },

  wholesOf({ kind, name }) {
    if (kind === 'queue-policy') return [{ kind: 'queue', name }]
    return kind === 'binding' ? bindingEnds(name) : []
  },

  works(profile, rows, shaper) {
    const { vhost, exchanges, queues, bindings } = profile.spec.broker
    const exchangeOf = wishByName(exchanges, (exchange) => exchange.name)
    const queueOf = wishByName(queues, (queue) => queue.name)
    const bindingOf = wishByName(bindings, bindingName)
    const toCome = new Set(rows.filter(({ kind, action }) => kind === 'queue' && action === 'create').map(({ name }) => name))
    const isAhead = ({ name }: Change) => shaper.ensureQueuePolicyAhead !== undefined && toCome.has(name)
    return [
      each(rows, 'exchange', ({ name }, signal) => shaper.ensureExchange(vhost, exchangeOf(name), signal)),
      each(rows.filter(isAhead), 'queue-policy', async ({ name }, signal) => {
        const wish = queueOf(name)
        await shaper.ensureQueuePolicyAhead?.(vhost, wish, wishedPolicy(wish), signal)
      }),
      each(rows, 'queue', ({ name }, signal) => shaper.ensureQueue(vhost, queueOf(name), signal)),
      each(
        rows.filter((one) => !isAhead(one)),
        'queue-policy',
        ({ name }, signal) => shaper.ensureQueuePolicy(vhost, name, wishedPolicy(queueOf(name)), signal),
      ),
      each(rows, 'binding', ({ name }, signal) => shaper.ensureBinding(vhost, bindingOf(name), signal)),
    ]
  },

  destroys(profile, rows, { shaper, remover }) {
    const { vhost } = profile.spec.broker
    return [
      ...brokerDeclaration.works(profile, narrowings(rows), shaper),
      [
        ...removals(rows, 'binding', ({ before }, signal) => remover.removeBinding(vhost, before as BindingModel, signal)),
        ...removals(rows, 'queue-policy', ({ name }, signal) => remover.removeQueuePolicy(vhost, name, signal)),
      ],
      removals(rows, 'queue', (one, signal) => remover.removeQueue(vhost, one.name, withContents(one), signal)),
      removals(rows, 'exchange', ({ name }, signal) => remover.removeExchange(vhost, name, signal)),
    ]
  },
}

/** What the profile states, and what this node made besides. */
function questionOf({ spec: { broker } }: Profile, made: readonly Resource[]): BrokerQuestion {
  const others = (kind: ChangeKind, wished: readonly { readonly name: string }[]) => {
    const named = new Set(wished.map(({ name }) => name))
    return made.filter((one) => one.kind === kind && !named.has(one.name)).map(({ name }) => name)
  }
  return {
    exchanges: [...broker.exchanges, ...others('exchange', broker.exchanges).map((name) => ({ name, type: 'topic' as const }))],
    queues: [...broker.queues, ...others('queue', broker.queues).map((name) => ({ name, type: 'classic' as const }))],
  }
}

function declaredBefore({ spec: { broker } }: Profile, past: Past): Promise<ReadonlySet<string>> {
  return doneAmong(
    past,
    'binding',
    broker.bindings.map((wish) => ({ name: bindingName(wish), found: bindingValue(wish) })),
  )
}

/** A binding that cannot be seen, and that this node declared, is taken to stand as long as both of its ends do. */
function bindingRows(wishes: readonly BindingModel[], { exchanges, queues, bindings, unseenBindings, declared }: BrokerLook): Row[] {
  const have = new Set(bindings.map(bindingName))
  const standing = { exchanges: new Set(exchanges.map(({ name }) => name)), queues: new Set(queues.map(({ name }) => name)) }
  return wishes.map((wish) => {
    const name = bindingName(wish)
    if (have.has(name)) return row.same('binding', name)
    if (unseenBindings === undefined) return row.create('binding', name, bindingValue(wish))
    const stands = declared.has(name) && standing.exchanges.has(wish.exchange) && standing.queues.has(wish.queue)
    return stands
      ? row.unseen('binding', name, unseenBindings)
      : row.create('binding', name, bindingValue(wish), `not known to stand: ${unseenBindings}`)
  })
}

async function measureTtl(
  { spec: { broker } }: Profile,
  { queues, unseenPolicies }: BrokerState,
  { view, at }: Sight<BrokerView>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Amount>> {
  // Which TTL is in force is not known then, and none is set.
  if (unseenPolicies !== undefined) return new Map()
  const policies = new Map(queues.map(({ name, policy }) => [name, policy]))
  const shorter = broker.queues.filter(({ name, ttl }) => {
    const is = policies.get(name)?.ttl
    return is !== undefined && ttl > 0 && (is === 0 || ttl < is)
  })
  const amounts = await Promise.all(
    shorter.map(async ({ name, ttl }) => [name, await view.contents(broker.vhost, name, { before: at - ttl * 1000 }, signal)] as const),
  )
  return new Map(amounts.filter(([, { count }]) => count > 0))
}

function policiesBefore({ spec: { broker } }: Profile, past: Past): Promise<ReadonlySet<string>> {
  return doneAmong(
    past,
    'queue-policy',
    broker.queues.map((wish) => ({ name: wish.name, found: wishedPolicy(wish) })),
  )
}

type Standing = Pick<BrokerLook, 'ownPolicies' | 'expiring' | 'awaited' | 'unseenPolicies' | 'declaredPolicies'>

function queueRows(wish: QueueModel, is: QueueState | undefined, standing: Standing): Row[] {
  const { name, type } = wish
  if (is === undefined) return [row.create('queue', name, { name, type }), ...policyRows(wish, undefined, standing)]
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
  return [queue, ...policyRows(wish, is, standing)]
}

/** A queue for which the profile states neither TTL nor DLX has no row, unless this node once set one: then it is taken back. */
function policyRows(queue: QueueModel, found: QueueState | undefined, standing: Standing): Row[] {
  const { ownPolicies, expiring, awaited, unseenPolicies } = standing
  const is = found?.policy
  const own = ownPolicies.has(queue.name)
  const wish = wishedPolicy(queue)
  const has = is !== undefined && !isNone(is)
  if (isNone(wish) && !(has && own)) return []
  const after = { ...wish }
  if (is !== undefined && unseenPolicies !== undefined) return [unseenPolicyRow(queue, is, unseenPolicies, standing.declaredPolicies)]
  if (has && samePolicy(is, wish)) return [row.same('queue-policy', queue.name)]
  const heldBy = found?.heldBy ?? awaited?.get(queue.name)
  if (heldBy !== undefined) {
    const reason = `${heldBy} applies to the queue, and only one policy can: ours would displace it`
    return [row.needsMigration('queue-policy', queue.name, is === undefined ? null : { ...is }, after, reason)]
  }
  const loses = expiring.get(queue.name)
  if (loses !== undefined && (!has || own)) {
    const where = wish.dlx === null ? 'and be gone' : `to dead-letter exchange ${wish.dlx}`
    const what = `${amountText(loses, 'message')} older than ${wish.ttl} seconds would leave the queue at once, ${where}`
    return [row.narrow('queue-policy', queue.name, has ? { ...is } : undefined, after, loses, what)]
  }
  // Whether a policy waits for a queue that is not there, no look tells.
  if (found === undefined) return [row.create('queue-policy', queue.name, after, 'set with its queue')]
  if (!has) return [row.create('queue-policy', queue.name, after)]
  const before = { ...is }
  if (own) return [row.update('queue-policy', queue.name, before, after, 'this node set another TTL or dead-letter exchange before')]
  return [row.needsMigration('queue-policy', queue.name, before, after, 'somebody else set another TTL or dead-letter exchange')]
}

/** `is`: what the queue was made with. That is in force only where no policy says otherwise, and a policy may say what it does not. */
function unseenPolicyRow(queue: QueueModel, is: QueuePolicy, why: string, declared: ReadonlySet<string>): Row {
  const { name } = queue
  const wish = wishedPolicy(queue)
  if (samePolicy(is, wish)) return row.unseen('queue-policy', name, why, 'taken to stand, as the queue was made so')
  if (isNone(is) && declared.has(name)) return row.unseen('queue-policy', name, why)
  const reason = `the queue was made with another TTL or dead-letter exchange; whether a policy sets them cannot be seen, and none can be set: ${why}`
  return row.needsMigration('queue-policy', name, { ...is }, { ...wish }, reason)
}
