/** Listing objects: one page, in the order of UTF-8 bytes, whatever page lengths and roll-ups the server has. */
import { PortError } from '../../../shared/errors'
import { compareUtf8 } from '../../../shared/order'
import type { Listing, ListOptions, ObjectInfo, ObjectStorage } from '../../core/ports/object-storage'
import { type Details, toldBy } from './details'
import { type Entry, objectsPage } from './entries'
import type { Store } from './store'
import { keepsVersions } from './versioning'

const longestPage = 1000

export function lister(store: Store, details: Details): ObjectStorage['list'] {
  const { server } = store

  async function infos(
    bucket: string,
    entries: readonly Entry[],
    date: string | undefined,
    signal: AbortSignal,
  ): Promise<(ObjectInfo | undefined)[]> {
    const told = entries.map(toldBy)
    if (told.some((one) => one === undefined)) return details.of(bucket, entries, date, signal)
    return told.map((one) => one?.info)
  }

  return (bucket, options, callerSignal) =>
    store.call(`bucket ${bucket}`, callerSignal, async (signal) => {
      const limit = limitOf(options)
      const { listsMetadata } = await store.traits(signal)
      // A listing of objects never tells their versions.
      const [page, versioned] = await Promise.all([
        pageOf(limit, options, async (parameters) => {
          const query = {
            'list-type': '2',
            'encoding-type': 'url',
            ...(listsMetadata && { metadata: 'true' }),
            ...asked(options),
            ...parameters,
          }
          const { root, headers } = await server.askXml({ method: 'GET', bucket, query }, 'ListBucketResult', signal)
          return { ...objectsPage(root), date: headers.date }
        }),
        listsMetadata ? keepsVersions(server, bucket, signal) : true,
      ])
      const objects = versioned
        ? await details.of(bucket, page.entries, page.date, signal)
        : await infos(bucket, page.entries, page.date, signal)
      return { objects: objects.filter((info) => info !== undefined), prefixes: page.prefixes, ...page.next }
    })
}

function asked({ prefix, delimiter, after }: ListOptions): Readonly<Record<string, string>> {
  return {
    ...(prefix !== undefined && prefix !== '' && { prefix }),
    ...(delimiter !== undefined && delimiter !== '' && { delimiter }),
    ...(after !== undefined && after !== '' && { 'start-after': after }),
  }
}

interface Gathered {
  readonly entries: readonly Entry[]
  readonly prefixes: readonly string[]
  readonly date: string | undefined
  readonly next: Pick<Listing, 'next'>
}

interface Part {
  readonly entries: readonly Entry[]
  readonly prefixes: readonly string[]
  readonly rest: Readonly<Record<string, string>> | undefined
  readonly date: string | undefined
}

/** Ask for one entry more than wanted, so that the end shows; some servers list a prefix again that `after` lies in. */
async function pageOf(
  limit: number,
  options: ListOptions,
  ask: (parameters: Readonly<Record<string, string>>) => Promise<Part>,
): Promise<Gathered> {
  const { after } = options
  const entries: (Entry | string)[] = []
  let date: string | undefined
  let rest: Readonly<Record<string, string>> | undefined = {}
  while (rest !== undefined && entries.length <= limit) {
    const part: Part = await ask({ 'max-keys': String(Math.min(longestPage, limit + 2 - entries.length)), ...rest })
    date ??= part.date
    const fresh = [...part.entries, ...part.prefixes].filter((entry) => after === undefined || compareUtf8(nameOf(entry), after) > 0)
    entries.push(...fresh.sort((a, b) => compareUtf8(nameOf(a), nameOf(b))))
    rest = part.rest
    // Without a delimiter nothing rolls up, and the server's word that there is more is good.
    if (rest !== undefined && entries.length === limit && (options.delimiter ?? '') === '') break
  }
  const shown = entries.slice(0, limit)
  const last = shown.at(-1)
  const more = entries.length > limit || rest !== undefined
  return {
    entries: shown.filter((entry) => typeof entry !== 'string'),
    prefixes: shown.filter((entry) => typeof entry === 'string'),
    date,
    next: more && last !== undefined ? { next: nameOf(last) } : {},
  }
}

function nameOf(entry: Entry | string): string {
  return typeof entry === 'string' ? entry : entry.key
}

/** Throws `invalid` for a page of another length than a listing can have. */
export function limitOf({ limit = longestPage }: { readonly limit?: number }): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= longestPage) return limit
  throw new PortError('invalid', `a listing holds 1 to ${longestPage} entries, not ${limit}`)
}
