/** Keys that this server cannot hold: refused with the reason before anything is sent, since some are not refused but confused with others. */
import { PortError } from '../../../shared/errors'
import { ancestorsOf, familiesOf, type KeyFamily } from '../../../shared/key-families'
import { versionsPage } from './entries'
import type { Traits } from './kind'
import { Refusal } from './refusal'
import type { Store } from './store'

const reasons: Readonly<Record<KeyFamily, string>> = {
  'dot-segment': 'no key with `.` or `..` between slashes',
  'empty-segment': 'no key that begins with a slash or has two in a row',
  'long-segment': 'no key with more than 255 bytes between slashes',
  'long-name': 'no key with more than 227 bytes after the last slash',
  'trailing-slash': 'no content under a key that ends in a slash',
  nul: 'no key with the character NUL',
  unlistable: 'no key with characters that its listings cannot tell',
  'beneath-object': 'no key beneath an object, nor an object where keys lie beneath',
}

/** Throws `unsupported` for a key that cannot be stored here. */
export function checkKey({ title, refusedKeys }: Traits, bucket: string, key: string): void {
  const family = familiesOf(key).find((one) => refusedKeys.includes(one))
  if (family !== undefined) throw refusal(title, bucket, key, family)
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

/** Keys that were found to be no objects. Somebody else may make one there, and then hides what lies beneath; this node does not. */
const mostRemembered = 10_000

/**
 * Throws `unsupported` where the object would not be seen in listings, or would hide others from them: MinIO takes both and says nothing.
 * A delete marker hides as well.
 */
export function beneathCheck(store: Store): (bucket: string, key: string, signal: AbortSignal) => Promise<void> {
  const free = new Set<string>()

  async function requireNoObject(bucket: string, key: string, ancestor: string, title: string, signal: AbortSignal): Promise<void> {
    const place = `${bucket}/${ancestor}`
    if (free.has(place)) return
    if (await isObject(store, bucket, ancestor, signal)) throw refusal(title, bucket, key, 'beneath-object', ` (${ancestor} is one)`)
    if (free.size >= mostRemembered) free.clear()
    free.add(place)
  }

  return async (bucket, key, signal) => {
    const { title, refusedKeys } = store.traits()
    // The other servers that have this rule keep it themselves.
    if (store.kind() !== 'minio' || !refusedKeys.includes('beneath-object')) return
    const [beneath] = await Promise.all([
      key.endsWith('/') ? undefined : firstBeneath(store, bucket, key, signal),
      ...ancestorsOf(key).map((ancestor) => requireNoObject(bucket, key, ancestor, title, signal)),
    ])
    if (beneath) throw refusal(title, bucket, key, 'beneath-object', ' (there are some)')
    free.delete(`${bucket}/${key}`)
  }
}

async function isObject({ server }: Store, bucket: string, key: string, signal: AbortSignal): Promise<boolean> {
  try {
    await server.ask({ method: 'HEAD', bucket, key }, signal)
    return true
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return 'x-amz-delete-marker' in error.headers
    throw error
  }
}

async function firstBeneath({ server }: Store, bucket: string, key: string, signal: AbortSignal): Promise<boolean> {
  // The key with a slash at its end is kept apart, and is no trouble.
  const query = { versions: '', 'encoding-type': 'url', prefix: `${key}/`, 'key-marker': `${key}/`, 'max-keys': '1' }
  const { root } = await server.askXml({ method: 'GET', bucket, query }, 'ListVersionsResult', signal)
  return versionsPage(root).entries.length > 0
}
