/**
 * What the headers of an object say of it, and how it is said in them. The sha256 of the content is kept in the object's own metadata;
 * by it one also knows that names and values of the metadata were encoded by this adapter. Headers hold little more than ASCII and
 * come back in lower case, so both are percent-encoded where need be; what anybody else wrote is taken as it is.
 */
import { encodeHeaderName, encodeHeaderText } from '../../../shared/header-text'
import type { ObjectInfo, PutOptions } from '../../core/ports/object-storage'
import { NotS3 } from './refusal'

const prefix = 'x-amz-meta-'
const hashHeader = 'x-amz-meta-thatdam-sha256'

export const plainType = 'application/octet-stream'

/** An object as the server has it. */
export interface Found {
  readonly info: ObjectInfo
  /** The server's own etag without quotes, for its conditions. */
  readonly serverEtag: string
}

/** The headers of an object to be stored; `sha256` is absent for one whose content nobody has hashed. */
export function headersFor({ contentType, metadata }: Pick<PutOptions, 'contentType' | 'metadata'>, sha256: string | undefined) {
  const own = Object.entries(metadata ?? {}).map(([name, value]) => [`${prefix}${encodeHeaderName(name)}`, encodeValue(value)])
  return {
    'content-type': encodeValue(contentType ?? plainType),
    ...Object.fromEntries(own),
    ...(sha256 === undefined ? {} : { [hashHeader]: sha256 }),
  }
}

/** Printable ASCII stays readable for others. A sign of percent would be taken for an encoding, and spaces at the ends or in a row do not survive. */
function encodeValue(value: string): string {
  return /^[!-~]*( [!-~]+)*$/.test(value) && !value.includes('%') ? value : encodeHeaderText(value)
}

/** From the answer to a HEAD or GET. Throws `NotS3` for what describes no object. */
export function foundIn(key: string, headers: Readonly<Record<string, string>>): Found {
  const { etag, 'last-modified': modified, 'content-length': length, 'content-range': range, 'x-amz-version-id': version } = headers
  if (etag === undefined || modified === undefined) throw new NotS3('an object without an etag or a date came back')
  const size = range === undefined ? Number(length) : Number(range.slice(range.lastIndexOf('/') + 1))
  return found({ key, size, etag, modified, version, contentType: headers['content-type'], headers })
}

export interface Described {
  readonly key: string
  readonly size: number
  readonly etag: string
  readonly modified: string
  readonly version: string | undefined
  readonly contentType: string | undefined
  /** Among which are those of its metadata, in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

export function found({ key, size, etag, modified, version, contentType, headers }: Described): Found {
  const serverEtag = unquoted(etag)
  const hash = headers[hashHeader]
  const ours = hash !== undefined && /^[0-9a-f]{64}$/.test(hash)
  return {
    serverEtag,
    info: {
      key,
      size,
      etag: ours ? hash : `ext-${serverEtag}`,
      modified: toTheSecond(modified),
      contentType: contentType === undefined || contentType === '' ? plainType : ours ? decoded(contentType) : contentType,
      metadata: metadataIn(headers, ours),
      ...(version === undefined || version === '' ? {} : { version }),
    },
  }
}

function metadataIn(headers: Readonly<Record<string, string>>, ours: boolean): Readonly<Record<string, string>> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith(prefix) && (!ours || name !== hashHeader))
  const read = ours ? decoded : (text: string) => text
  return Object.fromEntries(own.map(([name, value]) => [read(name.slice(prefix.length)), read(value)]))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Nothing that this adapter wrote: somebody has changed the metadata and kept the hash.
    return text
  }
}

export function unquoted(etag: string): string {
  return etag.replaceAll('"', '')
}

/** A HEAD dates an object to the second, a listing more finely: both say the same of it here. */
export function toTheSecond(date: string): string {
  const time = Date.parse(date)
  if (Number.isNaN(time)) throw new NotS3(`${JSON.stringify(date)} is no date`)
  return new Date(Math.floor(time / 1000) * 1000).toISOString()
}
