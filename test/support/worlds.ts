/** Backends as plain data, for what is about reconciling and not about backends. Each is a view and a shaper on one state. */

import type { BrokerRemover, BrokerShaper, BrokerView, QueuePolicy } from '../../src/main/core/ports/event-bus'
import type { Amount, BucketFeature, StorageRemover, StorageShaper, StorageView } from '../../src/main/core/ports/object-storage'
import type { ClassState, IndexRemover, IndexShaper, IndexView } from '../../src/main/core/ports/vector-index'
import { PortError } from '../../src/shared/errors'
import { expiredBefore } from '../../src/shared/expiry'
import type { BindingModel, ClassModel, LifecycleRule, Policy } from '../../src/shared/profile/model'

export interface BucketWorld {
  versioning: boolean
  rules: Map<string, LifecycleRule>
  tags: Map<string, string>
  policy: Policy | null
  /** Objects by key, with the moment each was stored. */
  objects: Map<string, number>
}

const amount = (count: number): Amount => ({ count, bytes: count })

function refuseFull(count: number, contents: boolean, what: string): void {
  if (count > 0 && !contents) throw new PortError('precondition-failed', `${what} is not empty`)
}

export class StorageWorld implements StorageView, StorageShaper, StorageRemover {
  readonly buckets = new Map<string, BucketWorld>()
  /** What this server does not offer. */
  lacks: readonly BucketFeature[] = []
  /** Called before every shaping call; what it throws is what the backend answers. */
  before: (call: string, bucket: string) => void | Promise<void> = () => {}

  async describe(asked: Parameters<StorageView['describe']>[0]): ReturnType<StorageView['describe']> {
    await this.before('describe', '')
    return new Map(
      asked.flatMap((question) => {
        const bucket = this.buckets.get(question.name)
        if (bucket === undefined) return []
        const lacks = this.lacks.filter((feature) => question[feature])
        const asks = (feature: BucketFeature) => question[feature] && !lacks.includes(feature)
        return [
          [
            question.name,
            {
              name: question.name,
              ...(asks('versioning') ? { versioning: bucket.versioning } : {}),
              ...(asks('lifecycle') ? { lifecycle: [...bucket.rules.values()] } : {}),
              ...(asks('tags') ? { tags: Object.fromEntries(bucket.tags) } : {}),
              ...(asks('policy') ? { policy: bucket.policy } : {}),
              ...(lacks.length > 0 ? { lacks } : {}),
            },
          ],
        ] as const
      }),
    )
  }

  async ensureBucket(name: string): Promise<void> {
    await this.before('ensureBucket', name)
    if (!this.buckets.has(name))
      this.buckets.set(name, { versioning: false, rules: new Map(), tags: new Map(), policy: null, objects: new Map() })
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
  async expirable(name: string, { prefix, expireDays }: Parameters<StorageView['expirable']>[1], at: number): Promise<Amount> {
    const stored = [...(this.buckets.get(name)?.objects ?? [])]
    return amount(stored.filter(([key, moment]) => key.startsWith(prefix) && moment <= expiredBefore(at, expireDays)).length)
  }
  async contents(name: string): Promise<Amount> {
    return amount(this.buckets.get(name)?.objects.size ?? 0)
  }
  async removeBucket(name: string, { contents }: { contents: boolean }): Promise<void> {
    await this.before('removeBucket', name)
    refuseFull(this.buckets.get(name)?.objects.size ?? 0, contents, name)
    this.buckets.delete(name)
  }
  async removeLifecycleRule(name: string, id: string): Promise<void> {
    await this.before('removeLifecycleRule', name)
    this.buckets.get(name)?.rules.delete(id)
  }
  async removeTag(name: string, key: string): Promise<void> {
    await this.before('removeTag', name)
    this.buckets.get(name)?.tags.delete(key)
  }
  async removePolicy(name: string): Promise<void> {
    await this.before('removePolicy', name)
    const bucket = this.buckets.get(name)
    if (bucket !== undefined) bucket.policy = null
  }
  private bucket(name: string): BucketWorld {
    const bucket = this.buckets.get(name)
    if (bucket === undefined) throw new PortError('not-found', `no bucket ${name}`)
    return bucket
  }
  async close(): Promise<void> {}
}

export class BrokerWorld implements BrokerView, BrokerShaper, BrokerRemover {
  readonly exchanges = new Map<string, { name: string; type: 'topic' | 'fanout' | 'direct' | 'headers' }>()
  readonly queues = new Map<string, { name: string; type: 'classic' | 'quorum'; policy: QueuePolicy }>()
  readonly bindings = new Map<string, BindingModel>()
  /** By queue: the moments at which messages came in. */
  readonly messages = new Map<string, number[]>()
  /** By queue: the policy of somebody else's that applies to it. */
  readonly holders = new Map<string, string>()
  /** By name of a queue that does not exist yet: the policy of somebody else's that waits for it. */
  readonly awaiting = new Map<string, string>()
  /** Whether the vhost that is asked about is still to be made. */
  vhostAbsent = false
  /** Why this broker shows no bindings. */
  unseenBindings: string | undefined
  /** Set where the policy of a queue can be set before the queue is made. */
  ensureQueuePolicyAhead?: NonNullable<BrokerShaper['ensureQueuePolicyAhead']>
  /** Why it shows no policies. `policy` of a queue is then what it was made with. */
  unseenPolicies: string | undefined
  before: (call: string, name: string) => void | Promise<void> = () => {}

