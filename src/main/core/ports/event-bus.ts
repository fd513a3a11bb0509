/**
 * Exchanges, queues and bindings, with the meaning AMQP 0-9-1 gives them as RabbitMQ implements it.
 *
 * Callers may rely on: every rejection is a `PortError` or the signal's own reason; a publish that resolved has reached every
 * durable queue bound at that moment and outlives a crash; delivery is at least once, in order per publisher and queue but for
 * redelivery. A requeued message goes back to its place.
 *
 * Expiry: a message lives for the smaller of its own `ttlMs` and its queue's TTL, counted from when it came into that queue. One that
 * has expired is never delivered. Dead letters: a message that is rejected, or that expires, is published to its queue's dead-letter
 * exchange (`dlx`) with the routing key it came with, in the same commit that takes it from its queue; without a `dlx`, or where that
 * exchange does not exist, it is dropped. It keeps its id, gets the headers of RabbitMQ (`x-first-death-reason`, `-queue`, `-exchange`,
 * `x-last-death-…` likewise; reasons are `rejected` and `expired`) and `x-death`, which here is JSON text: an array, newest first, of
 * `{ queue, reason, exchange, "routing-keys", count, time }`. Its own TTL ends with its first death. A message that would come to a
 * queue for the second time without having been rejected in between is dropped there, as in RabbitMQ, so that no loop runs by itself.
 *
 * Deduplication is per (queue, idempotency key) within a window of time and number: a publish with a key that a queue has seen adds
 * nothing to it, settled or not, and resolves as the first did. The same key with another body is `already-exists`. Where the backend
 * keeps no such memory (`supports.dedupe` is `consume`), a repeated message does come into the queue, and is taken out of it unseen where
 * this node acknowledged the key within the window.
 *
 * A headers exchange compares a binding's `arguments` with the headers of the message: all of them unless `x-match` is `any`;
 * names that begin with `x-` are not compared.
 *
 * Adapters may rely on: names, routing keys and idempotency keys are at most 255 bytes of UTF-8, names without control characters, and no
 * call follows `close`.
 */
import type { BindingModel, ExchangeModel, QueueModel } from '../../../shared/profile/model'
import type { Amount } from './object-storage'

export interface OutgoingMessage {
  readonly body: Uint8Array
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
  /** The message id. A random UUID when absent. */
  readonly idempotencyKey?: string
  /** Milliseconds the message lives in a queue, 0 or more; for ever when absent. */
  readonly ttlMs?: number
  /** Reject `not-found` when no queue is bound for it, instead of dropping it. */
  readonly mandatory?: boolean
}

export interface Delivery {
  /** Opaque, never reused, valid for the stream it came on. */
  readonly delivery: string
  readonly exchange: string
  readonly routingKey: string
  readonly headers: Readonly<Record<string, string>>
  readonly idempotencyKey: string
  readonly redelivered: boolean
  readonly contentType: string
  readonly body: Uint8Array
}

export type Settlement = 'ack' | 'requeue' | 'reject'

/**
 * One consumer's stream. Ending the iteration, `close`, or an abort of the signal it was made with gives back what is not settled,
 * and the iteration ends. It throws `unavailable` where the backend was lost, and `not-found` where the queue was deleted.
 */
export interface Subscription extends AsyncIterable<Delivery> {
  /** Settle a delivery of this stream; `not-found` for one that is not, or no longer, in hand. An ack that resolved is never delivered again. */
  settle(delivery: string, as: Settlement): Promise<void>
  close(): Promise<void>
}

export interface EventBus {
  readonly supports: {
    readonly ttl: boolean
    readonly deadLetters: boolean
    /** Whether a key that a queue has seen is refused when it is published again, or not delivered again to who acknowledged it. */
    readonly dedupe: 'publish' | 'consume'
    /** It knows how long each message has been in its queue. */
    readonly ages: boolean
    /** The policy of a queue can be set and changed; else a queue keeps what it was made with, and any other is `incompatible`. */
    readonly policies: boolean
    /** A look sees all there is, bindings among it; else what it asks about, and no bindings. */
    readonly lists: boolean
    /**
     * What it can tell of what a queue holds: number and bytes `at once`; the `number` at once and the bytes a while later; or only the
     * number of messages that are `waiting` for delivery, as 0 bytes.
     */
    readonly contents: 'at once' | 'number' | 'waiting'
  }
  readonly authoritative: boolean
  /** Publish to an exchange that exists, else `not-found`. Unroutable is done (`routed: false`), unless `mandatory`. */
  publish(
    exchange: string,
    routingKey: string,
    message: OutgoingMessage,
    signal: AbortSignal,
  ): Promise<{ readonly messageId: string; readonly routed: boolean }>
  /** Consume a queue with at most `prefetch` deliveries unsettled, 1 to 65,535, else `invalid`. Competing consumers share it. */
  consume(queue: string, options: { readonly prefetch: number }, signal: AbortSignal): Promise<Subscription>
  /** Release what was opened; every subscription ends. Safe to call twice. */
  close(): Promise<void>
}

