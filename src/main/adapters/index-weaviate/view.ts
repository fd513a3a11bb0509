/** A look at the classes of a server, and at what they hold. */
import { sortedBy } from '../../../shared/order'
import { parallel } from '../../core/parallel'
import { type Amount, nothing } from '../../core/ports/object-storage'
import type { ClassState } from '../../core/ports/vector-index'
import type { Classes } from './classes'
import { type Call, isRecord } from './connection'
import { codeOf, Refusal, Stranger } from './refusal'
import { classFrom, listOf } from './schema'

const lanes = 8

export async function describeClasses(call: Call, names: readonly string[]): Promise<ReadonlyMap<string, ClassState>> {
  if (names.length === 0) return new Map()
  const schema = await call.read('/schema')
  if (!isRecord(schema) || !Array.isArray(schema.classes)) throw new Stranger('its answer is no schema')
  const wanted = new Set(names)
  const states = listOf(schema.classes).flatMap((one) => (wanted.has(String(one.class)) ? [classFrom(one).state] : []))
  const found = new Map(states.map((state) => [state.name, state]))
  const shared = states.filter(({ multiTenancy }) => multiTenancy)
  await parallel(shared, lanes, async (state) => {
    const tenants = await tenantsOf(call, state.name)
    if (tenants === undefined) found.delete(state.name)
    else found.set(state.name, { ...state, tenants })
    return true
  })
  return found
}

/** By name; undefined where the class has gone since it was seen. */
export async function tenantsOf(call: Call, className: string): Promise<string[] | undefined> {
  const tenants = await unlessGone(() => call.run<unknown>((client, over) => new client.TenantsGetter(over, className)))
  if (tenants === undefined) return undefined
  return sortedBy(
    listOf(tenants).map(({ name }) => String(name)),
    (name) => name,
  )
}

/** What a class holds, or one tenant of it. The bytes are those of the vectors: how long the rest is, the server does not say. */
export async function contentsOf(call: Call, classes: Classes, className: string, tenant: string | undefined): Promise<Amount> {
  const info = await classes.look(call, className)
  if (info === undefined || (tenant !== undefined && !info.state.multiTenancy)) return nothing
  let count = 0
  if (!info.state.multiTenancy) count = await countIn(call, className, undefined)
  else {
    const existing = (await tenantsOf(call, className)) ?? []
    await parallel(tenant === undefined ? existing : existing.filter((name) => name === tenant), lanes, async (one) => {
      count += await countIn(call, className, one)
      return true
    })
  }
  return { count, bytes: count * (info.dimension ?? 0) * Float32Array.BYTES_PER_ELEMENT }
}

async function countIn(call: Call, className: string, tenant: string | undefined): Promise<number> {
  const of = tenant === undefined ? '' : `(tenant:${JSON.stringify(tenant)})`
  const answer = await unlessGone(() => call.query(`{Aggregate{${className}${of}{meta{count}}}}`))
  if (answer === undefined) return 0
  const [first] = listOf(isRecord(answer.Aggregate) ? answer.Aggregate[className] : undefined)
  const count = isRecord(first?.meta) ? first.meta.count : undefined
  if (typeof count !== 'number') throw new Stranger('it does not count')
  return count
}

/** A class that somebody removes in the middle of a look is as one that never was. */
async function unlessGone<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Refusal && codeOf(error) === 'not-found') return undefined
    throw error
  }
}
