/** What the listings of S3 are made of, read from their XML. */
import { compareUtf8 } from '../../../shared/order'
import type { Amount } from '../../core/ports/object-storage'
import { unquoted } from './object-info'
import { NotS3 } from './refusal'
import { childOf, childrenOf, type Element, textOf } from './xml'

/** A line of a listing. */
export interface Entry {
  readonly key: string
  readonly size: number
  /** The server's, without quotes. */
  readonly etag: string
  /** As precise as the server tells it. */
  readonly modified: string
  readonly version?: string
  readonly latest: boolean
  readonly deleteMarker: boolean
  /** Content type and metadata as the headers of the object, where the listing tells them. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What a line, or a prefix that stands for many, is ordered by. */
export function nameOf(entry: Entry | string): string {
  return typeof entry === 'string' ? entry : entry.key
}

export interface Page {
  readonly entries: readonly Entry[]
  readonly prefixes: readonly string[]
  /** Parameters that ask for the next page; undefined at the end. */
  readonly rest: Readonly<Record<string, string>> | undefined
}

const decodedPlus = /\+/g

/** Keys come percent-encoded where the server was able to do as asked, since XML cannot hold every character. */
function keyReader(root: Element): (text: string) => string {
  if (textOf(root, 'EncodingType') !== 'url') return (text) => text
  return (text) => {
    try {
      return decodeURIComponent(text.replace(decodedPlus, ' '))
    } catch (error) {
      throw new NotS3(`${JSON.stringify(text)} is no encoded key: ${error instanceof Error ? error.message : ''}`)
    }
  }
}

export function objectsPage(root: Element): Page {
  const read = keyReader(root)
  const token = textOf(root, 'NextContinuationToken')
  return {
    entries: childrenOf(root, 'Contents').map((element) => entryOf(element, read)),
    prefixes: prefixesIn(root, read),
    rest: textOf(root, 'IsTruncated') === 'true' && token !== undefined ? { 'continuation-token': token } : undefined,
  }
}

export function versionsPage(root: Element): Page {
  const read = keyReader(root)
  const key = textOf(root, 'NextKeyMarker')
  const version = textOf(root, 'NextVersionIdMarker')
  return {
    entries: root.children.filter(({ name }) => name === 'Version' || name === 'DeleteMarker').map((element) => entryOf(element, read)),
    prefixes: prefixesIn(root, read),
    rest:
      textOf(root, 'IsTruncated') === 'true' && key !== undefined && key !== ''
        ? { 'key-marker': read(key), ...(version === undefined || version === '' ? {} : { 'version-id-marker': version }) }
        : undefined,
  }
}

/** Where a listing goes on. Throws `NotS3` for a server that would be asked the same again, for ever. */
export function onward(before: Page['rest'], rest: Page['rest']): Page['rest'] {
  if (rest !== undefined && JSON.stringify(before) === JSON.stringify(rest)) throw new NotS3('its listing turns in circles')
  return rest
}

/** What continues past the delimiter as the prefix that stands for it, where the server cannot do that. */
export function rolledUp(page: Page, prefix: string, delimiter: string): Page {
  const prefixes = new Set(page.prefixes)
  const entries = page.entries.filter(({ key }) => {
    const at = key.indexOf(delimiter, prefix.length)
    if (at >= 0) prefixes.add(key.slice(0, at + delimiter.length))
    return at < 0
  })
  return { ...page, entries, prefixes: [...prefixes] }
}

function prefixesIn(root: Element, read: (text: string) => string): string[] {
  return childrenOf(root, 'CommonPrefixes').map((element) => read(textOf(element, 'Prefix') ?? ''))
}

function entryOf(element: Element, read: (text: string) => string): Entry {
  const version = textOf(element, 'VersionId')
  const metadata = childOf(element, 'UserMetadata')
  return {
    key: read(textOf(element, 'Key') ?? ''),
    size: Number(textOf(element, 'Size') ?? 0),
    etag: unquoted(textOf(element, 'ETag') ?? ''),
    modified: textOf(element, 'LastModified') ?? '',
    latest: textOf(element, 'IsLatest') === 'true',
    deleteMarker: element.name === 'DeleteMarker',
    ...(version === undefined || version === '' ? {} : { version }),
    ...(metadata === undefined ? {} : { headers: headersIn(metadata) }),
  }
}

function headersIn(metadata: Element): Readonly<Record<string, string>> {
  return Object.fromEntries(metadata.children.map(({ name, text }) => [name.toLowerCase(), text]))
}

/**
 * The versions of one key newest first, where a server lists delete markers apart from the rest. Its ids grow with time; what was stored
 * before the bucket kept versions has none.
 */
export function inOrder(entries: readonly Entry[]): readonly Entry[] {
  const rank = ({ latest, version }: Entry) => (latest ? 2 : version === 'null' ? 0 : 1)
  return [...entries].sort((a, b) => compareUtf8(a.key, b.key) || rank(b) - rank(a) || compareUtf8(b.version ?? '', a.version ?? ''))
}

export function amountOf(entries: readonly Entry[]): Amount {
  const counted = entries.filter(({ deleteMarker }) => !deleteMarker)
  return { count: counted.length, bytes: counted.reduce((sum, { size }) => sum + size, 0) }
}