/** What stands for TTL and dead-lettering of one queue. `0` and `null` for none. */
export interface QueuePolicy {
  /** Seconds a message lives. */
  readonly ttl: number
  readonly dlx: string | null
}

/** An exchange as it is. Its type equals one of the model only where it is durable and in all else as this node makes them; else it says how not. */
export interface ExchangeState {
  readonly name: string
  readonly type: string
}

export interface QueueState {
  readonly name: string
  /** As that of an exchange. */
  readonly type: string
  /** What is in force, however it was set. */
  readonly policy: QueuePolicy
  /** What of somebody else's a policy of ours would displace, or would be without effect under: only one policy applies to a queue. */
  readonly heldBy?: string
}

export interface BrokerState {
  readonly exchanges: readonly ExchangeState[]
  readonly queues: readonly QueueState[]
  readonly bindings: readonly BindingModel[]
  /** The same as `QueueState.heldBy` of queues that were asked about and do not exist yet, by name. */
  readonly awaited?: ReadonlyMap<string, string>
  /** The vhost itself is not there; it is made with the first thing in it. */
  readonly vhostAbsent?: true
  /** Why bindings cannot be seen on this backend. Where it is given, `bindings` is empty and says nothing. */
  readonly unseenBindings?: string
  /**
   * Why policies cannot be seen on this backend. Where it is given, the `policy` of a queue is what the queue was made with, and another
   * may be in force.
   */
  readonly unseenPolicies?: string
}

/** A queue to be made. */
export type QueueWish = Pick<QueueModel, 'name' | 'type'> & Partial<Pick<QueueModel, 'ttl' | 'dlx'>>

/** What a plan wants to know: what the profile states, and what this node made besides. A backend that can list everything may ignore it. */
export interface BrokerQuestion {
  readonly exchanges: readonly ExchangeModel[]
  readonly queues: readonly QueueWish[]
}

export interface BrokerView {
  /** What was asked about and exists, or everything in the vhost. A vhost that does not exist holds nothing. Reads only. */
  describe(vhost: string, question: BrokerQuestion, signal: AbortSignal): Promise<BrokerState>
  /**
   * What a queue holds, delivered or not; with `before` (milliseconds since the epoch) only what came into it before then, or, where
   * the backend cannot tell (`supports.ages`), all of it. A queue that does not exist holds nothing.
   */
  contents(vhost: string, queue: string, options: { readonly before?: number }, signal: AbortSignal): Promise<Amount>
  close(): Promise<void>
}

/** Every `ensure` is idempotent; one that meets a resource of another shape rejects `incompatible`. */
export interface BrokerShaper {
  ensureExchange(vhost: string, exchange: ExchangeModel, signal: AbortSignal): Promise<void>
  /** Its `ttl` and `dlx` are for a backend that can set them only when a queue is made; everywhere else `ensureQueuePolicy` sets them. */
  ensureQueue(vhost: string, queue: QueueWish, signal: AbortSignal): Promise<void>
  ensureQueuePolicy(vhost: string, queue: string, policy: QueuePolicy, signal: AbortSignal): Promise<void>
  /**
   * The same for a queue that is yet to be made, where the backend can set a policy before there is what it applies to: the queue has it from
   * its first message on. Rejects `incompatible` where what is somebody else's would hold the queue.
   */
  ensureQueuePolicyAhead?(vhost: string, queue: Pick<QueueWish, 'name' | 'type'>, policy: QueuePolicy, signal: AbortSignal): Promise<void>
  ensureBinding(vhost: string, binding: BindingModel, signal: AbortSignal): Promise<void>
}

/** What takes things away. Only the destroy rows of an acknowledged plan reach it; removing what is absent succeeds. */
export interface BrokerRemover {
  /** Its bindings go with it. */
  removeExchange(vhost: string, exchange: string, signal: AbortSignal): Promise<void>
  /** Its bindings go with it. A queue that holds messages is refused `precondition-failed` unless `contents` says that they may go. */
  removeQueue(vhost: string, queue: string, options: { readonly contents: boolean }, signal: AbortSignal): Promise<void>
  removeQueuePolicy(vhost: string, queue: string, signal: AbortSignal): Promise<void>
  removeBinding(vhost: string, binding: BindingModel, signal: AbortSignal): Promise<void>
}
