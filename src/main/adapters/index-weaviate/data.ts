/** Single objects and queries. */
import { PortError } from '../../../shared/errors'
import { uuidOfObject } from '../../../shared/vector-id'
import type { QueryResult, VectorIndex, VectorObject } from '../../core/ports/vector-index'
import { checkK, checkTenantNamed, noSuchTenant } from '../../core/vector-index/checks'
import { predicateOf } from '../../core/vector-index/predicate'
import type { Classes } from './classes'
import { type Call, isRecord } from './connection'
import { decode, encode, vectorFrom } from './objects'
import { nearest } from './query'
import { Refusal, Stranger } from './refusal'
import type { WeaviateClass } from './schema'
import { checkComparable, checkObject, makeReady, objectError, ownerOf, sendPart } from './write'

export async function upsert(call: Call, classes: Classes, className: string, object: VectorObject): Promise<void> {
  const info = await fitting(call, classes, className, (seen) => checkObject(seen, object))
  const sent = encode(info, object)
  const ready = await makeReady(call, classes, info, object.vector.length, [sent])
  // Somebody else's first vector may have come before this one.
  if (ready !== info) checkObject(ready, object)
  const [refusal] = await sendPart(call, [sent])
  if (refusal === undefined) return
  classes.forget(className)
  throw objectError(refusal, sent, object.id)
}

export async function get(call: Call, classes: Classes, className: string, id: string, tenant: string | undefined): Promise<VectorObject> {
  const owner = ownerOf(className, id)
  const info = await fitting(call, classes, className, (seen) => checkTenantNamed(seen.state, tenant, owner))
  const uuid = uuidOfObject(className, tenant, id)
  const found = await inTenant(tenant, owner, () => call.read(`${pathOf(className, uuid, tenant)}include=vector`))
  if (found === undefined) {
    // The class may be what is gone.
    await classes.require(call, className)
    throw new PortError('not-found', `${owner}${tenant === undefined ? '' : ` of tenant ${tenant}`} does not exist.`)
  }
  if (!isRecord(found)) throw new Stranger('its answer is no object')
  const properties = isRecord(found.properties) ? found.properties : {}
  // A property that was added since the class was last seen.
  const stale = Object.keys(properties).some((name) => !info.types.has(name) && !info.has.has(name))
  const { metadata, exact } = decode(stale ? await classes.require(call, className) : info, uuid, properties)
  return { id, vector: vectorFrom(found.vector, exact), metadata, ...(tenant === undefined ? {} : { tenant }) }
}

export async function remove(call: Call, classes: Classes, className: string, id: string, tenant: string | undefined): Promise<void> {
  const owner = ownerOf(className, id)
  await fitting(call, classes, className, (seen) => checkTenantNamed(seen.state, tenant, owner))
  await inTenant(tenant, owner, () => call.delete(pathOf(className, uuidOfObject(className, tenant, id), tenant)))
}

/** The query is asked of the class as it was last seen while it is looked at anew: where it has changed, the answer is not used. */
export async function query(
  call: Call,
  classes: Classes,
  className: string,
  asked: Parameters<VectorIndex['query']>[1],
): Promise<QueryResult> {
  const owner = `Query of class ${className}`
  const answer = async (info: WeaviateClass): Promise<QueryResult> => {
    checkTenantNamed(info.state, asked.tenant, owner)
    checkK(asked.k, owner)
    checkComparable(info, asked.vector, owner)
    const accepts = asked.filter === undefined ? undefined : predicateOf(asked.filter, info.types, owner)
    return { results: await inTenant(asked.tenant, owner, () => nearest(call, info, asked, accepts)), partial: false }
  }

  const seen = await classes.known(call, className)
  const [now, early] = await Promise.allSettled([classes.require(call, className), answer(seen)])
  if (now.status === 'rejected') throw now.reason
  if (now.value.fingerprint !== seen.fingerprint) return answer(now.value)
  if (early.status === 'rejected') throw early.reason
  return early.value
}

/** The class, found fit by `check`. One that is remembered and not fit is looked at once more. */
async function fitting(call: Call, classes: Classes, className: string, check: (info: WeaviateClass) => void): Promise<WeaviateClass> {
  const seen = await classes.known(call, className)
  try {
    check(seen)
    return seen
  } catch (error) {
    if (!(error instanceof PortError)) throw error
    const now = await classes.require(call, className)
    check(now)
    return now
  }
}

function pathOf(className: string, uuid: string, tenant: string | undefined): string {
  // Half a surrogate pair cannot be encoded; no tenant has a name with the character that takes its place.
  return `/objects/${className}/${uuid}?${tenant === undefined ? '' : `tenant=${encodeURIComponent(tenant.toWellFormed())}&`}`
}

async function inTenant<T>(tenant: string | undefined, owner: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (tenant !== undefined && error instanceof Refusal && /tenant not found/.test(error.said)) throw noSuchTenant(tenant, owner, error)
    throw error
  }
}
