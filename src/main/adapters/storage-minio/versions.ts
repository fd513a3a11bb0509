/** Listing versions: one page, keys in the order of UTF-8 bytes and the versions of each newest first. */
import { compareUtf8 } from '../../../shared/order'
import { limitOf, longestPage } from '../../core/object-storage/page'
import type { ObjectStorage, ObjectVersion, VersionListing, VersionListOptions } from '../../core/ports/object-storage'
import { type Details, toldBy } from './details'
import { type Entry, inOrder, nameOf, onward, rolledUp, versionsPage } from './entries'
import { cannotBegin } from './keys'
import { rollsUpByHand } from './kind'
import { plainType, toTheSecond } from './object-info'
import type { Store } from './store'

export function versionLister(store: Store, details: Details): ObjectStorage['versions'] {
  const { server } = store

  return (bucket, options, callerSignal) =>
    store.call(`bucket ${bucket}`, callerSignal, async (signal) => {
      const limit = limitOf(options)
      const traits = store.traits()
      const { prefix = '', delimiter = '' } = options
      const byHand = rollsUpByHand(traits, delimiter)
      if (cannotBegin(traits, options.key ?? prefix)) {
        await store.requireBucket(bucket, signal)
        return { versions: [], prefixes: [] }
      }
      const found: (Entry | string)[] = []
      let date: string | undefined
      let rest: Readonly<Record<string, string>> | undefined = startOf(options)
      while (rest !== undefined && found.length <= limit) {
        const query = {
          versions: '',
          'encoding-type': 'url',
          ...(traits.listsMetadata && { metadata: 'true' }),
          ...asked(options),
          ...(!byHand && delimiter !== '' && options.key === undefined && { delimiter }),
          'max-keys': String(byHand ? longestPage : Math.min(longestPage, limit + 2 - found.length)),
          ...rest,
        }
        const { root, headers } = await server.askXml({ method: 'GET', bucket, query }, 'ListVersionsResult', signal)
        date ??= headers.date
        const page = byHand ? rolledUp(versionsPage(root), prefix, delimiter) : versionsPage(root)
        const entries = traits.versionsInOrder ? page.entries : inOrder(page.entries)
        const part = merged(entries, page.prefixes).filter((entry) => entry !== found.at(-1) && isAfter(entry, options))
        const mine = options.key === undefined ? part : part.filter((entry) => typeof entry !== 'string' && entry.key === options.key)
        found.push(...mine)
        rest = mine.length < part.length ? undefined : onward(rest, page.rest)
      }
      return listingOf(found, limit, await describe(bucket, found.slice(0, limit), date, signal))
    })

  async function describe(
    bucket: string,
    shown: readonly (Entry | string)[],
    date: string | undefined,
    signal: AbortSignal,
  ): Promise<ObjectVersion[]> {
    const entries = shown.filter((entry) => typeof entry !== 'string')
    const untold = entries.filter((entry) => !entry.deleteMarker && toldBy(entry) === undefined)
    const asked = new Map((await details.of(bucket, untold, date, signal)).map((info, i) => [untold[i], info]))
    return entries.flatMap((entry): readonly ObjectVersion[] => {
      const { key, version = 'null', latest, deleteMarker, modified } = entry
      if (deleteMarker) {
        const marker = { key, size: 0, etag: '', modified: toTheSecond(modified), contentType: plainType, metadata: {} }
        return [{ ...marker, version, latest, deleteMarker }]
      }
      const info = toldBy(entry)?.info ?? asked.get(entry)
      return info === undefined ? [] : [{ ...info, version, latest, deleteMarker }]
    })
  }
}

function asked({ key, prefix = '' }: VersionListOptions): Readonly<Record<string, string>> {
  if (key !== undefined) return { prefix: key }
  return prefix === '' ? {} : { prefix }
}

function startOf({ after }: VersionListOptions): Readonly<Record<string, string>> {
  if (after === undefined) return {}
  return { 'key-marker': after.key, ...(after.version !== undefined && { 'version-id-marker': after.version }) }
}

/** Versions and prefixes come as two lists. */
function merged(entries: readonly Entry[], prefixes: readonly string[]): readonly (Entry | string)[] {
  if (prefixes.length === 0) return entries
  // The sort is stable: the versions of one key stay in their order.
  return [...entries, ...prefixes].sort((a, b) => compareUtf8(nameOf(a), nameOf(b)))
}

/** Without what was on the page before: some servers list a prefix again that `after` lies in. */
function isAfter(entry: Entry | string, { after }: VersionListOptions): boolean {
  if (after === undefined) return true
  const order = compareUtf8(nameOf(entry), after.key)
  return order > 0 || (order === 0 && typeof entry !== 'string' && after.version !== undefined && entry.version !== after.version)
}

function listingOf(found: readonly (Entry | string)[], limit: number, versions: readonly ObjectVersion[]): VersionListing {
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const next =
    typeof last === 'string' || last?.version === undefined ? { key: nameOf(last ?? '') } : { key: last.key, version: last.version }
  return {
    versions,
    prefixes: shown.filter((entry) => typeof entry === 'string'),
    ...(found.length > limit && last !== undefined ? { next } : {}),
  }
}
