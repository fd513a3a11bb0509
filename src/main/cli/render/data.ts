/** What the data commands print for a person. */
import type { DeliveredMessage, ObjectListing, QueryAnswer, StoredObject, VersionPage } from '../../../shared/data-plane'
import { columns, count, lines, moment, oneLine } from './text'

export function renderStored(bucket: string, { key, size, etag, version }: StoredObject): string {
  return lines(
    `${oneLine(`${bucket}/${key}`)}  ${count(size, 'byte')}`,
    `  sha256 ${etag}`,
    ...(version === undefined ? [] : [`  version ${version}`]),
  )
}

export function renderFetched(fetched: {
  readonly file: string
  readonly size: number
  readonly etag: string
  readonly range?: string
}): string {
  const { file, size, etag, range } = fetched
  return lines(
    `${oneLine(file)}  ${count(size, 'byte')}`,
    range === undefined ? `  sha256 ${etag}` : `  ${range} of the object with sha256 ${etag}`,
  )
}

export function renderListing({ objects, prefixes, partial }: ObjectListing): string {
  if (objects.length + prefixes.length === 0) return 'Nothing there.\n'
  return lines(
    columns([
      ...prefixes.map((prefix) => ['', '', oneLine(prefix)]),
      ...objects.map(({ key, size, modified }) => [moment(modified), String(size), oneLine(key)]),
    ]),
    ...(partial === true ? ['Some may be missing: a backend is away.'] : []),
  )
}

export function renderVersions({ versions, prefixes }: VersionPage): string {
  if (versions.length + prefixes.length === 0) return 'Nothing there.\n'
  return lines(
    columns([
      ...prefixes.map((prefix) => ['', '', '', '', oneLine(prefix)]),
      ...versions.map((one) => [
        moment(one.modified),
        one.delete_marker ? 'deleted' : String(one.size),
        one.version,
        one.latest ? 'newest' : '',
        oneLine(one.key),
      ]),
    ]),
  )
}

export function renderMessage({
  exchange,
  routing_key,
  idempotency_key,
  redelivered,
  content_type,
  body,
  body_base64,
}: DeliveredMessage): string {
  const content = body === undefined ? `${body_base64 ?? ''} (base64)` : typeof body === 'string' ? body : JSON.stringify(body)
  const about = [`${exchange} ${routing_key}`, content_type, idempotency_key, ...(redelivered ? ['redelivered'] : [])]
  return lines(oneLine(about.join('  ')), `  ${oneLine(content)}`)
}

export function renderQuery({ results, partial }: QueryAnswer): string {
  if (results.length === 0) return 'Nothing found.\n'
  return lines(
    columns(results.map(({ id, score, metadata }) => [score.toFixed(6), oneLine(id), oneLine(JSON.stringify(metadata))])),
    ...(partial ? ['Some may be missing: a backend is away.'] : []),
  )
}
