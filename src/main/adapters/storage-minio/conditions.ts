/**
 * The conditions of a put, in this node's etags, as the server's. A look comes first where the server's own etag is needed, or where it is
 * not known to keep its word; then a header makes look and write one step, as far as the server honours it.
 */
import { PortError } from '../../../shared/errors'
import type { PutOptions } from '../../core/ports/object-storage'
import type { Traits } from './kind'
import type { Found } from './object-info'
import type { Reader } from './read'
import { Refusal } from './refusal'
import { isAbsence, type Store } from './store'
import { keepsVersions } from './versioning'

type Conditions = Pick<PutOptions, 'ifMatch' | 'ifNoneMatch'>
type Headers = Readonly<Record<string, string>>

interface Target {
  readonly bucket: string
  readonly key: string
  readonly options: Conditions
}

export function isConditional({ ifMatch, ifNoneMatch }: Conditions): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined
}

/** Run a write with the headers that hold its condition. Rejects `precondition-failed` where it does not hold, whatever the server calls that. */
export async function underConditions<T>(
  store: Store,
  look: Reader['look'],
  target: Target,
  signal: AbortSignal,
  write: (conditions: Headers) => Promise<T>,
): Promise<T> {
  const { bucket, key, options } = target
  if (!isConditional(options)) return write({})
  const traits = store.traits()
  const headers = await headersFor(store, look, traits, target, signal)
  try {
    return await write(headers)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const refused = error.status === 412
    if (
      refused &&
      traits.mistakesMarkers &&
      options.ifNoneMatch !== undefined &&
      (await look(bucket, key, undefined, signal)) === undefined
    ) {
      // What stood in the way was a delete marker. Without the header another writer may come in between.
      return write({})
    }
    if (!refused && `${error.status} ${error.code}` !== traits.lostRace && !(options.ifMatch !== undefined && isAbsence(error))) throw error
    const was = isAbsence(error) ? 'it does not exist' : 'it was changed at the same time'
    throw new PortError(
      'precondition-failed',
      `${bucket}/${key} is not as the condition demands: ${refused ? 'the server refuses' : was}`,
      {
        cause: error,
      },
    )
  }
}

async function headersFor(store: Store, look: Reader['look'], traits: Traits, target: Target, signal: AbortSignal): Promise<Headers> {
  const { bucket, key, options } = target
  if (options.ifMatch === undefined && traits.atomicConditions) return { 'if-none-match': '*' }
  const found = await look(bucket, key, undefined, signal)
  requireConditions(`${bucket}/${key}`, options, found)
  if (options.ifMatch === undefined || found === undefined) return { 'if-none-match': '*' }
  if (!traits.matchesVersions && (await keepsVersions(store.server, bucket, signal))) return {}
  return { 'if-match': asCompared(traits, found) }
}

/** The server's etag as its conditions take it. */
export function asCompared({ quotesEtags }: Traits, { serverEtag }: Found): string {
  return quotesEtags ? `"${serverEtag}"` : serverEtag
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
