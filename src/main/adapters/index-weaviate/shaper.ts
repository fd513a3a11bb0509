/** Classes, properties and tenants: made when missing, refused when they stand in another shape; removed by what removes, and by nothing else. */
import { PortError } from '../../../shared/errors'
import type { ClassModel, PropertyModel } from '../../../shared/profile/model'
import { className, type Grammar, nameError, propertyName, tenantName } from '../../../shared/profile/names'
import { refuseOtherShape, refuseOtherTypes, refuseTenants } from '../../core/vector-index/shape'
import type { Classes } from './classes'
import type { Call } from './connection'
import { Refusal } from './refusal'
import { classBody, propertyBody, type WeaviateClass } from './schema'
import { contentsOf, tenantsOf } from './view'
import { addProperty } from './write'

export async function ensureClass(call: Call, classes: Classes, wish: ClassModel): Promise<void> {
  const owner = `Class ${wish.name}`
  refuseNames(className, [wish.name], owner)
  refuseNames(
    propertyName,
    wish.properties.map(({ name }) => name),
    owner,
  )
  refuseNames(tenantName, wish.tenants, owner)
  const existing = await classes.look(call, wish.name)
  if (existing !== undefined) {
    refuseOtherShape(existing.state, wish)
    return
  }
  try {
    await call.run((client, over) => new client.ClassCreator(over).withClass(classBody(wish)))
  } catch (error) {
    await judge(call, classes, wish, error)
    return
  }
  await addTenants(call, wish.name, wish.tenants)
}

/** A refused creation is success where somebody else made the same class meanwhile. */
async function judge(call: Call, classes: Classes, wish: ClassModel, error: unknown): Promise<void> {
  if (!(error instanceof Refusal)) throw error
  const made = await classes.look(call, wish.name)
  if (made !== undefined) {
    refuseOtherShape(made.state, wish)
    // Who made it may be about to add them.
    if (made.state.multiTenancy) await addTenants(call, wish.name, wish.tenants)
    return
  }
  const similar = /found similar class "([^"]*)"/.exec(error.said)?.[1]
  if (similar !== undefined) {
    const message = `Class ${wish.name}: Weaviate has a class ${similar}, and takes no second one whose name differs in capitals alone.`
    throw new PortError('incompatible', message, { cause: error })
  }
  if (/alias/i.test(error.said)) {
    const message = `Class ${wish.name}: the name is taken by an alias of another class (${error.said}).`
    throw new PortError('incompatible', message, { cause: error })
  }
  throw error
}

export async function ensureProperties(call: Call, classes: Classes, name: string, properties: readonly PropertyModel[]): Promise<void> {
  const before = await classes.require(call, name)
  refuseNames(
    propertyName,
    properties.map((property) => property.name),
    `Class ${name}`,
  )
  refuseOtherTypes(before.state, properties)
  const missing = properties.filter((property) => !hasProperty(before, property.name))
  if (missing.length === 0) return
  for (const property of missing) await addProperty(call, name, propertyBody(property))
  const after = await classes.require(call, name)
  refuseOtherTypes(after.state, properties)
  // The server compares names without regard to capitals.
  const taken = missing.find((property) => !hasProperty(after, property.name))
  if (taken === undefined) return
  const other = after.state.properties.find((one) => one.name.toLowerCase() === taken.name.toLowerCase())
  throw new PortError(
    'incompatible',
    `Class ${name}: property ${taken.name} cannot be added beside ${other?.name ?? 'another'}: to Weaviate the two names are one.`,
  )
}

function hasProperty({ state }: WeaviateClass, name: string): boolean {
  return state.properties.some((property) => property.name === name)
}

export async function ensureTenants(call: Call, classes: Classes, name: string, tenants: readonly string[]): Promise<void> {
  const { state } = await classes.require(call, name)
  refuseNames(tenantName, tenants, `Class ${name}`)
  refuseTenants(state, tenants)
  await addTenants(call, name, tenants)
}

/** Those that are there already it passes over, but not a name that comes twice. */
async function addTenants(call: Call, name: string, tenants: readonly string[]): Promise<void> {
  if (tenants.length === 0) return
  const bodies = [...new Set(tenants)].map((tenant) => ({ name: tenant }))
  await call.run((client, over) => new client.TenantsCreator(over, name, bodies))
}

export async function removeClass(call: Call, classes: Classes, name: string, contents: boolean): Promise<void> {
  if ((await classes.look(call, name)) === undefined) return
  if (!contents) await refuseHolding(call, classes, name, undefined)
  classes.forget(name)
  await call.run((client, over) => new client.ClassDeleter(over).withClassName(name))
}

export async function removeTenant(call: Call, classes: Classes, name: string, tenant: string, contents: boolean): Promise<void> {
  const found = await classes.look(call, name)
  if (found === undefined || !found.state.multiTenancy) return
  if ((await tenantsOf(call, name))?.includes(tenant) !== true) return
  if (!contents) await refuseHolding(call, classes, name, tenant)
  await call.run((client, over) => new client.TenantsDeleter(over, name, [tenant]))
}

async function refuseHolding(call: Call, classes: Classes, name: string, tenant: string | undefined): Promise<void> {
  const { count } = await contentsOf(call, classes, name, tenant)
  const what = tenant === undefined ? `Class ${name}` : `Class ${name}, tenant ${JSON.stringify(tenant)}`
  if (count > 0) throw new PortError('precondition-failed', `${what} holds objects.`)
}

function refuseNames(grammar: Grammar, names: readonly string[], owner: string): void {
  for (const name of names) {
    const flaw = nameError(grammar, name)
    if (flaw !== undefined) throw new PortError('invalid', `${owner}: ${flaw}.`)
  }
}
