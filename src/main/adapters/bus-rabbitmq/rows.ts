/** What the management API lists, as much of it as is used. */
import { z } from 'zod'
import { PortError } from '../../../shared/errors'
import { asSubject } from '../net/trouble'
import { type Management, part } from './management'

const table = z.record(z.string(), z.unknown())
/** An empty table can come as an empty list. */
const argumentsRow = z.union([table, z.array(z.never()).transform((): z.infer<typeof table> => ({}))])

const exchangeRow = z.object({
  name: z.string(),
  type: z.string(),
  durable: z.boolean(),
  auto_delete: z.boolean(),
  internal: z.boolean(),
})
export type ExchangeRow = z.infer<typeof exchangeRow>

const queueRow = z.object({
  name: z.string(),
  type: z.string().default('classic'),
  durable: z.boolean(),
  auto_delete: z.boolean(),
  exclusive: z.boolean().nullish(),
  arguments: argumentsRow,
  /** The policy that applies to it. */
  policy: z.string().nullish(),
  messages: z.number().optional(),
})
export type QueueRow = z.infer<typeof queueRow>

const pageOfQueues = z.object({ items: z.array(queueRow) })

const sizeRow = z.object({ name: z.string(), message_bytes: z.number().optional() })

const bindingRow = z.object({
  source: z.string(),
  destination: z.string(),
  destination_type: z.string(),
  routing_key: z.string(),
  arguments: argumentsRow,
})
export type BindingRow = z.infer<typeof bindingRow>

const policyRow = z.object({
  name: z.string(),
  pattern: z.string(),
  'apply-to': z.string().default('all'),
  priority: z.number().default(0),
  definition: table,
})
export type PolicyRow = z.infer<typeof policyRow>

const totals = '?disable_stats=true&enable_queue_totals=true'

/** Everything in a vhost. */
export interface Listing {
  readonly exchanges: readonly ExchangeRow[]
  readonly queues: readonly QueueRow[]
  readonly bindings: readonly BindingRow[]
}

/** Undefined for a vhost that is not there. */
export async function listing(management: Management, vhost: string, signal: AbortSignal): Promise<Listing | undefined> {
  const [exchanges, queues, bindings] = await Promise.all([
    rows(management, `/exchanges/${part(vhost)}`, exchangeRow, signal),
    rows(management, `/queues/${part(vhost)}${totals}`, queueRow, signal),
    rows(management, `/bindings/${part(vhost)}`, bindingRow, signal),
  ])
  return exchanges === undefined || queues === undefined || bindings === undefined ? undefined : { exchanges, queues, bindings }
}

/** The policies of a vhost by name, and those of the operator. */
export interface Policies {
  readonly policies: ReadonlyMap<string, PolicyRow>
  readonly operators: readonly PolicyRow[]
}

export async function policiesOf(management: Management, vhost: string, signal: AbortSignal): Promise<Policies> {
  const [policies, operators] = await Promise.all([
    rows(management, `/policies/${part(vhost)}`, policyRow, signal),
    rows(management, `/operator-policies/${part(vhost)}`, policyRow, signal),
  ])
  return { policies: new Map((policies ?? []).map((row) => [row.name, row])), operators: operators ?? [] }
}

/**
 * Of the policies of a vhost those of these names, and all of the operator's, which are few. A look at one queue needs no more, and a list
 * of all for each queue would make a first pass over many queues read as many policies for each of them.
 */
export async function policiesNamed(
  management: Management,
  vhost: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Policies> {
  // These a path cannot hold.
  if (names.some((name) => name === '' || name === '.' || name === '..')) return policiesOf(management, vhost, signal)
  const [operators, ...found] = await Promise.all([
    rows(management, `/operator-policies/${part(vhost)}`, policyRow, signal),
    ...names.map(async (name) => {
      const path = `/policies/${part(vhost)}/${part(name)}`
      const one = await management.get(path, signal)
      return one === undefined ? [] : [read(management, path, policyRow, one)]
    }),
  ])
  return { policies: new Map(found.flat().map((row) => [row.name, row])), operators: operators ?? [] }
}

/**
 * One queue as it is at this moment, or undefined. It is looked for by its name as a filter: a path cannot hold every name, and what is
 * read by path comes from statistics, which are seconds behind.
 */
export async function queueOf(management: Management, vhost: string, queue: string, signal: AbortSignal): Promise<QueueRow | undefined> {
  // The filter does not tell capitals from small letters, so there may be more than one.
  const path = `/queues/${part(vhost)}${totals}&page=1&page_size=500&use_regex=true&name=${part(exactly(queue))}`
  const found = await management.get(path, signal)
  return found === undefined ? undefined : read(management, path, pageOfQueues, found).items.find(({ name }) => name === queue)
}

/** The bytes that the messages of a queue had when RabbitMQ counted them last, up to five seconds ago. */
export async function bytesOf(management: Management, vhost: string, queue: string, signal: AbortSignal): Promise<number> {
  const all = await rows(management, `/queues/${part(vhost)}?columns=name,message_bytes`, sizeRow, signal)
  return all?.find(({ name }) => name === queue)?.message_bytes ?? 0
}

/** A pattern of Erlang's `re` that this name matches, and no other. `$` would let a newline follow. */
export function exactly(name: string): string {
  return `^${name.replace(/[^A-Za-z0-9\u0080-\u{10ffff}]/gu, escaped)}\\z`
}

function escaped(character: string): string {
  const code = character.charCodeAt(0)
  return code < 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : `\\${character}`
}

async function rows<T extends z.ZodType>(
  management: Management,
  path: string,
  row: T,
  signal: AbortSignal,
): Promise<z.infer<T>[] | undefined> {
  const found = await management.get(path, signal)
  return found === undefined ? undefined : read(management, path, z.array(row), found)
}

function read<T extends z.ZodType>({ address: { place } }: Management, path: string, schema: T, found: unknown): z.infer<T> {
  const { success, data, error } = schema.safeParse(found)
  if (success) return data
  throw new PortError('internal', `${asSubject(place)} answered ${path.split('?')[0]} in a form that is not known.`, {
    cause: error,
  })
}
