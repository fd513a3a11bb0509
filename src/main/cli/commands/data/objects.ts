/** `thatdam data put`, `get`, `ls`, `rm`, `copy`, `restore`: objects by hand. */
import { dataLimits, type ObjectListing, type StoredObject, type VersionPage } from '../../../../shared/data-plane'
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
  const fetched = await withData(
    context,
    async (client) => {
      const { headers: about, body } = await client.bytes('GET', path, { query: { ...query, version }, headers })
      await output.write(body)
      return fetchedOf(key, about)
    },
    { setUp: false },
  )
  if (output.file !== undefined) answer(context, { ...fetched, file: output.file }, renderFetched)
  return 0
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
  if (options.versions === true) {
    answer(context, await withData(context, (client) => allVersions(client, path, query, most), { setUp: false }), renderVersions)
  } else {
    answer(context, await withData(context, (client) => allObjects(client, path, query, most), { setUp: false }), renderListing)
  }
  return 0
}

type ListQuery = Readonly<Record<string, string | undefined>>

async function allObjects(client: DataClient, path: string, query: ListQuery, most: number): Promise<ObjectListing> {
  const all: ObjectListing = { objects: [], prefixes: [] }
  while (true) {
    const limit = pageSize(most - all.objects.length - all.prefixes.length)
    const page: ObjectListing = await client.json('GET', path, { query: { ...query, after: all.next, limit } })
    all.objects.push(...page.objects)
    all.prefixes.push(...page.prefixes)
    if (page.partial === true) all.partial = true
    if (page.next === undefined) delete all.next
    else all.next = page.next
    if (all.next === undefined || all.objects.length + all.prefixes.length >= most) return all
  }
}

async function allVersions(client: DataClient, path: string, query: ListQuery, most: number): Promise<VersionPage> {
  const all: VersionPage = { versions: [], prefixes: [] }
  while (true) {
    const limit = pageSize(most - all.versions.length - all.prefixes.length)
    const { next, next_version, versions, prefixes, partial }: VersionPage = await client.json('GET', path, {
      query: { ...query, versions: true, after: all.next, after_version: all.next_version, limit },
    })
    all.versions.push(...versions)
    all.prefixes.push(...prefixes)
    if (partial === true) all.partial = true
    delete all.next
    delete all.next_version
    if (next !== undefined) all.next = next
    if (next_version !== undefined) all.next_version = next_version
    if (next === undefined || all.versions.length + all.prefixes.length >= most) return all
  }
}

function pageSize(wanted: number): number {
  return Math.min(dataLimits.listing, wanted)
}

export async function rm(context: Context, bucket: string, key: string, { version }: { version?: string }): Promise<number> {
  const { path, query } = objectAt(bucket, key)
  const deleted = await withData(
    context,
    (client) => client.json<{ version?: string; delete_marker: boolean }>('DELETE', path, { query: { ...query, version } }),
    { setUp: false },
  )
  answer(context, deleted, ({ delete_marker }) =>
    delete_marker && version === undefined ? `Hidden; the versions of ${key} are kept.\n` : 'Deleted.\n',
  )
  return 0
}

export async function copy(context: Context, from: readonly [string, string], to: readonly [string, string]): Promise<number> {
  const { path, query } = objectAt(...to)
  const stored = await withData(
    context,
    (client) => client.json<StoredObject>('PUT', path, { query, headers: { 'x-copy-source': from.map(encodeURIComponent).join('/') } }),
    { setUp: false },
  )
  answer(context, stored, (value) => renderStored(to[0], value))
  return 0
}

export async function restore(context: Context, bucket: string, key: string, version: string): Promise<number> {
  const { path, query } = objectAt(bucket, key)
  const stored = await withData(context, (client) => client.json<StoredObject>('POST', path, { query: { ...query, restore: version } }), {
    setUp: false,
  })
  answer(context, stored, (value) => renderStored(bucket, value))
  return 0
}
