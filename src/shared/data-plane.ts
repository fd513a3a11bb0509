/**
 * The bodies of the data plane (contracts §8): the one address at which any local program, in any language, uses storage, bus and
 * index, whatever stands behind them that minute. The server checks with these schemas, clients and the OpenAPI document use the same.
 */
import { z } from 'zod'

/** Each with its own clear error. The size of an object is limited by the disk alone. */
export const dataLimits = {
  /** Bytes of UTF-8. */
  key: 1_024,
  routingKey: 255,
  idempotencyKey: 255,
  /** Names and values of all `x-meta-*` headers together, decoded. */
  metadata: 8 * 1_024,
  messageBody: 16 * 1_024 * 1_024,
  jsonBody: 64 * 1_024 * 1_024,
  batch: 10_000,
  k: 10_000,
  listing: 1_000,
  prefetch: 65_535,
} as const

const objectSchema = z.object({
  key: z.string(),
  size: z.int().nonnegative(),
  /** Lower-case hex sha256 of the content. */
  etag: z.string(),
  modified: z.iso.datetime(),
  /** In a bucket that keeps versions. */
  version: z.string().optional(),
})

/** The answer to a put, a copy and a restore. */
export const storedObjectSchema = objectSchema.extend({ content_type: z.string(), metadata: z.record(z.string(), z.string()) })
export type StoredObject = z.infer<typeof storedObjectSchema>

export const listingSchema = z.object({
  objects: z.array(objectSchema),
  prefixes: z.array(z.string()),
  /** Pass as `after` for the rest; absent at the end. */
  next: z.string().optional(),
  /** True where objects may be missing because a backend is away. */
  partial: z.boolean().optional(),
})
export type ObjectListing = z.infer<typeof listingSchema>

export const versionListingSchema = z.object({
  versions: z.array(objectSchema.extend({ version: z.string(), latest: z.boolean(), delete_marker: z.boolean() })),
  prefixes: z.array(z.string()),
  /** Pass as `after` and `after_version` for the rest; absent at the end. */
  next: z.string().optional(),
  next_version: z.string().optional(),
  partial: z.boolean().optional(),
})
export type VersionPage = z.infer<typeof versionListingSchema>

export const deletedSchema = z.object({ version: z.string().optional(), delete_marker: z.boolean() })

export const publishedSchema = z.object({ message_id: z.string(), routed: z.boolean() })
export type Published = z.infer<typeof publishedSchema>

/** One message, the `data` of an event `message`. `body` is JSON's value or the text where the type is one of those, else `body_base64` holds the bytes. */
export const deliverySchema = z.object({
  /** Good for one answer on the stream it came with. */
  delivery: z.string(),
  exchange: z.string(),
  routing_key: z.string(),
  headers: z.record(z.string(), z.string()),
  idempotency_key: z.string(),
  redelivered: z.boolean(),
  content_type: z.string(),
  body: z.json().optional(),
  body_base64: z.string().optional(),
})
export type DeliveredMessage = z.infer<typeof deliverySchema>

const refusalSchema = z.object({ code: z.string(), message: z.string() })

const ackSchema = z.strictObject({ delivery: z.string().max(1_024), action: z.enum(['ack', 'requeue', 'reject']) })
export const acksSchema = z.union([ackSchema, z.array(ackSchema).max(10_000)])
/** One result for each delivery, in order: an array's refusals do not stop the others. A single one that is refused is a problem instead. */
export const settledSchema = z.object({
  results: z.array(z.object({ delivery: z.string(), ok: z.boolean(), error: refusalSchema.optional() })),
})

const vectorFields = {
  vector: z.array(z.number()).max(65_536).optional(),
  /** Little-endian float32, in base64. */
  vector_base64: z.string().optional(),
}
const scalar = z.union([z.string(), z.number(), z.boolean()])
const metadataSchema = z.record(z.string(), z.union([scalar, z.array(scalar)]))

/** Exactly one of `vector` and `vector_base64`; the server says so where it is not. */
export const vectorInputSchema = z.strictObject({ ...vectorFields, metadata: metadataSchema.default({}) })
export const vectorObjectSchema = z.object({
  id: z.string(),
  vector: z.array(z.number()),
  metadata: metadataSchema,
  tenant: z.string().optional(),
})
export type StoredVector = z.infer<typeof vectorObjectSchema>

export const batchInputSchema = z.strictObject({
  objects: z
    .array(z.strictObject({ ...vectorFields, id: z.string(), metadata: metadataSchema.default({}), tenant: z.string().optional() }))
    .max(dataLimits.batch),
})
export const batchResultSchema = z.object({
  results: z.array(z.object({ id: z.string(), ok: z.boolean(), error: refusalSchema.optional() })),
})
export type BatchResult = z.infer<typeof batchResultSchema>

const comparison = z.strictObject({
  field: z.string(),
  op: z.enum(['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'contains', 'exists']),
  value: scalar.optional(),
})
export type FilterInput =
  | z.infer<typeof comparison>
  | { readonly and: readonly FilterInput[] }
  | { readonly or: readonly FilterInput[] }
  | { readonly not: FilterInput }
export const filterSchema: z.ZodType<FilterInput> = z.lazy(() =>
  z.union([
    comparison,
    z.strictObject({ and: z.array(filterSchema) }),
    z.strictObject({ or: z.array(filterSchema) }),
    z.strictObject({ not: filterSchema }),
  ]),
)

export const queryInputSchema = z.strictObject({
  ...vectorFields,
  k: z.int().min(1).max(dataLimits.k),
  tenant: z.string().optional(),
  filter: filterSchema.optional(),
})
export const queryResultSchema = z.object({
  results: z.array(z.object({ id: z.string(), score: z.number(), metadata: metadataSchema })),
  partial: z.boolean(),
})
export type QueryAnswer = z.infer<typeof queryResultSchema>
