/**
 * An EnvironmentProfile as people write it, shorthands included. Its descriptions are shown by editors (through the JSON
 * Schema made from it) and as hints in errors; `expand.ts` turns it into the form of `model.ts`.
 */
import { z } from 'zod'
import { classModel, exchangeModel, propertyModel, queueModel } from './model'
import {
  bindingKey,
  bucketName,
  className,
  exchangeName,
  type Grammar,
  headerName,
  headerValue,
  keyPrefix,
  label,
  nameError,
  propertyName,
  queueName,
  ruleId,
  serviceName,
  tagKey,
  tagValue,
  tenantName,
  vectorizerName,
  vhostName,
} from './names'
import { count, utf8Length } from './text'

/** Any JSON value. The reader has already refused what JSON cannot hold. */
const jsonValue = z.json()

function meta({ allowed, json }: Grammar, description: string) {
  return { description: `${description} ${allowed.charAt(0).toUpperCase()}${allowed.slice(1)}.`, ...json }
}

/** A text that keeps to a grammar; what the grammar allows is the hint of the error. */
function named(grammar: Grammar, description: string) {
  return z
    .string()
    .superRefine((name, context) => {
      const message = nameError(grammar, name)
      if (message !== undefined) context.addIssue({ code: 'custom', message, params: { hint: grammar.allowed } })
    })
    .meta(meta(grammar, description))
}

/** A key that somebody chose. `crosscheck.ts` holds it to its grammar: zod would leave the value of a bad key unchecked. */
function key(grammar: Grammar, description: string) {
  return z.string().meta(meta(grammar, description))
}

/** A list that may be left out or empty; at most `most` items long. */
function list<T extends z.ZodType>(item: T, description: string, most = Number.POSITIVE_INFINITY) {
  return z
    .array(item)
    .superRefine((items, context) => {
      if (items.length <= most) return
      context.addIssue({ code: 'custom', message: `there are ${count(items.length)} items here, and there can be ${count(most)} at most` })
    })
    .meta(Number.isFinite(most) ? { maxItems: most } : {})
    .nullish()
    .meta({ description })
}

/** S3 and MinIO both count expiry in whole days and keep them in 32 bits. */
const days = z.int().min(1).max(2_147_483_647)

const lifecycleRule = z.strictObject({
  id: named(ruleId, 'Id of the rule, unique in its bucket. Rules are merged by it.'),
  prefix: named(keyPrefix, 'Which keys the rule applies to, by how they begin.').default(''),
  expireDays: days.meta({ description: 'Age in days after which an object expires.' }),
})

const lifecycle = z.strictObject({
  days: days.optional().meta({
    description:
      'Shorthand for one rule named thatdam-expire over every key: age in days after which an object expires. Not together with rules.',
  }),
  rules: list(lifecycleRule, 'Expiry rules. Rules of the bucket that are not named here are left alone. Not together with days.', 1000),
})

const maxPolicyBytes = 20 * 1024

const policyDocument = z
  .object({
    Version: z.enum(['2012-10-17', '2008-10-17']).optional().meta({ description: 'Version of the policy language.' }),
    Statement: z
      .union([z.array(z.record(z.string(), jsonValue)), z.record(z.string(), jsonValue)])
      .meta({ description: 'The statements: who (Principal) may or may not (Effect) do what (Action) with which objects (Resource).' }),
  })
  .catchall(jsonValue)
  .superRefine((document, context) => {
    if (utf8Length(JSON.stringify(document)) <= maxPolicyBytes) return
    context.addIssue({ code: 'custom', message: `a policy document can be ${count(maxPolicyBytes)} bytes long at most` })
  })

const policy = z.union([z.enum(['private', 'public-read']), policyDocument]).meta({
  description: 'Who may read the bucket: private, public-read, or an S3 policy document. Left out: not managed.',
})

const maxTags = 50

const tags = z
  .record(key(tagKey, 'Key of a tag.'), named(tagValue, 'Value of a tag.'))
  .superRefine((record, context) => {
    const size = Object.keys(record).length
    if (size <= maxTags) return
    context.addIssue({ code: 'custom', message: `there are ${size} tags here, and a bucket can have ${maxTags} at most` })
  })
  .nullish()
  .meta({ description: 'Tags of the bucket, as text. Tags that are not named here are left alone.' })

const bucket = z.strictObject({
  name: named(bucketName, 'Name of the bucket.'),
  versioning: z
    .boolean()
    .optional()
    .meta({ description: 'Whether overwritten and deleted objects are kept as versions. Left out: not managed.' }),
  lifecycle: lifecycle.nullish().meta({ description: 'When objects expire: { days: 30 }, or { rules: [...] }. Left out: not managed.' }),
  tags,
  policy: policy.optional(),
})

const storage = z.strictObject({ buckets: list(bucket, 'The buckets of the environment.') })

const exchange = z.strictObject({
  name: named(exchangeName, 'Name of the exchange.'),
  type: exchangeModel.shape.type
    .default('topic')
    .meta({ description: 'How messages find their queues: topic (by pattern), fanout (all), direct (by equal key) or headers.' }),
})

