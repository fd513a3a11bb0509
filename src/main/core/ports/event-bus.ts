/**
 * Exchanges, queues and bindings, with the meaning AMQP 0-9-1 gives them as RabbitMQ implements it.
 *
 * Callers may rely on: every rejection is a `PortError` or the signal's own reason; a publish that resolved has reached every
 * durable queue bound at that moment and outlives a crash; delivery is at least once, in order per publisher and queue but for redelivery.
 * Adapters may rely on: names are 1 to 255 bytes of UTF-8, and no call follows `close`.
 */
import type { BindingModel, ExchangeModel, QueueModel } from '../../../shared/profile/model'

export interface OutgoingMessage {
  readonly body: Uint8Array
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
  /** The message id. A random UUID when absent. */
  readonly idempotencyKey?: string
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

/** One consumer's stream. Ending the iteration, or `close`, gives back what is not settled. */
export interface Subscription extends AsyncIterable<Delivery> {
  /** Settle a delivery of this stream; `not-found` for one that is not, or no longer, in hand. An ack that resolved is never delivered again. */
  settle(delivery: string, as: Settlement): Promise<void>
  close(): Promise<void>
}

export interface EventBus {
  readonly supports: { readonly ttl: boolean; readonly deadLetters: boolean; readonly dedupe: boolean }
  readonly authoritative: boolean
  /** Publish to an exchange that exists, else `not-found`. Unroutable is done (`routed: false`), unless `mandatory`. */
  publish(
    exchange: string,
    routingKey: string,
    message: OutgoingMessage,
    signal: AbortSignal,
  ): Promise<{ readonly messageId: string; readonly routed: boolean }>
  /** Consume a queue with at most `prefetch` deliveries unsettled. Competing consumers share it. */
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

export interface QueueState {
  readonly name: string
  readonly type: QueueModel['type']
  readonly policy: QueuePolicy
}

export interface BrokerState {
  readonly exchanges: readonly ExchangeModel[]
  readonly queues: readonly QueueState[]
  readonly bindings: readonly BindingModel[]
}

export interface BrokerView {
  /** Everything in the vhost. Reads only. */
  describe(vhost: string, signal: AbortSignal): Promise<BrokerState>
  close(): Promise<void>
}

/** Every `ensure` is idempotent; one that meets a resource of another shape rejects `incompatible`. */
export interface BrokerShaper {
  ensureExchange(vhost: string, exchange: ExchangeModel, signal: AbortSignal): Promise<void>
  ensureQueue(vhost: string, queue: Pick<QueueModel, 'name' | 'type'>, signal: AbortSignal): Promise<void>
  ensureQueuePolicy(vhost: string, queue: string, policy: QueuePolicy, signal: AbortSignal): Promise<void>
  ensureBinding(vhost: string, binding: BindingModel, signal: AbortSignal): Promise<void>
}
