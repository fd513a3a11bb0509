/** What this node made at the broker and the profile names no longer: what of it may go, and what must stay. */
import { eventExchange } from '../../../shared/events'
import type { ChangeKind } from '../../../shared/plan'
import type { BindingModel, Profile } from '../../../shared/profile/model'
import type { BrokerState, BrokerView } from '../ports/event-bus'
import { bindingName, bindingValue, isNone, samePolicy, wishedPolicy } from './broker-names'
import { ownAmong, type Sight } from './declaration'
import { type Row, row, unnamed, unnamedHolding } from './rows'

/** A binding goes with its exchange or queue, a policy with its queue. What somebody else hung on an exchange or a queue keeps it. */
export async function brokerLeftovers(
  { spec: { broker } }: Profile,
  state: BrokerState,
  { view, past, made }: Sight<BrokerView>,
  signal: AbortSignal,
): Promise<Row[]> {
  // What cannot be seen may be somebody else's, and would go along.
  if (made.length === 0 || state.unseenBindings !== undefined) return []
  const key = (kind: ChangeKind, name: string) => `${kind} ${name}`
  const ours = new Set(made.map(({ kind, name }) => key(kind, name)))
  const wished = new Set([
    ...broker.exchanges.map(({ name }) => key('exchange', name)),
    ...broker.queues.map(({ name }) => key('queue', name)),
    ...broker.bindings.map((binding) => key('binding', bindingName(binding))),
    // The node makes sure of it itself.
    key('exchange', eventExchange.name),
  ])
  const isLeft = (kind: ChangeKind, name: string) => ours.has(key(kind, name)) && !wished.has(key(kind, name))
  const foreign = state.bindings.filter((binding) => !ours.has(key('binding', bindingName(binding))))

  const leftQueues = state.queues
    .filter(({ name }) => isLeft('queue', name))
    .map((queue) => ({ ...queue, held: foreign.find((binding) => binding.queue === queue.name) }))
  const goingQueues = new Set(leftQueues.flatMap(({ name, held }) => (held === undefined ? [name] : [])))
  const queueRows = await Promise.all(
    leftQueues.map(async ({ name, type, held }) => {
      if (held !== undefined) return row.keep('queue', name, { name, type }, `somebody else bound it to exchange ${held.exchange}`)
      const holds = await view.contents(broker.vhost, name, {}, signal)
      return row.remove('queue', name, { name, type }, unnamedHolding(holds, 'message'), holds)
    }),
  )

  const wishedQueues = new Map(broker.queues.map((queue) => [queue.name, queue]))
  const standing = state.queues.filter(({ name, policy }) => !isNone(policy) && !goingQueues.has(name))
  const own = await ownAmong(
    past,
    'queue-policy',
    standing.map(({ name, policy }) => ({ name, found: policy })),
  )
  const leftPolicies = standing.filter(({ name }) => !wishedQueues.has(name) && ours.has(key('queue-policy', name)) && own.has(name))
  const leaving = new Set(leftPolicies.map(({ name }) => name))
  /** A policy that is this node's own is brought to the wish before anything goes. */
  const staying = standing.filter(({ name, policy }) => {
    const wish = wishedQueues.get(name)
    return !leaving.has(name) && (wish === undefined || !own.has(name) || samePolicy(policy, wishedPolicy(wish)))
  })

  const goingExchanges = new Set<string>()
  const exchangeRows = state.exchanges
    .filter(({ name }) => isLeft('exchange', name))
    .map(({ name, type }) => {
      const held = foreign.find((binding) => binding.exchange === name)
      if (held !== undefined) return row.keep('exchange', name, { name, type }, `somebody else bound queue ${held.queue} to it`)
      const letter = staying.find(({ policy }) => policy.dlx === name)
      if (letter !== undefined) return row.keep('exchange', name, { name, type }, `queue ${letter.name} dead-letters to it`)
      goingExchanges.add(name)
      return row.remove('exchange', name, { name, type }, unnamed)
    })

  const goesAlong = ({ exchange, queue }: BindingModel) => goingExchanges.has(exchange) || goingQueues.has(queue)
  return [
    ...queueRows,
    ...exchangeRows,
    ...leftPolicies.map(({ name, policy }) => row.remove('queue-policy', name, { ...policy }, unnamed)),
    ...state.bindings
      .filter((binding) => isLeft('binding', bindingName(binding)) && !goesAlong(binding))
      .map((binding) => row.remove('binding', bindingName(binding), bindingValue(binding), unnamed)),
  ]
}
