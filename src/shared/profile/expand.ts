/** From the written form to the canonical one: shorthands expanded, defaults filled in, unordered lists sorted. */
import { sortedBy } from '../order'
import { compareBindings } from './binding-arguments'
import type { BindingModel, BucketModel, ClassModel, Profile, PropertyModel, QueueModel, ServiceModel } from './model'
import type { WrittenProfile } from './schema'

type Spec = NonNullable<WrittenProfile['spec']>
type Item<T> = T extends readonly (infer I)[] ? I : never
type WrittenBucket = Item<NonNullable<Spec['storage']>['buckets']>
type WrittenQueue = Item<NonNullable<Spec['broker']>['queues']>
type WrittenBinding = Item<NonNullable<Spec['broker']>['bindings']>
type WrittenClass = Item<NonNullable<NonNullable<Spec['indices']>['weaviate']>['classes']>
type WrittenService = NonNullable<Spec['services']>[string]

/** Two spellings of one wish give equal results. Pure; expects a profile that passed every check. */
export function expand(written: WrittenProfile): Profile {
  const { storage, broker, indices, services } = written.spec ?? {}
  return {
    apiVersion: written.apiVersion,
    kind: written.kind,
    metadata: { name: written.metadata?.name ?? 'default' },
    spec: {
      storage: { buckets: byName((storage?.buckets ?? []).map(expandBucket)) },
      broker: {
        vhost: broker?.vhost ?? '/',
        exchanges: byName(broker?.exchanges ?? []),
        queues: byName((broker?.queues ?? []).map(expandQueue)),
        bindings: (broker?.bindings ?? []).map(expandBinding).sort(compareBindings),
      },
      indices: { weaviate: { classes: byName((indices?.weaviate?.classes ?? []).map(expandClass)) } },
      services: Object.fromEntries(Object.entries(services ?? {}).map(([name, service]) => [name, expandService(service)])),
    },
  }
}

function byName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return sortedBy(items, (item) => item.name)
}

function expandBinding({ exchange, queue, key, arguments: given }: WrittenBinding): BindingModel {
  return { exchange, queue, key, ...(given == null || Object.keys(given).length === 0 ? {} : { arguments: given }) }
}

function expandBucket({ name, versioning, lifecycle, tags, policy }: WrittenBucket): BucketModel {
  const rules =
    lifecycle?.days === undefined ? (lifecycle?.rules ?? []) : [{ id: 'thatdam-expire', prefix: '', expireDays: lifecycle.days }]
  return {
    name,
    ...(versioning === undefined ? {} : { versioning }),
    lifecycle: { rules: sortedBy(rules, (rule) => rule.id) },
    tags: tags ?? {},
    ...(policy === undefined ? {} : { policy }),
  }
}

function expandQueue({ name, type, ttl, dlx }: WrittenQueue): QueueModel {
  return { name, type, ttl, ...(dlx === undefined ? {} : { dlx }) }
}

function expandClass({ properties, tenants, ...rest }: WrittenClass): ClassModel {
  const expanded = (properties ?? []).map((one): PropertyModel => (typeof one === 'string' ? { name: one, type: 'text' } : one))
  return { ...rest, properties: byName(expanded), tenants: sortedBy(tenants ?? [], (name) => name) }
}

function expandService(service: WrittenService): ServiceModel {
  const { version, modules, migrations, dependsOn } = service ?? {}
  return {
    ...(version === undefined ? {} : { version }),
    modules: (modules ?? []).map(({ name, params }) => ({ name, params: params ?? {} })),
    migrations: migrations ?? [],
    dependsOn: sortedBy(dependsOn ?? [], (name) => name),
  }
}
