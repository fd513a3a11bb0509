/** Objects on their way to the server: what a class needs before it can take them, and parts that the server answers in good time. */
import type { Property, WeaviateObject as VendorObject } from 'weaviate-ts-client'
import { PortError } from '../../../shared/errors'
import type { VectorObject } from '../../core/ports/vector-index'
import { checkId, checkTenantNamed, checkVector, noSuchTenant } from '../../core/vector-index/checks'
import { checkMetadata } from '../../core/vector-index/metadata'
import type { Classes } from './classes'
import type { Call } from './connection'
import { lengthOf, type WeaviateObject } from './objects'
import { codeOf, Refusal, Stranger } from './refusal'
import { lengthBody, listOf, own, ownPropertyBody, type WeaviateClass } from './schema'

/** Longer ones the server refuses. */
const longestVector = 65_535

/** Of two vectors no longer than this the product and the squared distance stay within float32. */
const longestLength = 9e18

export function ownerOf(className: string, id: string): string {
  return `Class ${className}, object ${JSON.stringify(id)}`
}

/** Rejects what `object` has that the class cannot take. */
export function checkObject(info: WeaviateClass, object: VectorObject): void {
  const owner = ownerOf(info.state.name, object.id)
  checkTenantNamed(info.state, object.tenant, owner)
  checkId(object.id, owner)
  checkComparable(info, object.vector, owner)
  checkMetadata(object.metadata, info.types, owner)
}

export function checkComparable({ state, dimension }: WeaviateClass, vector: Float32Array, owner: string): void {
  if (state.distance === state.search) {
    throw new PortError('unsupported', `${owner}: the class has ${state.search}, and this node keeps vectors without a name.`)
  }
  checkVector({ distance: state.distance, dimension }, vector, longestVector, owner)
  if (state.distance !== 'cosine' && lengthOf(vector) > longestLength) {
    throw new PortError('unsupported', `${owner}: Weaviate compares in float32, which has no room for the square of so long a vector.`)
  }
}

/** Adds to the class what `objects` need: properties of our own, and the length of its vectors. Answers with the class as it is then. */
export async function makeReady(
  call: Call,
  classes: Classes,
  info: WeaviateClass,
  dimension: number,
  objects: readonly WeaviateObject[],
): Promise<WeaviateClass> {
  const { name } = info.state
  const needed = [own.id, own.exact, own.odd].filter(
    (property) => !info.has.has(property) && objects.some(({ properties }) => Object.hasOwn(properties, property)),
  )
  const bodies = [...needed.map(ownPropertyBody), ...(info.dimension === null ? [lengthBody(dimension)] : [])]
  if (bodies.length === 0) return info
  for (const body of bodies) await addProperty(call, name, body)
  return classes.require(call, name)
}

/** Whoever adds it first decides: the same name again is no error here. */
export async function addProperty(call: Call, className: string, body: ReturnType<typeof ownPropertyBody>): Promise<void> {
  try {
    await call.run((client, over) => new client.PropertyCreator(over).withClassName(className).withProperty(body as Property))
  } catch (error) {
    if (!(error instanceof Refusal) || !/already in use or provided multiple times/.test(error.said)) throw error
  }
}

/** The outcome of each object; an undefined one is success. A part that fails as a whole rejects. */
export async function sendPart(call: Call, objects: readonly WeaviateObject[]): Promise<readonly (Refusal | undefined)[]> {
  const answers = listOf(
    await call.run<unknown>((client, over) => new client.ObjectsBatcher(over).withObjects(...([...objects] as VendorObject[]))),
  )
  if (answers.length !== objects.length) throw new Stranger('it answers a batch with something else')
  return answers.map(({ result }) => refusalIn(result))
}

function refusalIn(result: unknown): Refusal | undefined {
  const { status, errors } = (result ?? {}) as { status?: unknown; errors?: { error?: unknown } }
  if (status === 'SUCCESS' && errors === undefined) return undefined
  return new Refusal(
    422,
    listOf(errors?.error)
      .map(({ message }) => String(message))
      .join('; '),
  )
}

/** What the server refused of one object, in the words that the port's own checks would have used where they know better. */
export function objectError(refusal: Refusal, { class: className, tenant }: WeaviateObject, id: string): PortError {
  const owner = ownerOf(className, id)
  if (tenant !== undefined && /tenant not found/.test(refusal.said)) return noSuchTenant(tenant, owner, refusal)
  return new PortError(codeOf(refusal), `${owner}: ${refusal.said}`, { cause: refusal })
}

const partObjects = 500
/** What the server reads and indexes well within a deadline of two seconds, also where it has few processors and much else to do. */
const partBytes = 2_000_000
/** Of a float32 as JSON writes it. */
const numberBytes = 20

/** In order, each small enough that the server is not long busy with it. An object that is larger than that goes alone. */
export function partsOf<T extends { readonly sent: WeaviateObject }>(items: readonly T[]): readonly (readonly T[])[] {
  const parts: T[][] = []
  let bytes = 0
  for (const item of items) {
    const last = parts.at(-1)
    const { vector, properties } = item.sent
    const more = vector.length * numberBytes + JSON.stringify(properties).length
    if (last === undefined || last.length >= partObjects || bytes + more > partBytes) {
      parts.push([item])
      bytes = more
    } else {
      last.push(item)
      bytes += more
    }
  }
  return parts
}
