/**
 * The lifecycle of a bucket is one document, replaced as a whole. A profile can say little of what S3 can, so a rule that it cannot
 * say is kept as it was written, byte for byte, and only a rule that is changed is written anew.
 */
import { PortError } from '../../../shared/errors'
import type { LifecycleRule } from '../../../shared/profile/model'
import type { Server } from './ask'
import { isRefusal } from './refusal'
import { childOf, childrenOf, type Element, escapeXml, textOf } from './xml'

interface WrittenRule {
  readonly id: string
  readonly source: string
  /** What it says; undefined where a profile cannot say that. */
  readonly rule: LifecycleRule | undefined
}

interface Lifecycle {
  readonly rules: readonly WrittenRule[]
  /** What stands in the document besides rules. */
  readonly besides: readonly string[]
}

export async function readRules(server: Server, bucket: string, signal: AbortSignal): Promise<readonly LifecycleRule[]> {
  return (await read(server, bucket, signal)).rules.flatMap(({ rule }) => rule ?? [])
}

/** Rejects `incompatible` where a rule of the same id says what a profile cannot. */
export async function mergeRules(server: Server, bucket: string, wished: readonly LifecycleRule[], signal: AbortSignal): Promise<void> {
  const { rules, besides } = await read(server, bucket, signal)
  const changed = wished.filter((wish) => !rules.some(({ rule }) => rule !== undefined && same(rule, wish)))
  if (changed.length === 0) return
  for (const { id } of changed) {
    if (rules.some((rule) => rule.id === id && rule.rule === undefined)) {
      throw new PortError(
        'incompatible',
        `bucket ${bucket} has a lifecycle rule ${id} that does something else; remove it there, or choose another id`,
      )
    }
  }
  const kept = rules.filter(({ id }) => !changed.some((wish) => wish.id === id)).map(({ source }) => source)
  await write(server, bucket, [...besides, ...kept, ...changed.map(written)], signal)
}

export async function removeRule(server: Server, bucket: string, id: string, signal: AbortSignal): Promise<void> {
  const { rules, besides } = await read(server, bucket, signal)
  const kept = rules.filter((rule) => rule.id !== id)
  if (kept.length === rules.length) return
  if (kept.length > 0) await write(server, bucket, [...besides, ...kept.map(({ source }) => source)], signal)
  else await server.ask({ method: 'DELETE', bucket, query: { lifecycle: '' } }, signal)
}

async function read(server: Server, bucket: string, signal: AbortSignal): Promise<Lifecycle> {
  try {
    const { root } = await server.askXml({ method: 'GET', bucket, query: { lifecycle: '' } }, 'LifecycleConfiguration', signal)
    return lifecycleIn(root)
  } catch (error) {
    if (isRefusal(error, 'NoSuchLifecycleConfiguration')) return { rules: [], besides: [] }
    throw error
  }
}

async function write(server: Server, bucket: string, parts: readonly string[], signal: AbortSignal): Promise<void> {
  const body = Buffer.from(
    `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</LifecycleConfiguration>`,
  )
  await server.ask({ method: 'PUT', bucket, query: { lifecycle: '' }, body }, signal)
}

function lifecycleIn(root: Element): Lifecycle {
  return {
    rules: childrenOf(root, 'Rule').map((element) => ({ id: textOf(element, 'ID') ?? '', source: element.source, rule: ruleIn(element) })),
    besides: root.children.filter(({ name }) => name !== 'Rule').map(({ source }) => source),
  }
}

const sayable: ReadonlySet<string> = new Set(['ID', 'Status', 'Filter', 'Prefix', 'Expiration'])

function ruleIn(element: Element): LifecycleRule | undefined {
  const id = textOf(element, 'ID')
  const filter = childOf(element, 'Filter')
  const expiration = childOf(element, 'Expiration')
  const days = textOf(expiration, 'Days') ?? ''
  const plain =
    element.children.every(({ name }) => sayable.has(name)) &&
    (filter?.children ?? []).every(({ name }) => name === 'Prefix') &&
    expiration?.children.length === 1 &&
    /^[1-9]\d{0,8}$/.test(days)
  if (!plain || id === undefined || textOf(element, 'Status') !== 'Enabled') return undefined
  return { id, prefix: textOf(filter, 'Prefix') ?? textOf(element, 'Prefix') ?? '', expireDays: Number(days) }
}

function same(a: LifecycleRule, b: LifecycleRule): boolean {
  return a.id === b.id && a.prefix === b.prefix && a.expireDays === b.expireDays
}

function written({ id, prefix, expireDays }: LifecycleRule): string {
  const filter = `<Filter><Prefix>${escapeXml(prefix)}</Prefix></Filter>`
  return `<Rule><ID>${escapeXml(id)}</ID>${filter}<Status>Enabled</Status><Expiration><Days>${expireDays}</Days></Expiration></Rule>`
}
