/** The conditions of a put, in this node's etags, as the server's: a look first, then a header that makes both one step where the server honours it. */
import { PortError } from '../../../shared/errors'
import type { PutOptions } from '../../core/ports/object-storage'
import type { Traits } from './kind'
import type { Found } from './object-info'
import type { Reader } from './read'
import { isAbsence } from './store'

type Conditions = Pick<PutOptions, 'ifMatch' | 'ifNoneMatch'>

export function isConditional({ ifMatch, ifNoneMatch }: Conditions): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined
}

/** The headers that hold the condition while the object is written. Throws `precondition-failed` where a look shows already that it does not hold. */
export async function conditionHeaders(
  look: Reader['look'],
  traits: Traits,
  place: { readonly bucket: string; readonly key: string },
  options: Conditions,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const { ifMatch, ifNoneMatch } = options
  if (ifMatch === undefined && (ifNoneMatch === undefined || traits.atomicConditions))
    return ifNoneMatch === undefined ? {} : { 'if-none-match': '*' }
  const found = await look(place.bucket, place.key, undefined, signal)
  requireConditions(`${place.bucket}/${place.key}`, options, found)
  if (ifMatch === undefined || found === undefined) return { 'if-none-match': '*' }
  return { 'if-match': traits.quotesEtags ? `"${found.serverEtag}"` : found.serverEtag }
}

/** Throws `precondition-failed` where what was found does not meet the condition. */
export function requireConditions(resource: string, { ifMatch, ifNoneMatch }: Conditions, found: Found | undefined): void {
  if (ifNoneMatch !== undefined && found !== undefined) {
    throw new PortError('precondition-failed', `${resource} exists already, with etag ${found.info.etag}`)
  }
  if (ifMatch !== undefined && ifMatch !== found?.info.etag) {
    const there = found === undefined ? 'it does not exist' : `its etag is ${found.info.etag}`
    throw new PortError('precondition-failed', `${resource} does not have etag ${ifMatch}: ${there}`)
  }
}

/** What the server says where the object went away between the look and the put: to MinIO that is no failed condition. */
export function asFailedCondition(error: unknown, resource: string, { ifMatch }: Conditions): unknown {
  if (ifMatch === undefined || !isAbsence(error)) return error
  return new PortError('precondition-failed', `${resource} does not have etag ${ifMatch}: it does not exist`, { cause: error })
}
