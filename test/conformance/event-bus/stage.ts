/** What the cases stand on: a bus over a fresh store, and short words for what they do with it. */
import { expect, it } from 'vitest'
import type {
  BrokerQuestion,
  BrokerRemover,
  BrokerShaper,
  BrokerState,
  BrokerView,
  Delivery,
  EventBus,
  OutgoingMessage,
  QueuePolicy,
  Subscription,
} from '../../../src/main/core/ports/event-bus'
import type { Amount } from '../../../src/main/core/ports/object-storage'
import type { BindingModel, ExchangeModel, QueueModel } from '../../../src/shared/profile/model'

export type Bus = EventBus & BrokerShaper & BrokerRemover

/** Each harness has a store of its own, empty at first. */
export interface EventBusHarness {
  /** The vhost that publish and consume speak to. */
  readonly vhost: string
  /** Another vhost, which exists. */
  readonly otherVhost: string
  /** How long, and how many, idempotency keys the buses of this harness remember: a window that a case can fill and let pass. */
  readonly dedupe: { readonly windowMs: number; readonly keysPerQueue: number }
  /** Let time pass for the store, whether a bus is open or not. */
  elapse(ms: number): Promise<void>
  /** Wall time as the store counts it. */
  now(): number
  /** A bus over the harness's store. The cases have at most one open at a time. */
  open(): Promise<Bus>
  view(): Promise<BrokerView>
  /** Delete a queue of `vhost` as a person would, behind the back of any bus that is open. */
  deleteQueue(name: string): Promise<void>
  dispose(): Promise<void>
}

export interface Stage {
  readonly vhost: string
  readonly otherVhost: string
  readonly bus: Bus
  readonly dedupe: EventBusHarness['dedupe']
  /** Close the bus in an orderly way and open it again over the same store. */
  reopen(between?: () => Promise<void>): Promise<void>
  /** Let time pass, and what it brings about happen. */
  elapse(ms: number): Promise<void>
  /** The same while the bus is closed. */
  elapseClosed(ms: number): Promise<void>
  now(): number
  contents(queue: string, before?: number): Promise<Amount>
  /** What `contents` tells of a queue that holds so much, of which `inHand` was delivered. */
  told(amount: Amount, inHand?: number): unknown
  policy(queue: string, policy: Partial<QueuePolicy>): Promise<void>
  /** All there is in a vhost; on a backend that tells only what it is asked, all that was ever ensured here and still is. */
  look(vhost?: string): Promise<BrokerState>
  /** What of these bindings a look shows. */
  seen(bindings: readonly BindingModel[]): readonly BindingModel[]
  deleteQueue(name: string): Promise<void>
  /** An exchange with queues bound by these keys. */
  declare(exchange: string, type: ExchangeModel['type'], bindings: Readonly<Record<string, readonly string[]>>): Promise<void>
  /** A queue, from the start with this policy; named again, with the one that it has. */
  queue(name: string, policy?: Partial<QueuePolicy>): Promise<void>
  /** Publish to an exchange. */
  send(exchange: string, key: string, body: string, more?: Partial<OutgoingMessage>): ReturnType<Bus['publish']>
  /** Put numbered messages straight into a queue, one after the other. */
  fill(queue: string, bodies: readonly string[]): Promise<void>
  consume(queue: string, prefetch?: number, signal?: AbortSignal): Promise<Reader>
  /** Everything the queue holds now, each acknowledged. */
  drain(queue: string): Promise<Delivery[]>
  /** A message went through the whole bus: what was about to happen on it has happened. */
  barrier(): Promise<void>
  dispose(): Promise<void>
}

/** A stream read by hand, so that stopping to read does not end it. */
export interface Reader {
  readonly subscription: Subscription
  next(): Promise<IteratorResult<Delivery, unknown>>
  take(count: number): Promise<Delivery[]>
}

/** A case for a backend that can do what it needs, and the one line that says so where it cannot. */
export function itWhere(stage: () => Stage, can: (supports: Bus['supports']) => boolean, reason: string) {
  return (name: string, work: () => Promise<void>) =>
    it(name, async (context) => {
      context.skip(!can(stage().bus.supports), `this bus says that it ${reason}`)
      await work()
    })
}

/** What an embedded bus answers whatever is asked. */
export const everything = { exchanges: [], queues: [] }

const barrier = 'barrier'

export const never = new AbortController().signal
export const bytes = (text: string) => new TextEncoder().encode(text)
export const text = (body: Uint8Array) => new TextDecoder().decode(body)
export const bodies = (deliveries: readonly Delivery[]) => deliveries.map(({ body }) => text(body))
/** What a message has died of, newest first. */
export function deathsOf({ headers }: Pick<Delivery, 'headers'>): { readonly [name: string]: unknown }[] {
  const text = headers['x-death']
  return text === undefined ? [] : (JSON.parse(text) as { [name: string]: unknown }[])
}
/** `count` texts, `0` and up. */
export const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n))

/** Names that a careless adapter would mix up, cut or refuse. */
export const oddNames: readonly string[] = [
  'with space',
  ' leading and trailing ',
  '.dots.at.the.ends.',
  '..',
  'очередь',
  '消息🎬',
  'é',
  'e\u0301',
  'quote\'s "and" `ticks`',
  'percent%2Fslash/back\\slash',
  '__proto__',
  'constructor',
  '*',
  '#',
  'a'.repeat(255),
  'ж'.repeat(127),
]

