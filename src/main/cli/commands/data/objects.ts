/** `thatdam data put`, `get`, `ls`, `rm`, `copy`, `restore`: objects by hand. */
import { dataLimits, type ObjectListing, type StoredObject, type VersionPage } from '../../../../shared/data-plane'
import { UserError } from '../../../../shared/errors'
import { answer, type Context } from '../../context'
import { bucketAt, type DataClient, objectAt, withData } from '../../data-client'
import { renderFetched, renderListing, renderStored, renderVersions } from '../../render/data'
import { inputOf, outputTo } from './files'
import { headersOf, numberOf } from './options'

export interface PutOptions {
  readonly type?: string
  readonly meta?: readonly string[]
  readonly ifMatch?: string
  readonly ifNoneMatch?: boolean
}

export async function put(context: Context, bucket: string, key: string, file: string | undefined, options: PutOptions): Promise<number> {
  const { path, query } = objectAt(bucket, key)
  const meta = headersOf(options.meta, '--meta', 'x-meta-')
  const stored = await withData(context, async (client) =>
    client.json<StoredObject>('PUT', path, {
      query,
      headers: {
        ...meta,
        'content-type': options.type ?? 'application/octet-stream',
        'if-match': options.ifMatch,
        'if-none-match': options.ifNoneMatch === true ? '*' : undefined,
      },
      body: await inputOf(context, file),
    }),
  )
  answer(context, stored, (value) => renderStored(bucket, value))
  return 0
}

export interface GetOptions {
  readonly version?: string
  readonly range?: string
}

/** On standard output the bytes alone, also with `--json`: they are the answer. Of a FILE it says what is in it now. */
export async function get(
  context: Context,
  bucket: string,
  key: string,
  file: string | undefined,
  { version, range }: GetOptions,
): Promise<number> {
  const { path, query } = objectAt(bucket, key)
  const output = await outputTo(context, file)
  const headers = { range: range === undefined ? undefined : `bytes=${range}` }
  const fetched = await withData(context, async (client) => {
    const { headers: about, body } = await client.bytes('GET', path, { query: { ...query, version }, headers })
    await output.write(
      whole(body, () => client.bytes('GET', path, { query: { ...query, version }, headers: firstByte }), `${bucket}/${key}`),
    )
    return fetchedOf(key, about)
  })
  if (output.file !== undefined) answer(context, { ...fetched, file: output.file }, renderFetched)
  return 0
}

const firstByte = { range: 'bytes=0-0' }

/**
 * The body, or why it broke off. An answer that has begun can no longer say so, only end: what is behind it says it when it is asked
 * `again`.
 */
async function* whole(
  body: AsyncIterable<Uint8Array>,
  again: () => Promise<{ readonly body: AsyncIterable<Uint8Array> }>,
  object: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'unavailable') throw error
    throw await again().then(
      () =>
        new UserError('unavailable', `${object} broke off in the middle, and can be read again by now.`, {
          hint: 'Try again.',
          cause: error,
        }),
      (why: unknown) =>
        why instanceof UserError
          ? new UserError(why.code, `${object} broke off in the middle: ${why.message}`, {
              ...(why.hint === undefined ? {} : { hint: why.hint }),
              cause: error,
            })
          : why,
    )
  }
}

function fetchedOf(key: string, about: Headers) {
  const [version, range] = [about.get('x-version'), about.get('content-range')]
  return {
    key,
    size: Number(about.get('content-length')),
    etag: (about.get('etag') ?? '').replaceAll('"', ''),
    ...(version === null ? {} : { version }),
    content_type: about.get('content-type') ?? '',
    ...(range === null ? {} : { range }),
  }
}

export interface ListOptions {
  readonly delimiter?: string
  readonly versions?: boolean
  readonly limit?: string
}

/** All pages, as one answer. `next` stands in it where `--limit` ended it before the bucket did. */
export async function ls(context: Context, bucket: string, prefix: string | undefined, options: ListOptions): Promise<number> {
  const path = bucketAt(bucket)
  const most = numberOf(options.limit, '--limit') ?? Number.POSITIVE_INFINITY
  const query = { prefix, delimiter: options.delimiter }
  const pages = <P extends Page>(asked: ListQuery, items: keyof P) =>
    withData(context, (client) => allPages<P>(client, path, asked, most, items))
  if (options.versions === true) answer(context, await pages<VersionPage>({ ...query, versions: true }, 'versions'), renderVersions)
  else answer(context, await pages<ObjectListing>(query, 'objects'), renderListing)
  return 0
}

type ListQuery = Readonly<Record<string, string | boolean | undefined>>

interface Page {
  readonly prefixes: string[]
  readonly next?: string | undefined
  readonly next_version?: string | undefined
  readonly partial?: boolean | undefined
}

/** All pages as one, or as many as hold `most` entries. `items` names the list of a page that is not of prefixes. */
async function allPages<P extends Page>(client: DataClient, path: string, query: ListQuery, most: number, items: keyof P): Promise<P> {
  const all: unknown[] = []
  const prefixes: string[] = []
  let partial = false
  for (let after: Pick<Page, 'next' | 'next_version'> = {}; ; ) {
    const limit = Math.min(dataLimits.listing, most - all.length - prefixes.length)
    const asked = { ...query, after: after.next, after_version: after.next_version, limit }
    const page = await client.json<P>('GET', path, { query: asked })
    all.push(...(page[items] as unknown[]))
    prefixes.push(...page.prefixes)
    partial ||= page.partial === true
    const isLast = page.next === undefined || all.length + prefixes.length >= most
    if (isLast) return { ...page, [items]: all, prefixes, ...(partial ? { partial } : {}) }
    after = page
  }
}

export async function rm(context: Context, bucket: string, key: string, { version }: { version?: string }): Promise<number> {
  const { path, query } = objectAt(bucket, key)
  const deleted = await withData(context, (client) =>
    client.json<{ version?: string; delete_marker: boolean }>('DELETE', path, { query: { ...query, version } }),
  )
  answer(context, deleted, ({ delete_marker }) =>
    delete_marker && version === undefined ? `Hidden; the versions of ${key} are kept.\n` : 'Deleted.\n',
  )
  return 0
}

export async function copy(context: Context, from: readonly [string, string], to: readonly [string, string]): Promise<number> {
  const { path, query } = objectAt(...to)
  const stored = await withData(context, (client) =>
    client.json<StoredObject>('PUT', path, { query, headers: { 'x-copy-source': from.map(encodeURIComponent).join('/') } }),
  )
  answer(context, stored, (value) => renderStored(to[0], value))
  return 0
}

export async function restore(context: Context, bucket: string, key: string, version: string): Promise<number> {
  const { path, query } = objectAt(bucket, key)
  const stored = await withData(context, (client) => client.json<StoredObject>('POST', path, { query: { ...query, restore: version } }))
  answer(context, stored, (value) => renderStored(bucket, value))
  return 0
}
