/** The data plane in the OpenAPI document (contracts §8): its operations, in the schemas that its server and its clients use. */
import type { z } from 'zod'
import {
  acksSchema,
  batchInputSchema,
  batchResultSchema,
  dataLimits,
  deletedSchema,
  deliverySchema,
  filterSchema,
  listingSchema,
  publishedSchema,
  queryInputSchema,
  queryResultSchema,
  settledSchema,
  storedObjectSchema,
  vectorInputSchema,
  vectorObjectSchema,
  versionListingSchema,
} from './data-plane'

type JsonObject = Record<string, unknown>
type SchemaOf = (schema: z.ZodType, io: 'input' | 'output') => JsonObject

/** The shapes of the data plane that have a name in the document. */
export const dataSchemas = {
  Delivery: deliverySchema,
  Filter: filterSchema,
  ObjectListing: listingSchema,
  StoredObject: storedObjectSchema,
  StoredVector: vectorObjectSchema,
  VersionListing: versionListingSchema,
} as const

const text = { type: 'string' }
const flag = { type: 'boolean' }
const bytes = { '*/*': { schema: { type: 'string', format: 'binary' } } }

function whole(minimum: number, maximum?: number): JsonObject {
  return { type: 'integer', minimum, ...(maximum === undefined ? {} : { maximum }) }
}

function parameter(place: 'path' | 'query' | 'header') {
  return (name: string, description: string, schema: JsonObject = text): JsonObject => ({
    name,
    in: place,
    required: place === 'path',
    description,
    schema,
  })
}
const inPath = parameter('path')
const inQuery = parameter('query')
const header = parameter('header')

const problem = { default: { $ref: '#/components/responses/Problem' } }

const metadataNote = `Metadata is in headers \`x-meta-NAME\`, percent-encoded, ${dataLimits.metadata / 1024} KiB of names and values in all.`

function ok(description: string, schema: JsonObject, status = 200): JsonObject {
  return { [status]: { description, content: { 'application/json': { schema } } }, ...problem }
}

function answerHeaders(described: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(Object.entries(described).map(([name, description]) => [name, { description, schema: text }]))
}

const objectHeaders = answerHeaders({
  ETag: 'In quotes: the lower-case hex sha256 of the content.',
  'Last-Modified': 'When it was stored.',
  'x-version': 'In a bucket that keeps versions.',
  'Content-Disposition': '`inline` for what a browser may show, else `attachment`, with the last segment of the key as its name.',
})

const unchanged = { 304: { description: 'The etag is one that If-None-Match names.' } }

const version = inQuery('version', 'One version, instead of the newest.')
const ifMatch = header('If-Match', 'The etag that the object has to have; otherwise the answer is 412.')
const readConditions = [ifMatch, header('If-None-Match', 'Etags, or `*`: an object that has one is answered 304.')]
const ranges = [
  header('Range', 'One range of bytes, answered 206; one that begins behind the end is answered 416.'),
  header('If-Range', 'The etag of the object that the range belongs to; of another object, all of it is the answer.'),
]
const read = {
  200: { description: `The bytes, in one stream. ${metadataNote}`, headers: objectHeaders, content: bytes },
  206: {
    description: 'The bytes of the range.',
    headers: { ...objectHeaders, ...answerHeaders({ 'Content-Range': 'Which bytes these are, and of how many.' }) },
    content: bytes,
  },
  ...unchanged,
  ...problem,
}
const paging = [
  inQuery('prefix', 'Only keys that begin so.'),
  inQuery('delimiter', 'Keys that go on past it, after the prefix, are rolled up into `prefixes`.'),
  inQuery('after', 'Exclusive: the `next` of the page before.'),
  inQuery('limit', 'At most so many.', whole(1, dataLimits.listing)),
]

