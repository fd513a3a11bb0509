/** Listing objects: one page, in the order of UTF-8 bytes, whatever page lengths and roll-ups the server has. */
import { compareUtf8 } from '../../../shared/order'
import { limitOf, longestPage } from '../../core/object-storage/page'
import type { Listing, ListOptions, ObjectInfo, ObjectStorage } from '../../core/ports/object-storage'
import { type Details, toldBy } from './details'
import { type Entry, nameOf, objectsPage, onward, type Page, rolledUp } from './entries'
import { cannotBegin } from './keys'
import { rollsUpByHand } from './kind'
import type { Store } from './store'
import { keepsVersions } from './versioning'

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
      const traits = store.traits()
      const { listsMetadata } = traits
      const { prefix = '', delimiter = '' } = options
      const byHand = rollsUpByHand(traits, delimiter)
      if (cannotBegin(traits, prefix)) {
        await store.requireBucket(bucket, signal)
        return { objects: [], prefixes: [] }
      }
      const ask: Ask = async (parameters) => {
        const query = {
          'list-type': '2',
          'encoding-type': 'url',
          ...(listsMetadata && { metadata: 'true' }),
          ...asked(options),
          ...(!byHand && delimiter !== '' && { delimiter }),
          ...parameters,
        }
        const { root, headers } = await server.askXml({ method: 'GET', bucket, query }, 'ListBucketResult', signal)
        const page = objectsPage(root)
        return { ...(byHand ? rolledUp(page, prefix, delimiter) : page), date: headers.date }
      }
      // A listing of objects never tells their versions.
      const [page, versioned] = await Promise.all([
        pageOf(limit, options, byHand, ask),
        listsMetadata ? keepsVersions(server, bucket, signal) : true,
      ])
      const objects = versioned
        ? await details.of(bucket, page.entries, page.date, signal)
        : await infos(bucket, page.entries, page.date, signal)
      return { objects: objects.filter((info) => info !== undefined), prefixes: page.prefixes, ...page.next }
    })
}

function asked({ prefix, after }: ListOptions): Readonly<Record<string, string>> {
  return {
    ...(prefix !== undefined && prefix !== '' && { prefix }),
    ...(after !== undefined && after !== '' && { 'start-after': after }),
  }
}

interface Gathered {
  readonly entries: readonly Entry[]
  readonly prefixes: readonly string[]
  readonly date: string | undefined
  readonly next: Pick<Listing, 'next'>
}

type Ask = (parameters: Readonly<Record<string, string>>) => Promise<Page & { readonly date: string | undefined }>

/**
 * Ask for more than wanted, so that the end shows; some servers list a prefix again that `after` lies in. Where a page is rolled up by
 * hand, one prefix may take up many pages of the server.
 */
async function pageOf(limit: number, { after, delimiter = '' }: ListOptions, byHand: boolean, ask: Ask): Promise<Gathered> {
  const found: (Entry | string)[] = []
  let date: string | undefined
  let rest: Readonly<Record<string, string>> | undefined = {}
  while (rest !== undefined && found.length <= limit) {
    const wanted = byHand ? longestPage : Math.min(longestPage, limit + 2 - found.length)
    const page: Awaited<ReturnType<Ask>> = await ask({ 'max-keys': String(wanted), ...rest })
    date ??= page.date
    found.push(...fresh([...page.entries, ...page.prefixes], after, found.at(-1)))
    rest = onward(rest, page.rest)
    // Without a delimiter nothing rolls up, and the server's word that there is more is good.
    if (rest !== undefined && found.length === limit && delimiter === '') break
  }
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const more = found.length > limit || rest !== undefined
  return {
    entries: shown.filter((entry) => typeof entry !== 'string'),
    prefixes: shown.filter((entry) => typeof entry === 'string'),
    date,
    next: more && last !== undefined ? { next: nameOf(last) } : {},
  }
}

/** In order, and without what was there before. */
function fresh(entries: readonly (Entry | string)[], after: string | undefined, last: Entry | string | undefined): (Entry | string)[] {
  return entries
    .filter((entry) => entry !== last && (after === undefined || compareUtf8(nameOf(entry), after) > 0))
    .sort((a, b) => compareUtf8(nameOf(a), nameOf(b)))
}
