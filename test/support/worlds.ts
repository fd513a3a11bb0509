/** Backends as plain data, for what is about reconciling and not about backends. Each is a view and a shaper on one state. */

import type { BrokerShaper, BrokerView, QueuePolicy } from '../../src/main/core/ports/event-bus'
import type { StorageShaper, StorageView } from '../../src/main/core/ports/object-storage'
import type { ClassState, IndexShaper, IndexView } from '../../src/main/core/ports/vector-index'
import { PortError } from '../../src/shared/errors'
import type { ClassModel, LifecycleRule, Policy } from '../../src/shared/profile/model'

export interface BucketWorld {
  versioning: boolean
  rules: Map<string, LifecycleRule>
  tags: Map<string, string>
  policy: Policy | null
}

export class StorageWorld implements StorageView, StorageShaper {
  readonly buckets = new Map<string, BucketWorld>()
  /** Called before every shaping call; what it throws is what the backend answers. */
  before: (call: string, bucket: string) => void | Promise<void> = () => {}

  async describe(asked: Parameters<StorageView['describe']>[0]): ReturnType<StorageView['describe']> {
    await this.before('describe', '')
    return new Map(
      asked.flatMap((question) => {
        const bucket = this.buckets.get(question.name)
        if (bucket === undefined) return []
        return [
          [
            question.name,
            {
              name: question.name,
              ...(question.versioning ? { versioning: bucket.versioning } : {}),
              ...(question.lifecycle ? { lifecycle: [...bucket.rules.values()] } : {}),
              ...(question.tags ? { tags: Object.fromEntries(bucket.tags) } : {}),
              ...(question.policy ? { policy: bucket.policy } : {}),
            },
          ],
        ] as const
      }),
    )
  }

  async ensureBucket(name: string): Promise<void> {
    await this.before('ensureBucket', name)
    if (!this.buckets.has(name)) this.buckets.set(name, { versioning: false, rules: new Map(), tags: new Map(), policy: null })
  }
  async ensureVersioning(name: string): Promise<void> {
    await this.before('ensureVersioning', name)
    this.bucket(name).versioning = true
  }
  async ensureLifecycle(name: string, rules: readonly LifecycleRule[]): Promise<void> {
    await this.before('ensureLifecycle', name)
    for (const rule of rules) this.bucket(name).rules.set(rule.id, rule)
  }
  async ensureTags(name: string, tags: Readonly<Record<string, string>>): Promise<void> {
    await this.before('ensureTags', name)
    for (const [key, value] of Object.entries(tags)) this.bucket(name).tags.set(key, value)
  }
  async ensurePolicy(name: string, policy: Policy): Promise<void> {
    await this.before('ensurePolicy', name)
    this.bucket(name).policy = policy === 'private' ? null : policy
  }
  private bucket(name: string): BucketWorld {
    const bucket = this.buckets.get(name)
    if (bucket === undefined) throw new PortError('not-found', `no bucket ${name}`)
    return bucket
  }
  async close(): Promise<void> {}
}

export class BrokerWorld implements BrokerView, BrokerShaper {
  readonly exchanges = new Map<string, { name: string; type: 'topic' | 'fanout' | 'direct' | 'headers' }>()
  readonly queues = new Map<string, { name: string; type: 'classic' | 'quorum'; policy: QueuePolicy }>()
  readonly bindings = new Map<string, { exchange: string; queue: string; key: string }>()
  before: (call: string, name: string) => void | Promise<void> = () => {}

  async describe(): ReturnType<BrokerView['describe']> {
    await this.before('describe', '')
    return { exchanges: [...this.exchanges.values()], queues: [...this.queues.values()], bindings: [...this.bindings.values()] }
  }
  async ensureExchange(_vhost: string, exchange: { name: string; type: 'topic' | 'fanout' | 'direct' | 'headers' }): Promise<void> {
    await this.before('ensureExchange', exchange.name)
    if (!this.exchanges.has(exchange.name)) this.exchanges.set(exchange.name, exchange)
  }
  async ensureQueue(_vhost: string, { name, type }: { name: string; type: 'classic' | 'quorum' }): Promise<void> {
    await this.before('ensureQueue', name)
    if (!this.queues.has(name)) this.queues.set(name, { name, type, policy: { ttl: 0, dlx: null } })
  }
  async ensureQueuePolicy(_vhost: string, name: string, policy: QueuePolicy): Promise<void> {
    await this.before('ensureQueuePolicy', name)
    const queue = this.queues.get(name)
    if (queue === undefined) throw new PortError('not-found', `no queue ${name}`)
    queue.policy = policy
  }
  async ensureBinding(_vhost: string, binding: { exchange: string; queue: string; key: string }): Promise<void> {
    await this.before('ensureBinding', binding.queue)
    if (!this.exchanges.has(binding.exchange)) throw new PortError('not-found', `no exchange ${binding.exchange}`)
    if (!this.queues.has(binding.queue)) throw new PortError('not-found', `no queue ${binding.queue}`)
    this.bindings.set(JSON.stringify(binding), binding)
  }
  async close(): Promise<void> {}
}

export class IndexWorld implements IndexView, IndexShaper {
  readonly classes = new Map<string, ClassState>()
  before: (call: string, name: string) => void | Promise<void> = () => {}

  async describe(names: readonly string[]): ReturnType<IndexView['describe']> {
    await this.before('describe', '')
    return new Map(names.flatMap((name) => (this.classes.has(name) ? [[name, this.required(name)] as const] : [])))
  }
  async ensureClass(wish: ClassModel): Promise<void> {
    await this.before('ensureClass', wish.name)
    if (!this.classes.has(wish.name)) this.classes.set(wish.name, { ...wish, tenants: [], multiTenancy: wish.tenants.length > 0 })
  }
  async ensureProperties(name: string, properties: ClassModel['properties']): Promise<void> {
    await this.before('ensureProperties', name)
    const found = this.required(name)
    const have = new Set(found.properties.map((property) => property.name))
    this.classes.set(name, { ...found, properties: [...found.properties, ...properties.filter((property) => !have.has(property.name))] })
  }
  async ensureTenants(name: string, tenants: readonly string[]): Promise<void> {
    await this.before('ensureTenants', name)
    const found = this.required(name)
    if (!found.multiTenancy) throw new PortError('incompatible', `class ${name} has no multi-tenancy`)
    this.classes.set(name, { ...found, tenants: [...new Set([...found.tenants, ...tenants])] })
  }
  private required(name: string): ClassState {
    const found = this.classes.get(name)
    if (found === undefined) throw new PortError('not-found', `no class ${name}`)
    return found
  }
  async close(): Promise<void> {}
}
