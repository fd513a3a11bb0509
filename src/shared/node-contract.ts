/**
 * What a node can be asked, once, for the window (IPC), the page and the CLI (HTTP).
 * Each call is a name, an input schema and an output schema; every transport and the OpenAPI document are made from this table.
 */
import { z } from 'zod'
import { clusterSchema } from './cluster'
import { errorDetailSchema } from './errors'
import { eventSchema } from './events'
import { applyResultSchema, planSchema } from './plan'
import { maxProfileBytes } from './profile/limits'
import { statusSchema } from './status'

const nothing = z.strictObject({})
const text = z.string().max(maxProfileBytes)

/** A profile as somebody wrote it. `file` is only ever shown in messages. */
const profileInput = z.strictObject({ text, file: z.string().max(4096).optional() })

export const revisionSchema = z.object({
  revision: z.int().positive(),
  at: z.iso.datetime(),
  author: z.string(),
  generation: z.string(),
  current: z.boolean(),
})
export type Revision = z.infer<typeof revisionSchema>

export const checkSchema = z.object({ name: z.string(), ok: z.boolean(), message: z.string(), advice: z.string().optional() })
export const doctorSchema = z.object({ ok: z.boolean(), checks: z.array(checkSchema) })
export type Doctor = z.infer<typeof doctorSchema>

export const validationSchema = z.object({
  valid: z.boolean(),
  generation: z.string().optional(),
  errors: z.array(errorDetailSchema),
})
export type Validation = z.infer<typeof validationSchema>

export const profileTextSchema = z.object({ revision: z.int(), generation: z.string(), text: z.string() })

const intentSchema = z.object({
  id: z.string(),
  plan_hash: z.string(),
  allow_destructive: z.literal(true),
  acknowledged_by: z.string(),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  outcome: z
    .object({ at: z.iso.datetime(), status: z.enum(['used', 'refused', 'failed', 'interrupted']), message: z.string().optional() })
    .nullable(),
})

export const setupSchema = z.object({
  done: z.boolean(),
  data_dir: z.string(),
  free_bytes: z.number(),
  /** What starting would create, so far as it can be looked at; null once set up. */
  plan: planSchema.nullable(),
})
export type Setup = z.infer<typeof setupSchema>

/** `beforeSetup`: served by a node that waits to be set up too; it refuses every other call until it was told to start. `changes`: has an effect, so never served to a GET. */
interface Call<I extends z.ZodType, O extends z.ZodType> {
  readonly summary: string
  readonly input: I
  readonly output: O
  readonly beforeSetup: boolean
  readonly changes: boolean
}

function query<I extends z.ZodType, O extends z.ZodType>(summary: string, input: I, output: O, beforeSetup = false): Call<I, O> {
  return { summary, input, output, beforeSetup, changes: false }
}

function command<I extends z.ZodType, O extends z.ZodType>(summary: string, input: I, output: O, beforeSetup = false): Call<I, O> {
  return { summary, input, output, beforeSetup, changes: true }
}

const tokenName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9 and -, and begin with a letter or digit')
const tokenSchema = z.object({ name: z.string(), created_at: z.string() })

export const nodeContract = {
  status: query('The status surface.', nothing, statusSchema, true),
  setup: query('Whether this data directory is set up and what starting would create.', nothing, setupSchema, true),
  start: command('Set this data directory up as a solo leader and converge it.', nothing, clusterSchema, true),
  plan: query(
    'Compare a profile, or the current one, with the world. Changes nothing.',
    z.strictObject({
      profile: profileInput.optional(),
      /** Plan as well what would delete, narrow or lose something. */
      allow_destructive: z.boolean().default(false),
    }),
    planSchema,
  ),
  apply: command(
    'Plan and apply. With a profile, that one first becomes the current revision.',
    z.strictObject({
      profile: profileInput.optional(),
      author: z.string().max(200).optional(),
      /** The hash of a plan with `allow_destructive`, to carry out what it destroys: this once, and exactly that. */
      acknowledge: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'must be the hash of a plan')
        .optional(),
      /** The names of those buckets, queues and classes that hold something and may go all the same. */
      confirm: z.array(z.string().max(1024)).max(10_000).optional(),
    }),
    applyResultSchema,
  ),
  profile: query(
    'The current profile, or one of its revisions.',
    z.strictObject({ revision: z.int().positive().optional() }),
    profileTextSchema,
  ),
  setProfile: command(
    'Make a profile the current revision; the node converges to it by itself.',
    z.strictObject({ profile: profileInput, author: z.string().max(200).optional() }),
    revisionSchema,
  ),
  validateProfile: query('Check a profile. Changes nothing.', z.strictObject({ profile: profileInput }), validationSchema, true),
  history: query('All revisions, newest first.', nothing, z.array(revisionSchema)),
  rollback: command(
    'Make an earlier revision current again, as a new revision.',
    z.strictObject({ revision: z.int().positive(), author: z.string().max(200).optional() }),
    revisionSchema,
  ),
  intents: query(
    'Leaves to destroy that were given, newest first, each with what became of it.',
    z.strictObject({ limit: z.int().min(1).max(1000).default(100) }),
    z.array(intentSchema),
  ),
  events: query(
    'Bootstrap events, newest first.',
    z.strictObject({ limit: z.int().min(1).max(1000).default(100), before: z.string().optional() }),
    z.array(eventSchema),
  ),
  doctor: query('Checks of this machine and of each adapter, with advice.', nothing, doctorSchema, true),
  createToken: command(
    'Make a token by which a program uses the data plane. It is shown this once.',
    z.strictObject({ name: tokenName }),
    tokenSchema.extend({ token: z.string() }),
  ),
  tokens: query('The named tokens of programs.', nothing, z.array(tokenSchema)),
  revokeToken: command('Take a token back, at once.', z.strictObject({ name: tokenName }), z.object({ name: z.string() })),
  signInLink: command('A URL that signs a browser in, once.', nothing, z.object({ url: z.url() }), true),
} as const

export type NodeContract = typeof nodeContract
export type CallName = keyof NodeContract
export type CallInput<N extends CallName> = z.input<NodeContract[N]['input']>
export type CallOutput<N extends CallName> = z.output<NodeContract[N]['output']>

/** What a node pushes without being asked. A subscriber first gets one `status`. */
export const noticeSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('status'), status: statusSchema }),
  z.object({ type: z.literal('event'), event: eventSchema }),
])
export type Notice = z.infer<typeof noticeSchema>

/** The node as every shell sees it, whichever wire is between. Rejections are `UserError`s. */
export interface NodeClient {
  call<N extends CallName>(name: N, input: CallInput<N>, signal?: AbortSignal): Promise<CallOutput<N>>
  /** Notices from now on, until `signal` aborts or the node stops. A node that is lost behind a wire makes it throw `unavailable`. */
  notices(signal: AbortSignal): AsyncIterable<Notice>
}
