/**
 * The OpenAPI document of the node API, made from the same schemas that the node checks with. It is made when the project is
 * built, into `resources/openapi.json`; a running node only hands that file out.
 */
import { z } from 'zod'
import { clusterSchema } from './cluster'
import { filterSchema } from './data-plane'
import { errorDetailSchema } from './errors'
import { eventSchema } from './events'
import {
  type CallName,
  checkSchema,
  doctorSchema,
  nodeContract,
  noticeSchema,
  profileTextSchema,
  revisionSchema,
  setupSchema,
  validationSchema,
} from './node-contract'
import { dataPaths, dataSchemas } from './openapi-data'
import { applyResultSchema, changeSchema, componentFailureSchema, planSchema, planSummarySchema } from './plan'
import { problemMediaType, problemSchema } from './problem'
import { backendStatusSchema, componentStatusSchema, statusSchema } from './status'

type JsonObject = Record<string, unknown>

/** The shapes that have a name in the document. Whatever else appears is written out where it stands. */
const named = {
  ApplyResult: applyResultSchema,
  BackendStatus: backendStatusSchema,
  BootstrapEvent: eventSchema,
  Change: changeSchema,
  Check: checkSchema,
  Cluster: clusterSchema,
  ComponentFailure: componentFailureSchema,
  ComponentStatus: componentStatusSchema,
  Doctor: doctorSchema,
  ErrorDetail: errorDetailSchema,
  Notice: noticeSchema,
  Plan: planSchema,
  PlanSummary: planSummarySchema,
  Problem: problemSchema,
  ProfileText: profileTextSchema,
  Revision: revisionSchema,
  Setup: setupSchema,
  Status: statusSchema,
  Validation: validationSchema,
  ...dataSchemas,
} as const

/** Schemas are compared by identity, so a shape is recognised wherever the contract uses it. */
const nameOf = new Map<z.core.$ZodType, string>(Object.entries(named).map(([name, schema]) => [schema, name]))

/** What contains itself needs a name already while it is written out. */
const recursive = z.registry<{ id: string }>().add(filterSchema, { id: 'Filter' })
const definitions = '#/$defs/'

/** Named shapes that are asked for, not answered. */
const inputs = new Set<z.ZodType>([filterSchema])

const healthSchema = z.object({ status: z.literal('ok'), version: z.string(), instance: z.uuid() })

/** The document for one version of the program. The same schemas give the same text, byte for byte, once serialised. */
export function openApiDocument(version: string): JsonObject {
  const calls = (Object.keys(nodeContract) as CallName[]).map((name) => [`/api/v1/${name}`, { post: callOperation(name) }])
  return {
    openapi: '3.1.1',
    info: {
      title: 'ThatDAM node API',
      version,
      description: 'What a ThatDAM node can be asked on the loopback interface. Refusals are RFC 9457 problem details; branch on `code`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:{port}', variables: { port: { default: '7717', description: 'THATDAM_PORT' } } }],
    security: [{ token: [] }, { session: [] }],
    paths: { ...plainPaths(), ...Object.fromEntries(calls), ...dataPaths(jsonSchema) },
    components: { schemas: namedSchemas(), responses: { Problem: problemResponse }, securitySchemes },
  }
}

const securitySchemes = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description:
      'The token in `node.json` of the data directory. A named token, which `createToken` makes, opens the data plane, the status, the metrics and this document.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'thatdam-7717',
    description: 'Left by the sign-in link; its name ends in the port. Good for requests from the page of the node itself.',
  },
}

const problemResponse = { description: 'A refusal.', content: { [problemMediaType]: { schema: reference('Problem') } } }

function plainPaths(): JsonObject {
  return {
    '/health': get('health', 'Whether the process can serve.', 'application/json', jsonSchema(healthSchema, 'output'), { security: [] }),
    '/internal/bootstrap/status': get('bootstrapStatus', 'The status surface.', 'application/json', reference('Status')),
    '/metrics': get('metrics', 'The status surface and the process, in the text format of Prometheus.', 'text/plain', { type: 'string' }),
    '/openapi.json': get('openapi', 'This document.', 'application/json', { type: 'object' }),
    '/api/v1/notices': get(
      'notices',
      'Server-sent events for as long as the connection lasts: each `data` is one notice, the first a status.',
      'text/event-stream',
      reference('Notice'),
    ),
  }
}

function get(operationId: string, summary: string, mediaType: string, schema: JsonObject, more: JsonObject = {}): JsonObject {
  return { get: { operationId, summary, ...more, responses: responses(mediaType, schema) } }
}

function callOperation(name: CallName): JsonObject {
  const { summary, input, output, changes } = nodeContract[name]
  return {
    operationId: name,
    tags: [changes ? 'commands' : 'queries'],
    summary,
    requestBody: {
      required: !input.safeParse({}).success,
      content: { 'application/json': { schema: jsonSchema(input, 'input') } },
    },
    responses: responses('application/json', jsonSchema(output, 'output')),
  }
}

function responses(mediaType: string, schema: JsonObject): JsonObject {
  return { 200: { description: 'The answer.', content: { [mediaType]: { schema } } }, default: { $ref: '#/components/responses/Problem' } }
}

function reference(name: string): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` }
}

function namedSchemas(): JsonObject {
  return Object.fromEntries(
    Object.entries(named).map(([name, schema]) => [name, jsonSchema(schema, inputs.has(schema) ? 'input' : 'output', schema)]),
  )
}

/** The JSON Schema of `schema`. Shapes that have a name are references, except `root`, which is the one being named. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output', root?: z.ZodType): JsonObject {
  const {
    $schema: _,
    $defs,
    ...result
  } = z.toJSONSchema(schema, {
    io,
    metadata: recursive,
    override({ zodSchema, jsonSchema: json }) {
      const isRoot = Object.is(zodSchema, root)
      const name = isRoot ? undefined : (nameOf.get(zodSchema) ?? recursiveNameOf(json))
      // Of what contains itself and has no name there is only a JSON value, and to JSON Schema "any value" is the empty schema.
      if (name !== undefined || (zodSchema instanceof z.ZodLazy && !isRoot) || json.$ref?.startsWith(definitions)) {
        for (const key of Object.keys(json)) delete json[key as keyof typeof json]
        Object.assign(json, name === undefined ? {} : reference(name))
        return
      }
      // An answer may gain fields in a later version, so its reader is not told that there are no others.
      if (io === 'output' && json.additionalProperties === false) delete json.additionalProperties
      // `format` says it already.
      if (json.format !== undefined) delete json.pattern
      if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum
      if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum
    },
  })
  const own = root === undefined ? undefined : recursive.get(root)?.id
  if (own === undefined) return result
  // Where it contains itself, it is still called what it was called while it was written out.
  return JSON.parse(JSON.stringify($defs?.[own]).replaceAll(`"${definitions}${own}"`, `"${reference(own).$ref}"`))
}

function recursiveNameOf({ $ref }: { readonly $ref?: string | undefined }): string | undefined {
  return [...nameOf.values()].find((name) => $ref === definitions + name)
}
