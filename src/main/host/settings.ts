/** `settings.json`: what an owner may tune. Secrets are not in it. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { UserError } from '../../shared/errors'
import { faultsOf, faulty } from './settings-faults'

/** To be given the least that there is to be: two bounds below would both be told of one fault. */
const milliseconds = z.int().max(24 * 3600 * 1000)

const reconcileSchema = z
  .strictObject({
    /** How long a look at the world stays fresh, and how often the node looks by itself. */
    driftIntervalMs: milliseconds.min(100).default(30_000),
    /** Calls at most before a component fails closed. */
    attempts: z.int().min(1).max(100).default(6),
    /** Ceilings of the first and of the longest wait of the exponential backoff, before full jitter. Three deadlines of `external` bound all together. */
    backoffMs: z
      .strictObject({ min: milliseconds.min(1).default(250), max: milliseconds.min(1).default(30_000) })
      .refine(({ min, max }) => min <= max, 'has a min that is more than its max')
      .prefault({}),
    /** Changes of one component that are made at once. */
    parallel: z.int().min(1).max(1024).default(16),
  })
  .prefault({})

const upkeepSchema = z
  .strictObject({
    /** How often the embedded storage looks for what was changed by hand. */
    surveyMs: milliseconds.min(100).default(300_000),
    /** How often it expires what its lifecycle rules say is due. */
    expireMs: milliseconds.min(100).default(3_600_000),
  })
  .prefault({})

const busSchema = z
  .strictObject({
    /** For how long, and for how many keys of each queue, the embedded bus knows a repeated idempotency key. */
    dedupe: z
      .strictObject({ days: z.number().positive().max(365).default(7), keys: z.int().min(1).max(10_000_000).default(1_000_000) })
      .prefault({}),
  })
  .prefault({})

const text = z.string().max(4096)

/** Where the owner's servers are. What opens them is in the environment. */
const backendsSchema = z
  .strictObject({
    storage: z.strictObject({ url: text.optional(), region: text.optional(), caFile: text.optional() }).optional(),
    bus: z.strictObject({ url: text.optional(), managementUrl: text.optional(), caFile: text.optional() }).optional(),
    index: z.strictObject({ url: text.optional(), caFile: text.optional() }).optional(),
  })
  .prefault({})

const externalSchema = z
  .strictObject({
    /** How long a call waits for a server without any progress. */
    deadlineMs: milliseconds.min(50).default(2_000),
  })
  .prefault({})

/** What the file may hold in later versions; ignoring it now would let its owner believe that it works. */
const later: readonly (readonly string[])[] = [
  ['external', 'probeMs'],
  ['external', 'successesToForward'],
  ['storage'],
  ['bus', 'spoolBytes'],
]

/** What opens a server, and the variables in which it belongs. */
const secrets: readonly { readonly path: readonly string[]; readonly goes: string }[] = [
  ...['accessKey', 'secretKey'].map((key) => ({ path: ['backends', 'storage', key], goes: 'MINIO_ACCESS_KEY and MINIO_SECRET_KEY' })),
  ...['user', 'username', 'password'].map((key) => ({ path: ['backends', 'bus', key], goes: 'AMQP_URL' })),
  { path: ['backends', 'index', 'apiKey'], goes: 'WEAVIATE_API_KEY' },
]

const settingsSchema = z.strictObject({
  reconcile: reconcileSchema,
  upkeep: upkeepSchema,
  bus: busSchema,
  backends: backendsSchema,
  external: externalSchema,
})
export type Settings = z.infer<typeof settingsSchema>

/** The settings in force; the defaults where there is no file. Throws a `UserError` that names the file and each field. */
export async function readSettings(file: string): Promise<Settings> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return settingsSchema.parse({})
    throw new UserError('invalid-setting', `${file} cannot be read (${code ?? String(error)}).`, {
      hint: 'Check its permissions.',
      cause: error,
    })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw faulty(file, [{ path: '', says: `is not JSON: ${syntaxOf(error)}` }], error)
  }
  const kept = secrets.find(({ path }) => holds(value, path))
  if (kept !== undefined) {
    const hint = `Take it out, and set ${kept.goes} in the environment of the node.`
    throw faulty(file, [{ path: kept.path.join('.'), says: 'is a secret, and this file is no place for one', hint }])
  }
  const early = later.filter((path) => holds(value, path))
  if (early.length > 0) {
    throw faulty(
      file,
      early.map((path) => ({ path: path.join('.'), says: 'is not supported by this version yet' })),
    )
  }
  const parsed = settingsSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw faulty(file, faultsOf(parsed.error.issues, value, settingsSchema), parsed.error)
}

/** Without the piece of the file that the parser repeats: who keeps a secret there meant it to stay there. */
function syntaxOf(error: unknown): string {
  const { message } = error as Error
  return message.replace(/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, '').replace(/^./, (first) => first.toLowerCase())
}

function holds(value: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return false
  return holds((value as Readonly<Record<string, unknown>>)[name], rest)
}
