/**
 * An EnvironmentProfile with every shorthand expanded and every default filled in: the form that the engine compares
 * with the world and that generations are computed from. The form people write is in `schema.ts`.
 */
import { z } from 'zod'

const lifecycleRuleModel = z.strictObject({
  id: z.string(),
  /** Keys it applies to; `''` for all. */
  prefix: z.string(),
  /** Age in days after which an object expires. */
  expireDays: z.int().positive(),
})
export type LifecycleRule = z.infer<typeof lifecycleRuleModel>

/** `private`, `public-read`, or an S3 policy document. */
const policyModel = z.union([z.enum(['private', 'public-read']), z.record(z.string(), z.json())])
export type Policy = z.infer<typeof policyModel>

const bucketModel = z.strictObject({
  name: z.string(),
  /** Absent: not managed. */
  versioning: z.boolean().optional(),
  lifecycle: z.strictObject({ rules: z.array(lifecycleRuleModel) }),
  tags: z.record(z.string(), z.string()),
  /** Absent: not managed. */
  policy: policyModel.optional(),
})
export type BucketModel = z.infer<typeof bucketModel>

export const exchangeModel = z.strictObject({ name: z.string(), type: z.enum(['topic', 'fanout', 'direct', 'headers']) })
export type ExchangeModel = z.infer<typeof exchangeModel>

export const queueModel = z.strictObject({
  name: z.string(),
  type: z.enum(['classic', 'quorum']),
  /** How long a message lives, in seconds; 0 for ever. */
  ttl: z.int().nonnegative(),
  /** Exchange that dead messages go to. */
  dlx: z.string().optional(),
})
export type QueueModel = z.infer<typeof queueModel>

const bindingModel = z.strictObject({
  exchange: z.string(),
  queue: z.string(),
  key: z.string(),
  /** What a headers exchange compares with a message, `x-match` included; absent where there are none. */
  arguments: z.record(z.string(), z.string()).optional(),
})
export type BindingModel = z.infer<typeof bindingModel>

const scalarTypes = ['text', 'int', 'number', 'boolean', 'date', 'uuid'] as const
export const propertyTypes = [...scalarTypes, ...scalarTypes.map((type) => `${type}[]` as const), 'vectorRef'] as const
export const propertyModel = z.strictObject({ name: z.string(), type: z.enum(propertyTypes) })
export type PropertyModel = z.infer<typeof propertyModel>

export const classModel = z.strictObject({
  name: z.string(),
  vectorizer: z.string(),
  distance: z.enum(['cosine', 'dot', 'l2']),
  search: z.enum(['approximate', 'exact']),
  properties: z.array(propertyModel),
  tenants: z.array(z.string()),
})
export type ClassModel = z.infer<typeof classModel>

const serviceModel = z.strictObject({
  version: z.string().optional(),
  modules: z.array(z.strictObject({ name: z.string(), params: z.record(z.string(), z.json()) })),
  migrations: z.array(z.string()),
  dependsOn: z.array(z.string()),
})
export type ServiceModel = z.infer<typeof serviceModel>

const profileModel = z.strictObject({
  apiVersion: z.literal('thatdam/v1'),
  kind: z.literal('EnvironmentProfile'),
  metadata: z.strictObject({ name: z.string() }),
  spec: z.strictObject({
    storage: z.strictObject({ buckets: z.array(bucketModel) }),
    broker: z.strictObject({
      vhost: z.string(),
      exchanges: z.array(exchangeModel),
      queues: z.array(queueModel),
      bindings: z.array(bindingModel),
    }),
    indices: z.strictObject({ weaviate: z.strictObject({ classes: z.array(classModel) }) }),
    services: z.record(z.string(), serviceModel),
  }),
})
export type Profile = z.infer<typeof profileModel>
