/**
 * What a listing does not tell of an object: its content type, its metadata with this node's etag in it, its version. Each object is asked
 * for by itself, many side by side, and what was learned is remembered for as long as the listing shows the same object.
 */
import type { ObjectInfo } from '../../core/ports/object-storage'
import type { Entry } from './entries'
import { type Found, found } from './object-info'
import { inParallel } from './parallel'
import type { Reader } from './read'

const sideBySide = 32
const mostRemembered = 20_000

/** An object that was stored this long before the answer came cannot be replaced any more under the same date, which some servers tell to the second. */
const settledMs = 2000

export interface Details {
  /** In the order of the entries; undefined for an object that is gone by now. `at` is the date of the answer that lists them. */
  of(bucket: string, entries: readonly Entry[], at: string | undefined, signal: AbortSignal): Promise<(ObjectInfo | undefined)[]>
}

export function detailsBy(look: Reader['look']): Details {
  const remembered = new Map<string, ObjectInfo>()

  function remember(name: string, info: ObjectInfo): void {
    remembered.delete(name)
    remembered.set(name, info)
    const [oldest] = remembered.keys()
    if (remembered.size > mostRemembered && oldest !== undefined) remembered.delete(oldest)
  }

  async function detail(bucket: string, entry: Entry, at: number, signal: AbortSignal): Promise<ObjectInfo | undefined> {
    const { key, version, etag, modified } = entry
    const name = JSON.stringify([bucket, key, version, etag, modified])
    const known = remembered.get(name)
    if (known !== undefined) {
      remember(name, known)
      return known
    }
    const seen = await look(bucket, key, version, signal)
    if (seen === undefined) return undefined
    const info: ObjectInfo = version === undefined ? seen.info : { ...seen.info, version }
    if (seen.serverEtag === etag && Date.parse(modified) + settledMs < at) remember(name, info)
    return info
  }

  return {
    of: (bucket, entries, at, signal) =>
      inParallel(entries, sideBySide, signal, (entry, either) => detail(bucket, entry, Date.parse(at ?? ''), either)),
  }
}

/** What an entry says by itself; undefined where the listing does not tell all of it. */
export function toldBy(entry: Entry): Found | undefined {
  const { headers, version } = entry
  if (headers === undefined) return undefined
  return found({ ...entry, version, headers, contentType: headers['content-type'] })
}