/** An operation on one object. `suffix` keeps the names of the two forms of its address apart, `byKey` is the parameter of the second. */
function objectOperations(schemaOf: SchemaOf, suffix: string, byKey: JsonObject[]): JsonObject {
  const object = schemaOf(storedObjectSchema, 'output')
  return {
    put: {
      operationId: `putObject${suffix}`,
      summary: 'Store an object, or copy one. The body is streamed.',
      description: `${metadataNote} A copy has no body; it brings type and metadata along, except for what is stated.`,
      parameters: [
        ...byKey,
        ifMatch,
        header('If-None-Match', 'Only `*`: the key has to be absent; otherwise the answer is 412.', { const: '*' }),
        header('x-copy-source', 'Copy this object: `bucket/key`, percent-encoded, with `?version=VERSION` behind it for an old version.'),
      ],
      requestBody: { required: false, content: bytes },
      responses: ok('What was stored.', object),
    },
    head: {
      operationId: `headObject${suffix}`,
      summary: 'What a get would answer, without the bytes.',
      description: metadataNote,
      parameters: [...byKey, version, ...readConditions],
      responses: {
        200: { description: 'The object is there; its size, type, etag and metadata are headers.', headers: objectHeaders },
        ...unchanged,
        ...problem,
      },
    },
    delete: {
      operationId: `deleteObject${suffix}`,
      summary: 'Remove an object, or one version of it for good. Removing what is absent succeeds.',
      parameters: [...byKey, version, ifMatch],
      responses: ok('What was removed or made.', schemaOf(deletedSchema, 'output')),
    },
    post: {
      operationId: `restoreObject${suffix}`,
      summary: 'Make an old version the newest again.',
      parameters: [...byKey, { ...inQuery('restore', 'The version.'), required: true }],
      responses: ok('The new version.', object),
    },
  }
}

function storagePaths(schemaOf: SchemaOf): JsonObject {
  const bucket = inPath('bucket', 'The bucket.')
  const key = inPath('key', `Percent-encoded, at most ${dataLimits.key} bytes. Slashes may stand as they are, and nothing is resolved.`)
  const byKey = inQuery('key', 'The key: any at all, also one that the rules of addresses would rewrite.')
  const page = { anyOf: [schemaOf(listingSchema, 'output'), schemaOf(versionListingSchema, 'output')] }
  const pageOrObject = { 'application/json': { schema: page }, ...bytes }
  return {
    '/data/storage/{bucket}/{key}': {
      parameters: [bucket, key],
      get: {
        operationId: 'getObject',
        summary: 'The bytes of an object.',
        parameters: [version, ...readConditions, ...ranges],
        responses: read,
      },
      ...objectOperations(schemaOf, '', []),
    },
    '/data/storage/{bucket}': {
      parameters: [bucket],
      get: {
        operationId: 'listObjects',
        summary: 'One page of objects; with `versions`, of versions; with `key`, the bytes of that object.',
        parameters: [
          ...paging,
          inQuery('versions', 'List versions, delete markers included, instead of objects.', flag),
          inQuery('after_version', 'With `after`: the `next_version` of the page before.'),
          inQuery('of', 'Only versions of exactly this key.'),
          byKey,
          ...[version, ...readConditions, ...ranges].map((one) => ({ ...one, description: `With \`key\`. ${one.description}` })),
        ],
        responses: { ...read, 200: { description: 'The page, in UTF-8 byte order of keys, or the object.', content: pageOrObject } },
      },
      ...objectOperations(schemaOf, 'ByKey', [{ ...byKey, required: true }]),
    },
  }
}

const dedupeNote = 'The same one again adds nothing; with another body it is refused 409.'

