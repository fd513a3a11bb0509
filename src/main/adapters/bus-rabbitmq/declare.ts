/**
 * What AMQP can learn of a queue. It answers nothing but whether a declaration equals what is there, and where not, what one of the
 * arguments is. So the declaration is brought nearer to the truth, one refusal after the other, until it is accepted.
 */
import type { Options } from 'amqplib'
import { PortError } from '../../../shared/errors'
import { queueIn } from '../../core/event-bus/words'
import type { QueuePolicy, QueueWish } from '../../core/ports/event-bus'
import { type Inequivalence, inequivalenceOf, replyCode } from './answers'
import type { Channels } from './channels'
import { checkName } from './names'

/** A queue as it is declared. */
export interface Declared {
  readonly type: string
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly arguments: Readonly<Record<string, unknown>>
}

export const TTL = 'x-message-ttl'
export const DLX = 'x-dead-letter-exchange'
const TYPE = 'x-queue-type'

/** What a declaration of ours says about an exchange, in the order in which RabbitMQ compares. Anything else may be as somebody else wants it. */
export const ownOfExchange: ReadonlySet<string> = new Set(['type', 'durable', 'auto_delete', 'internal'])

/** Every argument that RabbitMQ compares, and then some: a declaration that is still refused is another matter. */
const MOST_ROUNDS = 24

/** How the queue is declared that this wish makes. With `policy` its TTL and dead letters are arguments. */
export function declarationOf({ type, ttl = 0, dlx }: QueueWish, policy: boolean): Declared {
  const given = policy ? { ...(ttl > 0 ? { [TTL]: ttl * 1_000 } : {}), ...(dlx === undefined ? {} : { [DLX]: dlx }) } : {}
  return { type, durable: true, autoDelete: false, arguments: given }
}

/** What the arguments of a queue say about its TTL and dead letters. */
export function policyIn(given: Readonly<Record<string, unknown>>): QueuePolicy {
  const ttl = given[TTL]
  const dlx = given[DLX]
  return { ttl: typeof ttl === 'number' ? secondsOf(ttl) : 0, dlx: typeof dlx === 'string' ? dlx : null }
}

/** RabbitMQ has a TTL of 0, which is to expire at once; for the port 0 is none. */
export function secondsOf(ms: number): number {
  return Math.max(ms, 1) / 1_000
}

/** Declare a queue that may be there already, and learn how it is declared. Arguments of `learnt` that turn out otherwise are taken over. */
export async function declareQueue(
  channels: Channels,
  vhost: string,
  name: string,
  wish: Declared,
  signal: AbortSignal,
  learnt: (difference: Inequivalence, now: Declared) => Declared,
): Promise<Declared> {
  let now = wish
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const refused = await channels
      .use(vhost, queueIn(vhost, name), signal, (channel) => channel.assertQueue(name, optionsOf(now)))
      .then(
        () => undefined,
        (error: unknown) => {
          const difference = inequivalenceOf(error)
          if (difference === undefined) throw error
          return difference
        },
      )
    if (refused === undefined) return now
    now = learnt(refused, now)
  }
  throw new PortError('internal', `${queueIn(vhost, name)}: it cannot be learnt how it is declared.`)
}

function optionsOf({ type, durable, autoDelete, arguments: given }: Declared): Options.AssertQueue {
  // Said for a vhost whose default is another type; left out it would be the same as classic.
  return { durable, autoDelete, arguments: { ...given, [TYPE]: type } }
}

/** The declaration with what the refusal told of the queue. */
export function corrected({ argument, current, currentType }: Inequivalence, now: Declared): Declared {
  if (argument === 'durable') return { ...now, durable: current === 'true' }
  if (argument === 'auto_delete') return { ...now, autoDelete: current === 'true' }
  if (argument === TYPE) return { ...now, type: current ?? 'classic' }
  const { [argument]: declared, ...others } = now.arguments
  if (current === undefined) return { ...now, arguments: others }
  return { ...now, arguments: { ...others, [argument]: readValue(current, currentType ?? typeof declared) } }
}

/** The type is left out where both values have the same, which then is that of the declared one. */
function readValue(text: string, type: string): unknown {
  if (type === 'bool' || type === 'boolean') return text === 'true'
  return type === 'longstr' || type === 'string' ? text : Number(text)
}

/** How a queue that is there is declared, or undefined. Nothing is made: it is looked for first. */
export async function learnQueue(channels: Channels, vhost: string, wish: QueueWish, signal: AbortSignal): Promise<Declared | undefined> {
  const { name } = wish
  checkName('The name of a queue', name)
  if ((await countsOf(channels, vhost, name, signal)) === undefined) return undefined
  return declareQueue(channels, vhost, name, declarationOf(wish, true), signal, corrected)
}

export interface Counts {
  /** Messages that wait for delivery. */
  readonly messageCount: number
  readonly consumerCount: number
}

/** What AMQP tells of a queue; undefined where it is not there. */
export async function countsOf(channels: Channels, vhost: string, queue: string, signal: AbortSignal): Promise<Counts | undefined> {
  try {
    return await channels.use(vhost, queueIn(vhost, queue), signal, (channel) => channel.checkQueue(queue))
  } catch (error) {
    if (replyCode(error) === 404) return undefined
    throw error
  }
}
