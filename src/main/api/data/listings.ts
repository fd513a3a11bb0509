/** The pages of a bucket: its objects, or all their versions. */
import { dataLimits, type ObjectListing, type VersionPage } from '../../../shared/data-plane'
import { PortError } from '../../../shared/errors'
import type { ObjectInfo, ObjectStorage } from '../../core/ports/object-storage'
import { type Query, wholeNumber } from './address'
import { keyText } from './object-address'

export async function listObjects(storage: ObjectStorage, bucket: string, query: Query, signal: AbortSignal): Promise<ObjectListing> {
  const after = query.get('after')
  const found = await storage.list(
    bucket,
    { ...pageOf(query, bucket), ...(after === null ? {} : { after: keyText(after, bucket) }) },
    signal,
  )
  return { objects: found.objects.map(entryOf), prefixes: [...found.prefixes], ...(found.next === undefined ? {} : { next: found.next }) }
}

/** `of` names the one key whose versions are wanted. */
export async function listVersions(storage: ObjectStorage, bucket: string, query: Query, signal: AbortSignal): Promise<VersionPage> {
  const [key, after, version] = [query.get('of'), query.get('after'), query.get('after_version')]
  if (version !== null && after === null) {
    throw new PortError('invalid', `bucket ${bucket}: after_version goes with after, the key whose version it is.`)
  }
  const found = await storage.versions(
    bucket,
    {
      ...pageOf(query, bucket),
      ...(key === null ? {} : { key: keyText(key, bucket) }),
      ...(after === null ? {} : { after: { key: keyText(after, bucket), ...(version === null ? {} : { version }) } }),
    },
    signal,
  )
  return {
    versions: found.versions.map((one) => ({
      ...entryOf(one),
      version: one.version,
      latest: one.latest,
      delete_marker: one.deleteMarker,
    })),
    prefixes: [...found.prefixes],
    ...(found.next === undefined ? {} : { next: found.next.key }),
    ...(found.next?.version === undefined ? {} : { next_version: found.next.version }),
  }
}

function pageOf(query: Query, bucket: string) {
  const [begin, delimiter, limit] = [query.get('prefix'), query.get('delimiter'), wholeNumber(query, 'limit', 1, dataLimits.listing)]
  return {
    ...(begin === null ? {} : { prefix: keyText(begin, bucket) }),
    // None, to most clients.
    ...(delimiter === null || delimiter === '' ? {} : { delimiter }),
    ...(limit === undefined ? {} : { limit }),
  }
}

export function entryOf({ key, size, etag, modified, version }: ObjectInfo) {
  return { key, size, etag, modified, ...(version === undefined ? {} : { version }) }
}