function busPaths(schemaOf: SchemaOf): JsonObject {
  const queue = inPath('queue', 'The queue.')
  return {
    '/data/bus/exchanges/{exchange}/messages': {
      parameters: [inPath('exchange', 'The exchange; `amq.default` is the one without a name.')],
      post: {
        operationId: 'publishMessage',
        summary: 'Publish the body.',
        description: `Headers of the message are headers \`x-header-NAME\`, percent-encoded. The body has at most ${dataLimits.messageBody / 1024 / 1024} MiB.`,
        parameters: [
          inQuery('key', `The routing key, at most ${dataLimits.routingKey} bytes.`),
          inQuery('mandatory', 'Refuse, 404, a message for which no queue is bound.', flag),
          inQuery('ttl_ms', 'Milliseconds that the message lives in a queue.', whole(0)),
          header('Idempotency-Key', `The id of the message, at most ${dataLimits.idempotencyKey} bytes. ${dedupeNote}`),
        ],
        requestBody: { required: false, content: bytes },
        responses: ok('The message is durable in every queue it was routed to.', schemaOf(publishedSchema, 'output'), 202),
      },
    },
    '/data/bus/queues/{queue}/messages': {
      parameters: [queue],
      get: {
        operationId: 'consumeQueue',
        summary: 'Consume: server-sent events for as long as the connection lasts, each `data` of an event `message` one delivery.',
        description:
          'A delivery is good for one answer on its stream. What is not answered when the stream ends goes back to the queue. A stream that fails ends with an event `error`, whose `data` is a problem.',
        parameters: [inQuery('prefetch', 'Deliveries in hand at once.', whole(1, dataLimits.prefetch))],
        responses: {
          200: { description: 'The deliveries.', content: { 'text/event-stream': { schema: schemaOf(deliverySchema, 'output') } } },
          ...problem,
        },
      },
    },
    '/data/bus/queues/{queue}/acks': {
      parameters: [queue],
      post: {
        operationId: 'settleDeliveries',
        summary: 'Say what becomes of a delivery, or of several: `reject` makes it a dead letter.',
        requestBody: jsonBody(schemaOf(acksSchema, 'input')),
        responses: ok('One result for each delivery, in order.', schemaOf(settledSchema, 'output')),
      },
    },
  }
}

function jsonBody(schema: JsonObject): JsonObject {
  return { required: true, content: { 'application/json': { schema } } }
}

function indexPaths(schemaOf: SchemaOf): JsonObject {
  const className = inPath('class', 'The class.')
  const post = (operationId: string, summary: string, input: z.ZodType, output: z.ZodType) => ({
    parameters: [className],
    post: {
      operationId,
      summary,
      requestBody: jsonBody(schemaOf(input, 'input')),
      responses: ok('The results.', schemaOf(output, 'output')),
    },
  })
  return {
    '/data/index/{class}/{id}': {
      parameters: [className, inPath('id', 'The object, percent-encoded.'), inQuery('tenant', 'Required where the class has tenants.')],
      put: {
        operationId: 'putVector',
        summary: 'Store a vector with its metadata: exactly one of `vector` and `vector_base64` (little-endian float32).',
        requestBody: jsonBody(schemaOf(vectorInputSchema, 'input')),
        responses: ok('What was stored.', schemaOf(vectorObjectSchema.pick({ id: true }), 'output')),
      },
      get: {
        operationId: 'getVector',
        summary: 'A vector with its metadata.',
        responses: ok('The object.', schemaOf(vectorObjectSchema, 'output')),
      },
      delete: {
        operationId: 'deleteVector',
        summary: 'Remove a vector. Removing what is absent succeeds.',
        responses: { 204: { description: 'It is not there any more.' }, ...problem },
      },
    },
    '/data/index/{class}/batch': post('putVectors', 'Store many vectors, each on its own.', batchInputSchema, batchResultSchema),
    '/data/index/{class}/query': post('queryVectors', 'The nearest vectors, nearest first.', queryInputSchema, queryResultSchema),
  }
}

export function dataPaths(schemaOf: SchemaOf): JsonObject {
  return { ...storagePaths(schemaOf), ...busPaths(schemaOf), ...indexPaths(schemaOf) }
}
