/** Which object a request means: by its path, by `?key=`, or as the source of a copy. */
import type { FastifyRequest } from 'fastify'
import { dataLimits } from '../../../shared/data-plane'
import { PortError } from '../../../shared/errors'
import { addressOf, bucketOf, type Query, queryOf } from './address'
import { decoded } from './object-headers'

const storagePrefix = '/data/storage/'

export interface Named {
  readonly bucket: string
  readonly key: string
  /** How messages name it. */
  readonly resource: string
  readonly query: Query
}

export function keyOrBucket(request: FastifyRequest): { readonly bucket: string; readonly key: string | undefined; readonly query: Query } {
  const { names, query } = addressOf(request, storagePrefix, 2)
  const bucket = bucketOf(names[0])
  const inPath = names[1]
  // `/data/storage/BUCKET/` is the bucket as well: no key is empty.
  return { bucket, key: inPath === undefined || inPath === '' ? (query.get('key') ?? undefined) : inPath, query }
}

export function named(request: FastifyRequest): Named {
  const { bucket, key, query } = keyOrBucket(request)
  if (key === undefined || key === '') {
    throw new PortError('invalid', `bucket ${bucket}: the address names no key; it goes into the path or into ?key=.`)
  }
  return { bucket, key: keyText(key, bucket), resource: `${bucket}/${key}`, query }
}

export function keyText(key: string, bucket: string): string {
  const bytes = Buffer.byteLength(key)
  if (bytes > dataLimits.key) {
    throw new PortError(
      'invalid',
      `bucket ${bucket}: the key "${key.slice(0, 60)}…" has ${bytes} bytes; at most ${dataLimits.key} are allowed.`,
    )
  }
  return key
}

export function versionOf(query: Query): { readonly version?: string } {
  const version = query.get('version')
  return version === null ? {} : { version }
}

/** `bucket/key`, percent-encoded, with `?version=` behind it for an old version. */
export function sourceOf(header: string, resource: string): { bucket: string; key: string; version?: string } {
  const [place = '', query = ''] = header.replace(/^\//, '').split('?', 2)
  const slash = place.indexOf('/')
  if (slash < 1 || slash === place.length - 1) {
    throw new PortError('invalid', `${resource}: x-copy-source must be bucket/key, not ${header.slice(0, 100)}.`)
  }
  const text = (part: string) => decoded(part, 'x-copy-source', resource)
  const bucket = bucketOf(text(place.slice(0, slash)))
  return { bucket, key: keyText(text(place.slice(slash + 1)), bucket), ...versionOf(queryOf(query)) }
}