  async describe(): ReturnType<BrokerView['describe']> {
    await this.before('describe', '')
    const queues = [...this.queues.values()].map((queue) => {
      const heldBy = this.holders.get(queue.name)
      return heldBy === undefined ? queue : { ...queue, heldBy }
    })
    const policies = this.unseenPolicies === undefined ? {} : { unseenPolicies: this.unseenPolicies }
    const absent = this.vhostAbsent ? { vhostAbsent: true as const } : {}
    const seen = { exchanges: [...this.exchanges.values()], queues, awaited: this.awaiting, ...policies, ...absent }
    if (this.unseenBindings === undefined) return { ...seen, bindings: [...this.bindings.values()] }
    return { ...seen, bindings: [], unseenBindings: this.unseenBindings }
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
  async ensureBinding(_vhost: string, binding: BindingModel): Promise<void> {
    await this.before('ensureBinding', binding.queue)
    if (!this.exchanges.has(binding.exchange)) throw new PortError('not-found', `no exchange ${binding.exchange}`)
    if (!this.queues.has(binding.queue)) throw new PortError('not-found', `no queue ${binding.queue}`)
    this.bindings.set(JSON.stringify(binding), binding)
  }
  async contents(_vhost: string, name: string, { before = Number.POSITIVE_INFINITY }: { before?: number }): Promise<Amount> {
    return amount((this.messages.get(name) ?? []).filter((moment) => moment < before).length)
  }
  async removeExchange(_vhost: string, name: string): Promise<void> {
    await this.before('removeExchange', name)
    this.exchanges.delete(name)
    for (const [key, binding] of this.bindings) if (binding.exchange === name) this.bindings.delete(key)
  }
  async removeQueue(_vhost: string, name: string, { contents }: { contents: boolean }): Promise<void> {
    await this.before('removeQueue', name)
    refuseFull(this.messages.get(name)?.length ?? 0, contents, name)
    this.queues.delete(name)
    this.messages.delete(name)
    for (const [key, binding] of this.bindings) if (binding.queue === name) this.bindings.delete(key)
  }
  async removeQueuePolicy(_vhost: string, name: string): Promise<void> {
    await this.before('removeQueuePolicy', name)
    const queue = this.queues.get(name)
    if (queue !== undefined) queue.policy = { ttl: 0, dlx: null }
  }
  async removeBinding(_vhost: string, binding: BindingModel): Promise<void> {
    await this.before('removeBinding', binding.queue)
    this.bindings.delete(JSON.stringify(binding))
  }
  async close(): Promise<void> {}
}

export class IndexWorld implements IndexView, IndexShaper, IndexRemover {
  /** By class: the tenant of each object. */
  readonly objects = new Map<string, (string | undefined)[]>()
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
  async contents(name: string, tenant: string | undefined): Promise<Amount> {
    return amount((this.objects.get(name) ?? []).filter((one) => tenant === undefined || one === tenant).length)
  }
  async removeClass(name: string, { contents }: { contents: boolean }): Promise<void> {
    await this.before('removeClass', name)
    refuseFull(this.objects.get(name)?.length ?? 0, contents, name)
    this.classes.delete(name)
    this.objects.delete(name)
  }
  async removeTenant(name: string, tenant: string, { contents }: { contents: boolean }): Promise<void> {
    await this.before('removeTenant', name)
    refuseFull((await this.contents(name, tenant)).count, contents, `${name}/${tenant}`)
    const found = this.classes.get(name)
    if (found !== undefined) this.classes.set(name, { ...found, tenants: found.tenants.filter((one) => one !== tenant) })
    this.objects.set(
      name,
      (this.objects.get(name) ?? []).filter((one) => one !== tenant),
    )
  }
  private required(name: string): ClassState {
    const found = this.classes.get(name)
    if (found === undefined) throw new PortError('not-found', `no class ${name}`)
    return found
  }
  async close(): Promise<void> {}
}
