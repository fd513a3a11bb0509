/** Keys that this server cannot hold: refused with the reason before anything is sent, since some are not refused but confused with others. */
import { PortError } from '../../../shared/errors'
import { familiesOf, type KeyFamily } from '../../../shared/key-families'
import type { Traits } from './kind'
import { isRefusal } from './refusal'
import type { Store } from './store'
import { keepsVersions } from './versioning'

const reasons: Readonly<Record<KeyFamily, string>> = {
  'dot-segment': 'no key with `.` or `..` between slashes',
  'empty-segment': 'no key that begins with a slash or has two in a row',
  'long-segment': 'no key with more than 255 bytes between slashes',
  'long-name': 'no key with more than 227 bytes after the last slash',
  'trailing-slash': 'no content under a key that ends in a slash',
  nul: 'no key with the character NUL',
  unlistable: 'no key with characters that its listings cannot tell',
  'beneath-object': 'no key beneath an object, nor an object where keys lie beneath',
  'slash-in-versions': 'no versions of a key that ends in a slash',
}

/** Rejects `unsupported` for a key that cannot be stored in this bucket. Whether the bucket keeps versions is asked only where that matters. */
export async function checkKey({ server, traits }: Store, bucket: string, key: string, signal: AbortSignal): Promise<void> {
  const { title, refusedKeys } = traits()
  const family = familiesOf(key).find((one) => refusedKeys.includes(one))
  if (family !== undefined) throw refusal(title, bucket, key, family)
  if (!key.endsWith('/') || !refusedKeys.includes('slash-in-versions')) return
  if (!(await keepsVersions(server, bucket, signal).catch(explain))) return
  const wayOut = '; this bucket keeps versions, so leave the slash out, or use a bucket that keeps none'
  throw refusal(title, bucket, key, 'slash-in-versions', wayOut)

  /** Going on would lose the object where versions are kept, so the right to see that is asked for. */
  function explain(error: unknown): never {
    if (!isRefusal(error, 'AccessDenied')) throw error
    const lacking = `${title} holds a key that ends in a slash only in a bucket that keeps no versions, and whether this one does was not told (AccessDenied)`
    const next = 'give the access key the right s3:GetBucketVersioning, or leave the slash out'
    throw new PortError('unauthorized', `${bucket}/${key}: ${lacking}; ${next}`, { cause: error })
  }
}

/** What a put is refused with because of other keys that are there. */
export function refusedBeneath(store: Store, bucket: string, key: string, detail: string): PortError {
  return refusal(store.traits().title, bucket, key, 'beneath-object', detail)
}

function refusal(title: string, bucket: string, key: string, family: KeyFamily, detail = ''): PortError {
  return new PortError('unsupported', `${bucket}/${key}: ${title} holds ${reasons[family]}${detail}`)
}

/** These are asked for: a server that holds them for somebody tells of them. */
const readable: ReadonlySet<KeyFamily> = new Set(['long-name', 'trailing-slash', 'unlistable'])

/** Whether nothing can be there: asking could be answered with the object of another key. */
export function cannotBeThere({ refusedKeys }: Traits, key: string): boolean {
  return familiesOf(key).some((family) => refusedKeys.includes(family) && !readable.has(family))
}

/** Whether no key that begins so can be there: some servers refuse to list them. The last segment may go on, and become another. */
export function cannotBegin(traits: Traits, prefix: string): boolean {
  const whole = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  return prefix !== '' && (cannotBeThere(traits, `${whole}x`) || (traits.refusedKeys.includes('nul') && prefix.includes('\u0000')))
}