/** RabbitMQ counts in milliseconds and ends at 2³² of them. */
const maxTtl = 4_294_967

const queue = z.strictObject({
  name: named(queueName, 'Name of the queue.'),
  type: queueModel.shape.type
    .default('classic')
    .meta({ description: 'How the broker keeps the queue: classic, or quorum (replicated, for a cluster).' }),
  ttl: z.int().min(0).max(maxTtl).default(0).meta({ description: 'How long a message lives, in seconds; 0 for ever.' }),
  dlx: named(exchangeName, 'Exchange that dead messages (rejected, or older than ttl) are sent to. It must be declared.').optional(),
})

const binding = z.strictObject({
  exchange: named(exchangeName, 'Exchange that messages come from. It must be declared.'),
  queue: named(queueName, 'Queue that messages go to. It must be declared.'),
  key: named(bindingKey, 'Which routing keys are passed on.').default(''),
  arguments: z.record(key(headerName, 'Name of a header, or x-match.'), named(headerValue, 'Value of the header.')).nullish().meta({
    description:
      'On an exchange of type headers: which headers a message must have, all of them or, with x-match: any, one. Names that begin with x- are compared only with x-match: all-with-x or any-with-x.',
  }),
})

const broker = z.strictObject({
  vhost: named(vhostName, 'Virtual host that all of this lives in.').default('/'),
  exchanges: list(exchange, 'Exchanges: what programs publish to.'),
  queues: list(queue, 'Queues: what programs consume from.'),
  bindings: list(binding, 'Which queue gets which messages of an exchange.'),
})

const propertyType = propertyModel.shape.type.meta({
  description:
    'Type of the property: text, int, number, boolean, date or uuid, each also as a list (text[]), or vectorRef, the id of another object.',
})

const property = z.union([
  named(propertyName, 'A property of type text, by its name alone.'),
  z.strictObject({ name: named(propertyName, 'Name of the property.'), type: propertyType.default('text') }),
])

const indexClass = z.strictObject({
  name: named(className, 'Name of the class.'),
  vectorizer: named(vectorizerName, 'What makes the vectors; none when programs bring their own.').default('none'),
  distance: classModel.shape.distance
    .default('cosine')
    .meta({ description: 'What nearness means: cosine similarity, dot product, or l2 (squared Euclidean distance).' }),
  search: classModel.shape.search
    .default('approximate')
    .meta({ description: 'approximate is fast at any size; exact looks at every vector.' }),
  properties: list(property, 'What is kept beside each vector. A bare name is a property of type text.'),
  tenants: list(
    named(tenantName, 'Name of a tenant.'),
    'Tenants, each with data of its own. A class with tenants keeps no data outside them.',
  ),
})

const weaviate = z.strictObject({ classes: list(indexClass, 'The classes of the vector index.') })
const indices = z.strictObject({ weaviate: weaviate.nullish().meta({ description: 'The vector index, in the terms of Weaviate.' }) })

const serviceModule = z.strictObject({
  name: named(label, 'Name of the module, as the service knows it.'),
  params: z.record(z.string(), jsonValue).nullish().meta({ description: 'Parameters that the service passes to the module.' }),
})

const service = z.strictObject({
  version: named(label, 'Version wanted of the service, as text.').optional(),
  modules: list(serviceModule, 'Modules that the service registers, in this order.'),
  migrations: list(named(label, 'Name of a migration.'), 'Migrations that the service runs, in this order.'),
  dependsOn: list(named(serviceName, 'Name of a service.'), 'Services that are started before this one.'),
})

const services = z.record(key(serviceName, 'Name of a service.'), service.nullish())

export const profileSchema = z
  .strictObject({
    apiVersion: z.literal('thatdam/v1').meta({ description: 'Version of this format: thatdam/v1.' }),
    kind: z.literal('EnvironmentProfile').meta({ description: 'What this document is: EnvironmentProfile.' }),
    metadata: z
      .strictObject({ name: named(label, 'Name of the profile, for people.').default('default') })
      .nullish()
      .meta({ description: 'What people call this profile.' }),
    spec: z
      .strictObject({
        storage: storage.nullish().meta({ description: 'Object storage.' }),
        broker: broker.nullish().meta({ description: 'Message bus.' }),
        indices: indices.nullish().meta({ description: 'Vector index.' }),
        services: services.nullish().meta({ description: 'Services by name: what they run, never how they are started.' }),
      })
      .nullable()
      .meta({ description: 'The environment that is wanted. A section that is left out is empty: nothing in it is managed.' }),
  })
  .meta({
    title: 'EnvironmentProfile',
    description:
      'The environment that a ThatDAM node brings about and keeps. It begins with apiVersion: thatdam/v1 and kind: EnvironmentProfile.',
  })

/** A profile as it was written, with the defaults of its scalars filled in. */
export type WrittenProfile = z.output<typeof profileSchema>
