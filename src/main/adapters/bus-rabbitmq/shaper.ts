/** Declaring and removing over AMQP, which takes any name; policies and vhosts over the management API, which alone has them. */
import { PortError } from '../../../shared/errors'
import { exchangeIn, missing, queueIn } from '../../core/event-bus/words'
import type { BrokerRemover, BrokerShaper, QueuePolicy } from '../../core/ports/event-bus'
import { inequivalenceOf, replyCode, VhostRefused } from './answers'
import type { Channels } from './channels'
import { corrected, countsOf, DLX, declarationOf, declareQueue, learnQueue, ownOfExchange, policyIn, TTL } from './declare'
import type { Management } from './management'
import { MAX_TTL_MS } from './messages'
import { checkName, checkShort } from './names'
import { type QueueToCome, queuePolicies } from './queue-policies'
import { queueOf } from './rows'
import { isThere, openVhosts } from './vhosts'

export interface ShaperSide {
  readonly channels: Channels
  readonly management: Management | undefined
  /** Who speaks AMQP: a vhost that is made must let this user in. */
  readonly user: string
  onExchangeGone(exchange: string): void
}

/** What RabbitMQ answers, and closes the connection, where a quorum queue is to go only if it is empty. */
const NOT_IMPLEMENTED = 540

const nameOf = { exchange: 'The name of an exchange', queue: 'The name of a queue', key: 'The key of a binding' }

