/**
 * TTL and dead letters of a queue where the management API is at hand: a policy of ours for each queue, called `thatdam-` and the name
 * of the queue, that names this queue alone.
 *
 * Only one policy applies to a queue, that of the highest priority. Ours have priority 1: above 0, which a policy for everything usually
 * has, so that it is never left to chance which of the two applies; and below what somebody chose to go before others.
 */
import type { QueuePolicy, QueueWish } from '../../core/ports/event-bus'
import { DLX, secondsOf, TTL } from './declare'
import { exactly, type Policies, type PolicyRow, type QueueRow } from './rows'

export function policyName(queue: string): string {
  return `thatdam-${queue}`
}

export function isOurs({ name, pattern }: PolicyRow, queue: string): boolean {
  return name === policyName(queue) && pattern === exactly(queue)
}

export function policyBody(queue: string, { ttl, dlx }: QueuePolicy) {
  return {
    pattern: exactly(queue),
    'apply-to': 'queues',
    priority: 1,
    definition: { ...(ttl > 0 ? { 'message-ttl': ttl * 1_000 } : {}), ...(dlx === null ? {} : { 'dead-letter-exchange': dlx }) },
  }
}

/** Which of several policies applies to a queue, as RabbitMQ finds it. A pattern that only Erlang understands is taken to match nothing. */
function firstFor({ name, type }: { readonly name: string; readonly type: string }, policies: readonly PolicyRow[]): PolicyRow | undefined {
  const kinds = ['all', 'queues', `${type}_queues`]
  return policies
    .filter((one) => kinds.includes(one['apply-to']) && matches(one.pattern, name))
    .toSorted((one, other) => other.priority - one.priority)[0]
}

function matches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern.replaceAll('\\A', '^').replaceAll('\\z', '$')).test(name)
  } catch {
    return false
  }
}

/**
 * What is in force. The policy is the one that RabbitMQ says applies; which one of the operator's does, a listing up to the moment does not
 * tell. Of TTLs the smallest counts, of dead-letter exchanges that of the queue's own arguments before that of a policy.
 */
export function inForce(row: QueueRow, { policies, operators }: Policies): QueuePolicy {
  const { arguments: given, policy } = row
  const applied = policies.get(policy ?? '')?.definition ?? {}
  const imposed = firstFor(row, operators)?.definition ?? {}
  const ttls = [given[TTL], applied['message-ttl'], imposed['message-ttl']].filter((ttl) => typeof ttl === 'number')
  const dlx = [given[DLX], imposed['dead-letter-exchange'], applied['dead-letter-exchange']].find((one) => typeof one === 'string')
  return { ttl: ttls.length === 0 ? 0 : secondsOf(Math.min(...ttls)), dlx: dlx ?? null }
}

/** What of somebody else's will hold a queue of this name once it is made. */
export function awaiting(wish: Pick<QueueWish, 'name' | 'type'>, { policies }: Policies): string | undefined {
  const first = firstFor(wish, [...policies.values()])
  return first === undefined || isOurs(first, wish.name) ? undefined : `policy ${JSON.stringify(first.name)}`
}

/** A queue that is yet to be made, as it will be listed when it is. */
export function queueToCome({ name, type }: Pick<QueueWish, 'name' | 'type'>, { policies }: Policies): QueueRow {
  const policy = firstFor({ name, type }, [...policies.values()])?.name
  return { name, type, durable: true, auto_delete: false, arguments: {}, policy }
}

/** What of somebody else's stands in the way of a policy of ours that would bring about `wish`. */
export function holderOf(
  row: QueueRow,
  { policies, operators }: Policies,
  wish: Pick<QueueWish, 'ttl' | 'dlx'> | undefined,
): string | undefined {
  const applied = policies.get(row.policy ?? '')
  if (applied !== undefined && !isOurs(applied, row.name)) return `policy ${JSON.stringify(applied.name)}`
  const namesake = policies.get(policyName(row.name))
  if (namesake !== undefined && !isOurs(namesake, row.name)) return `policy ${JSON.stringify(namesake.name)}`
  if (wish === undefined) return undefined
  const { ttl = 0, dlx = null } = wish
  const tooShort = (one: unknown) => typeof one === 'number' && (ttl === 0 || one < ttl * 1_000)
  const imposed = firstFor(row, operators)
  const elsewhere = (one: unknown) => typeof one === 'string' && one !== dlx
  if (imposed !== undefined && (tooShort(imposed.definition['message-ttl']) || elsewhere(imposed.definition['dead-letter-exchange']))) {
    return `operator policy ${JSON.stringify(imposed.name)}`
  }
  if (tooShort(row.arguments[TTL])) return `its own argument ${TTL}`
  return elsewhere(row.arguments[DLX]) ? `its own argument ${DLX}` : undefined
}