export async function openStage(harness: EventBusHarness): Promise<Stage> {
  const { vhost, otherVhost } = harness
  const made = memory()
  const policies = new Map<string, Partial<QueuePolicy>>()
  let bus = made.of(await harness.open())
  let barriers = 0

  const stage: Stage = {
    vhost,
    otherVhost,
    get bus() {
      return bus
    },
    dedupe: harness.dedupe,
    now: () => harness.now(),
    elapseClosed: (ms) => harness.elapse(ms),
    async reopen(between) {
      await bus.close()
      await between?.()
      bus = made.of(await harness.open())
    },
    async look(at = vhost) {
      const view = await harness.view()
      try {
        const { unseenBindings, unseenPolicies, ...state } = await view.describe(at, made.question(at), never)
        expect(unseenBindings === undefined).toBe(bus.supports.lists)
        expect(unseenPolicies === undefined).toBe(bus.supports.policies)
        return state
      } finally {
        await view.close()
      }
    },
    seen: (bindings) => (bus.supports.lists ? bindings : []),
    told({ count, bytes }, inHand = 0) {
      if (bus.supports.contents === 'at once') return { count, bytes }
      if (bus.supports.contents === 'waiting') return { count: count - inHand, bytes: 0 }
      return { count, bytes: expect.any(Number) }
    },
    async elapse(ms) {
      await harness.elapse(ms)
      await stage.barrier()
    },
    async contents(queue, before) {
      const view = await harness.view()
      try {
        return await view.contents(vhost, queue, before === undefined ? {} : { before }, never)
      } finally {
        await view.close()
      }
    },
    policy: (queue, policy) => bus.ensureQueuePolicy(vhost, queue, { ttl: 0, dlx: null, ...policy }, never),
    deleteQueue: (name) => harness.deleteQueue(name),
    async declare(exchange, type, bindings) {
      await bus.ensureExchange(vhost, { name: exchange, type }, never)
      for (const [queue, keys] of Object.entries(bindings)) {
        await stage.queue(queue)
        for (const key of keys) await bus.ensureBinding(vhost, { exchange, queue, key }, never)
      }
    },
    async queue(name, policy) {
      if (policy !== undefined) policies.set(name, policy)
      const { ttl = 0, dlx = null } = policies.get(name) ?? {}
      await bus.ensureQueue(vhost, { name, type: 'classic', ...(ttl === 0 ? {} : { ttl }), ...(dlx === null ? {} : { dlx }) }, never)
      if (policy !== undefined) await stage.policy(name, policy)
    },
    send: (exchange, key, body, more = {}) => bus.publish(exchange, key, { body: bytes(body), ...more }, never),
    async fill(queue, contents) {
      for (const body of contents) await stage.send('', queue, body)
    },
    consume: async (queue, prefetch = 100, signal = never) => reader(await bus.consume(queue, { prefetch }, signal)),
    async drain(queue) {
      const end = `end of ${queue}`
      await stage.send('', queue, end)
      const { subscription, next } = await stage.consume(queue)
      const found: Delivery[] = []
      const settled: Promise<void>[] = []
      for (;;) {
        const { done, value } = await next()
        expect(done).toBe(false)
        const delivery = value as Delivery
        settled.push(subscription.settle(delivery.delivery, 'ack'))
        if (text(delivery.body) === end) break
        found.push(delivery)
      }
      await Promise.all(settled)
      await subscription.close()
      return found
    },
    async barrier() {
      barriers += 1
      const queue = `${barrier} ${barriers}`
      await stage.queue(queue)
      expect(await stage.drain(queue)).toEqual([])
    },
    async dispose() {
      await bus.close()
      await harness.dispose()
    },
  }
  return stage
}

/** What was ever ensured, by vhost: a backend that cannot list must be asked by name. */
function memory(): { of(bus: Bus): Bus; question(vhost: string): BrokerQuestion } {
  const exchanges = new Map<string, Map<string, ExchangeModel>>()
  const queues = new Map<string, Map<string, Pick<QueueModel, 'name' | 'type'>>>()
  function keep<T extends { readonly name: string }>(all: Map<string, Map<string, T>>, vhost: string, one: T): void {
    const known = all.get(vhost) ?? new Map<string, T>()
    all.set(vhost, known)
    if (!known.has(one.name)) known.set(one.name, one)
  }
  return {
    of: (bus) => ({
      ...bus,
      ensureExchange(vhost, exchange, signal) {
        keep(exchanges, vhost, exchange)
        return bus.ensureExchange(vhost, exchange, signal)
      },
      ensureQueue(vhost, queue, signal) {
        keep(queues, vhost, queue)
        return bus.ensureQueue(vhost, queue, signal)
      },
    }),
    question: (vhost) => ({
      exchanges: [...(exchanges.get(vhost)?.values() ?? [])],
      queues: [...(queues.get(vhost)?.values() ?? [])].filter(({ name }) => !name.startsWith(barrier)),
    }),
  }
}

function reader(subscription: Subscription): Reader {
  const iterator = subscription[Symbol.asyncIterator]()
  return {
    subscription,
    next: () => iterator.next(),
    async take(count) {
      const taken: Delivery[] = []
      while (taken.length < count) {
        const { done, value } = await iterator.next()
        if (done) throw new Error(`the stream ended after ${taken.length} of ${count} deliveries`)
        taken.push(value)
      }
      return taken
    },
  }
}
