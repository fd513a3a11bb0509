/** The headers of objects: what HTTP calls conditions and ranges (RFC 9110, sections 13 and 14), and metadata as `x-meta-*`. */
import type { IncomingHttpHeaders } from 'node:http'
import { dataLimits } from '../../../shared/data-plane'
import { PortError } from '../../../shared/errors'
import { encodeHeaderName, encodeHeaderText } from '../../../shared/header-text'
import type { ObjectInfo, PutOptions } from '../../core/ports/object-storage'

const metaPrefix = 'x-meta-'

/** What every answer about an object says of it. */
export function headersOf({ key, etag, modified, contentType, metadata, version }: ObjectInfo): Record<string, string> {
  return {
    etag: `"${etag}"`,
    'last-modified': new Date(modified).toUTCString(),
    'content-type': contentType,
    'content-disposition': dispositionOf(key, contentType),
    'accept-ranges': 'bytes',
    // An object is somebody's bytes. Opened in a browser, it is no page of this node: it runs nothing, and belongs to no origin.
    'content-security-policy':
      "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
    'cache-control': 'private, no-cache',
    ...(version === undefined ? {} : { 'x-version': version }),
    ...Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [metaPrefix + encodeHeaderName(name), encodeURIComponent(value)]),
    ),
  }
}

/** What a browser may show by itself. Everything else, and above all what it would take for a document with scripts, it saves. */
const shown = /^(?:image\/(?!svg)|audio\/|video\/|text\/plain\b|application\/(?:json|pdf)\b)/i

/** Named for whoever saves it by the last segment of its key (RFC 6266). */
function dispositionOf(key: string, contentType: string): string {
  const name = key.split('/').findLast((segment) => segment !== '') ?? 'object'
  return `${shown.test(contentType) ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeHeaderText(name)}`
}

/** Type, metadata and conditions of a put. */
export function putOptionsOf(headers: IncomingHttpHeaders, resource: string): PutOptions {
  const contentType = headers['content-type'] && ascii(headers['content-type'], 'Content-Type', resource)
  const metadata = metadataOf(headers, resource)
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw new PortError('invalid', `${resource}: If-None-Match of a put can only be *, not ${ifNoneMatch.slice(0, 100)}.`)
  }
  return {
    ...(contentType ? { contentType } : {}),
    ...(metadata === undefined ? {} : { metadata }),
    ...(ifMatch === undefined ? {} : { ifMatch: oneTag(ifMatch, resource) }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: '*' }),
  }
}

function metadataOf(headers: IncomingHttpHeaders, resource: string): Record<string, string> | undefined {
  const metadata = new Map<string, string>()
  let size = 0
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(metaPrefix) || typeof value !== 'string') continue
    const key = decoded(name.slice(metaPrefix.length), name, resource)
    const text = decoded(value, name, resource)
    if (key === '') throw new PortError('invalid', `${resource}: the header ${name} names nothing.`)
    metadata.set(key, text)
    size += Buffer.byteLength(key) + Buffer.byteLength(text)
  }
  if (size > dataLimits.metadata) {
    throw new PortError(
      'too-large',
      `${resource}: its metadata is ${size} bytes; ${dataLimits.metadata} are allowed in all x-meta-* together.`,
    )
  }
  return metadata.size === 0 ? undefined : Object.fromEntries(metadata)
}

/** A header's value is percent-encoded UTF-8. Raw bytes beyond ASCII have no one meaning in HTTP. */
export function decoded(text: string, header: string, resource: string): string {
  try {
    return decodeURIComponent(ascii(text, header, resource))
  } catch (error) {
    if (error instanceof PortError) throw error
    throw new PortError('invalid', `${resource}: the header ${header} is not percent-encoded UTF-8.`, { cause: error })
  }
}

export function ascii(text: string, header: string, resource: string): string {
  if (/^[\t -~]*$/.test(text)) return text
  throw new PortError('invalid', `${resource}: the header ${header} has characters beyond ASCII in it.`)
}

/** The one etag of an `If-Match` of a put or delete. A put over one of several is a wish that no backend has. */
export function oneTag(header: string, resource: string): string {
  const tags = tagsOf(header)
  const [tag] = tags
  if (tag !== undefined && tag !== '' && tags.length === 1 && tag !== '*') return tag
  throw new PortError('invalid', `${resource}: If-Match must be one etag here, not ${header.slice(0, 100)}.`)
}

/** The tags of a list, without their quotes; those that only say "alike" are left out unless `weak`. */
function tagsOf(header: string, weak = false): string[] {
  return header
    .split(',')
    .map((part) => part.trim())
    .filter((part) => weak || !part.startsWith('W/'))
    .map((part) => part.replace(/^W\//, '').replace(/^"(.*)"$/, '$1'))
}

/** What a get is to answer by its conditions. */
export function judgeRead(headers: IncomingHttpHeaders, etag: string): 'serve' | 'not-modified' | 'precondition-failed' {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers
  const isOneOf = (tags: readonly string[]) => tags.some((tag) => tag === '*' || tag === etag)
  if (ifMatch !== undefined && !isOneOf(tagsOf(ifMatch))) return 'precondition-failed'
  if (ifNoneMatch !== undefined && isOneOf(tagsOf(ifNoneMatch, true))) return 'not-modified'
  return 'serve'
}

export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The one range that is asked for, of an object of `size` bytes; undefined for all of it, which is also the answer to several ranges, to
 * units other than bytes, and to an `If-Range` of another version. `unsatisfiable` where it begins behind the end.
 */
export function rangeOf(
  headers: IncomingHttpHeaders,
  { size, etag }: Pick<ObjectInfo, 'size' | 'etag'>,
): ByteRange | 'unsatisfiable' | undefined {
  const { range, 'if-range': ifRange } = headers
  if (range === undefined) return undefined
  // Bytes of two answers are put together under it, so a weak etag, which only promises something like them, is another one.
  if (ifRange !== undefined && ![etag, `"${etag}"`].includes(String(ifRange).trim())) return undefined
  const [, first = '', last = ''] = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(range) ?? []
  if (first === '' && last === '') return undefined
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}