export function shaper({ channels, management, user, onExchangeGone }: ShaperSide): BrokerShaper & BrokerRemover {
  const vhosts = management === undefined ? undefined : openVhosts(management, user)
  const policies = management === undefined || vhosts === undefined ? undefined : queuePolicies(management, vhosts)

  /** Declare something, in a vhost that is made where it is missing and can be. */
  async function declare<T>(vhost: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (vhosts === undefined || !isVhostRefused(error)) throw error
      await vhosts.make(vhost, signal)
      return work()
    }
  }

  /** What is gone, with its whole vhost perhaps, need not be taken away. AMQP alone cannot tell that a vhost is not there. */
  async function unlessGone(vhost: string, signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (replyCode(error) === 404) return
      if (management !== undefined && isVhostRefused(error) && !(await isThere(management, vhost, signal))) return
      throw error
    }
  }

  async function policyByArguments(vhost: string, queue: string, wish: QueuePolicy, signal: AbortSignal): Promise<void> {
    const asked = { name: queue, type: 'classic' as const, ttl: wish.ttl, ...(wish.dlx === null ? {} : { dlx: wish.dlx }) }
    const found = await learnQueue(channels, vhost, asked, signal)
    if (found === undefined) throw missing(queueIn(vhost, queue))
    const is = policyIn(found.arguments)
    if (is.ttl === wish.ttl && is.dlx === wish.dlx) return
    throw new PortError(
      'incompatible',
      `${queueIn(vhost, queue)} was made with another TTL or dead-letter exchange; to change that needs the management API (RABBITMQ_MANAGEMENT_URL).`,
    )
  }

  async function deleteQueue(vhost: string, queue: string, contents: boolean, signal: AbortSignal): Promise<void> {
    const label = queueIn(vhost, queue)
    const counts = await countsOf(channels, vhost, queue, signal)
    if (counts === undefined) return
    const { messageCount, consumerCount } = counts
    const row = management === undefined ? undefined : await queueOf(management, vhost, queue, signal)
    const isClassic = row === undefined || row.type === 'classic'
    // What the API tells of a quorum queue is some seconds old.
    const held = Math.max(messageCount, row?.messages ?? 0)
    if (!contents && held > 0) throw new PortError('precondition-failed', `${label} holds messages (${held}), which would go with it.`)
    // AMQP does not tell what consumers have in hand.
    if (!contents && (row === undefined || !isClassic) && consumerCount > 0) {
      throw new PortError('precondition-failed', `${label} has consumers (${consumerCount}), which may have messages of it in hand.`)
    }
    // Only classic queues look once more when they go; for the others what was counted just now has to do.
    const looksAgain = !contents && isClassic
    try {
      const only = looksAgain ? { ifEmpty: true, ifUnused: management === undefined } : {}
      await channels.use(vhost, label, signal, (channel) => channel.deleteQueue(queue, only))
    } catch (error) {
      if (looksAgain && replyCode(error) === NOT_IMPLEMENTED) {
        await channels.use(vhost, label, signal, (channel) => channel.deleteQueue(queue))
        return
      }
      if (replyCode(error) !== 406) throw error
      throw new PortError('precondition-failed', `${label} holds messages, or is in use, and they would go with it.`, { cause: error })
    }
  }

  return {
    async ensureExchange(vhost, { name, type }, signal) {
      checkName(nameOf.exchange, name)
      await declare(vhost, signal, () =>
        channels
          .use(vhost, exchangeIn(vhost, name), signal, (channel) => channel.assertExchange(name, type, { durable: true }))
          .catch((error: unknown) => {
            const difference = inequivalenceOf(error)
            if (difference === undefined || ownOfExchange.has(difference.argument)) throw error
            return { exchange: name }
          }),
      )
    },

    async ensureQueue(vhost, wish, signal) {
      const { name, ttl = 0, dlx } = wish
      checkName(nameOf.queue, name)
      if (ttl * 1_000 > MAX_TTL_MS) throw tooLong(vhost, name, ttl)
      if (dlx !== undefined) checkName(nameOf.exchange, dlx)
      const byArguments = management === undefined
      const declaration = declarationOf(wish, byArguments)
      const own = new Set(['durable', 'auto_delete', 'x-queue-type', ...(byArguments ? [TTL, DLX] : [])])
      await declare(vhost, signal, () =>
        declareQueue(channels, vhost, name, declaration, signal, (difference, now) => {
          const { argument, received = 'none', current = 'none' } = difference
          // What the profile does not state, somebody else may have.
          if (!own.has(argument)) return corrected(difference, now)
          const what =
            argument === 'x-queue-type' ? `is of type ${current}, not ${received}` : `has ${argument} ${current}, not ${received}`
          throw new PortError('incompatible', `${queueIn(vhost, name)} ${what}, and that cannot be changed.`)
        }),
      )
    },

    async ensureQueuePolicy(vhost, queue, policy, signal) {
      checkPolicy(vhost, queue, policy, signal)
      if (policies === undefined) await policyByArguments(vhost, queue, policy, signal)
      else await policies.set(vhost, queue, policy, signal)
    },

    ...(policies && {
      async ensureQueuePolicyAhead(vhost: string, queue: QueueToCome, policy: QueuePolicy, signal: AbortSignal) {
        checkPolicy(vhost, queue.name, policy, signal)
        await policies.setAhead(vhost, queue, policy, signal)
      },
    }),

    async ensureBinding(vhost, { exchange, queue, key, arguments: given = {} }, signal) {
      checkName(nameOf.exchange, exchange)
      checkName(nameOf.queue, queue)
      checkShort(nameOf.key, key)
      for (const name of Object.keys(given)) checkShort('The name of an argument', name)
      const bound = `${queueIn(vhost, queue)}, bound to exchange ${JSON.stringify(exchange)}`
      await declare(vhost, signal, () => channels.use(vhost, bound, signal, (channel) => channel.bindQueue(queue, exchange, key, given)))
    },

    async removeExchange(vhost, exchange, signal) {
      checkName(nameOf.exchange, exchange)
      await unlessGone(vhost, signal, () =>
        channels.use(vhost, exchangeIn(vhost, exchange), signal, (channel) => channel.deleteExchange(exchange)),
      )
      onExchangeGone(exchange)
    },

    async removeQueue(vhost, queue, { contents }, signal) {
      checkName(nameOf.queue, queue)
      await unlessGone(vhost, signal, () => deleteQueue(vhost, queue, contents, signal))
      await policies?.remove(vhost, queue, signal)
    },

    async removeQueuePolicy(vhost, queue, signal) {
      signal.throwIfAborted()
      checkName(nameOf.queue, queue)
      if (policies !== undefined) return policies.remove(vhost, queue, signal)
      try {
        await policyByArguments(vhost, queue, { ttl: 0, dlx: null }, signal)
      } catch (error) {
        if (!(error instanceof PortError && error.code === 'not-found')) throw error
      }
    },

    async removeBinding(vhost, { exchange, queue, key, arguments: given = {} }, signal) {
      checkName(nameOf.exchange, exchange)
      checkName(nameOf.queue, queue)
      checkShort(nameOf.key, key)
      const bound = `${queueIn(vhost, queue)}, bound to exchange ${JSON.stringify(exchange)}`
      await unlessGone(vhost, signal, () =>
        channels.use(vhost, bound, signal, (channel) => channel.unbindQueue(queue, exchange, key, given)),
      )
    },
  }
}

function checkPolicy(vhost: string, queue: string, { ttl, dlx }: QueuePolicy, signal: AbortSignal): void {
  signal.throwIfAborted()
  checkName(nameOf.queue, queue)
  if (ttl * 1_000 > MAX_TTL_MS) throw tooLong(vhost, queue, ttl)
  if (dlx !== null) checkName(nameOf.exchange, dlx)
}

function tooLong(vhost: string, queue: string, ttl: number): PortError {
  return new PortError(
    'invalid',
    `${queueIn(vhost, queue)}: a TTL of ${ttl} seconds is more than the ${Math.floor(MAX_TTL_MS / 1_000)} that RabbitMQ keeps.`,
  )
}

function isVhostRefused(error: unknown): boolean {
  return error instanceof PortError && error.cause instanceof VhostRefused
}
