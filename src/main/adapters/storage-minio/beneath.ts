/**
 * Keys that continue others past a slash. MinIO takes `a/b` where `a` is an object, and the reverse, and then hides `a/b` from
 * listings; a delete marker hides as well. So a put looks first what lies above its key and beneath it.
 *
 * One look per put would halve the rate of small ones, so what was seen is remembered. That a key is no object, until this node makes one
 * there. What lies beneath the keys of a directory, once several puts have asked about it, for some seconds: one listing tells it for
 * all of them, and this node's own writes keep it current. What somebody else writes in that time can be missed.
 */
import { ancestorsOf } from '../../../shared/key-families'
import { type Page, versionsPage } from './entries'
import { refusedBeneath } from './keys'
import { Refusal } from './refusal'
import type { Store } from './store'

/** Keys that were found to be no objects. Somebody else may make one there, and then hides what lies beneath; this node does not. */
const mostRemembered = 10_000
const mostDirectories = 1_000

/** How long a listing of a directory is believed. */
const freshMs = 10_000
/** Puts in one directory before it is listed: until then each asks for its own key. */
const asksBefore = 8
/** Pages of 1,000 that such a listing may take. In a larger directory each put asks, and that it might be smaller is tried seldom. */
const mostPages = 10
const asksBeforeTryingAgain = 5_000

interface Directory {
  /** The keys in it with something beneath them, and some that had. */
  readonly beneath: Set<string>
  /** When the listing began, in milliseconds of a clock that only runs forward; undefined where there was none. */
  listed: number | undefined
  listing: boolean
  asksLeft: number
}

export type WhereFree = <T>(bucket: string, key: string, signal: AbortSignal, write: () => Promise<T>) => Promise<T>

/** Writes an object, or throws `unsupported` where it would not be seen in listings, or would hide others from them. */
export function whereFree(store: Store): WhereFree {
  const free = new Set<string>()
  const directories = new Map<string, Directory>()

  async function requireNoObject(bucket: string, key: string, ancestor: string, signal: AbortSignal): Promise<void> {
    const place = `${bucket}/${ancestor}`
    if (free.has(place)) return
    if (await isObject(store, bucket, ancestor, signal)) throw refusedBeneath(store, bucket, key, ` (${ancestor} is one)`)
    if (free.size >= mostRemembered) free.clear()
    free.add(place)
  }

  async function requireNothingBeneath(bucket: string, key: string, signal: AbortSignal): Promise<void> {
    const directory = directoryOf(bucket, key)
    if (directory.listed !== undefined && performance.now() - directory.listed > freshMs) {
      directory.listed = undefined
      directory.asksLeft = asksBefore
    }
    if (directory.listed === undefined && !directory.listing && directory.asksLeft-- <= 0)
      await list(bucket, parentOf(key), directory, signal)
    if (directory.listed !== undefined && !directory.beneath.has(key)) return
    if (await isAnyBeneath(store, bucket, key, signal)) throw refusedBeneath(store, bucket, key, ' (there are some)')
  }

  function directoryOf(bucket: string, key: string): Directory {
    const place = `${bucket}/${parentOf(key)}`
    const known = directories.get(place)
    if (known !== undefined) return known
    const [oldest] = directories.keys()
    if (directories.size >= mostDirectories && oldest !== undefined) directories.delete(oldest)
    const directory: Directory = { beneath: new Set(), listed: undefined, listing: false, asksLeft: asksBefore }
    directories.set(place, directory)
    return directory
  }

  async function list(bucket: string, parent: string, directory: Directory, signal: AbortSignal): Promise<void> {
    const begun = performance.now()
    directory.listing = true
    try {
      const prefixes = await prefixesIn(store, bucket, parent, signal)
      // What this node has written meanwhile is in the set, so that nothing is ever taken out of it.
      for (const prefix of prefixes ?? []) directory.beneath.add(prefix.slice(0, -1))
      directory.listed = prefixes === undefined ? undefined : begun
      directory.asksLeft = asksBeforeTryingAgain
    } finally {
      directory.listing = false
    }
  }

  function note(bucket: string, key: string): void {
    free.delete(`${bucket}/${key}`)
    for (const ancestor of ancestorsOf(key)) directories.get(`${bucket}/${parentOf(ancestor)}`)?.beneath.add(ancestor)
  }

  return async (bucket, key, signal, write) => {
    // The other servers that have this rule keep it themselves.
    if (store.kind() !== 'minio' || !store.traits().refusedKeys.includes('beneath-object')) return write()
    await Promise.all([
      // The key with a slash at its end is kept apart, and is no trouble.
      key.endsWith('/') ? undefined : requireNothingBeneath(bucket, key, signal),
      ...ancestorsOf(key).map((ancestor) => requireNoObject(bucket, key, ancestor, signal)),
    ])
    note(bucket, key)
    try {
      return await write()
    } finally {
      // Again, for those who looked while it was written. It may have landed even if it failed.
      note(bucket, key)
    }
  }
}

function parentOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1)
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

async function isAnyBeneath(store: Store, bucket: string, key: string, signal: AbortSignal): Promise<boolean> {
  const { entries } = await versionsOf(store, bucket, { prefix: `${key}/`, 'key-marker': `${key}/`, 'max-keys': '1' }, signal)
  return entries.length > 0
}

/** What a directory holds that is no object, each with its slash; undefined where it holds too much to look through. */
async function prefixesIn(store: Store, bucket: string, parent: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
  const found: string[] = []
  let rest: Page['rest'] = {}
  for (let pages = 0; pages < mostPages; pages++) {
    const page: Page = await versionsOf(store, bucket, { delimiter: '/', ...(parent !== '' && { prefix: parent }), ...rest }, signal)
    found.push(...page.prefixes)
    if (page.rest === undefined) return found
    rest = page.rest
  }
  return undefined
}

async function versionsOf(
  { server }: Store,
  bucket: string,
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Page> {
  const query = { versions: '', 'encoding-type': 'url', ...parameters }
  return versionsPage((await server.askXml({ method: 'GET', bucket, query }, 'ListVersionsResult', signal)).root)
}
