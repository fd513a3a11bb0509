/** `thatdam data put`, `get`, `ls`, `rm`, `copy`, `restore`: objects by hand. */
import type { ObjectListing, StoredObject, VersionPage } from '../../../../shared/data-plane'
import { answer, type Context } from '../../context'
import { objectAt, withData } from '../../data-client'
import { renderListing, renderStored, renderVersions } from '../../render/data'
import { inputOf, pairs, writeOut } from './files'

export interface PutOptions {
  readonly type?: string
  readonly meta?: readonly string[]
  readonly ifMatch?: string
  readonly ifNoneMatch?: boolean
}

export async function put(context: Context, bucket: string, key: string, file: string | undefined, options: PutOptions): Promise<number> {
  const { path, query } = objectAt(bucket, key)
  const meta = pairs(options.meta, '--meta').map(([name, value]) => [`x-meta-${encodeURIComponent(name)}`, encodeURIComponent(value)])
  const stored = await withData(context, async (client) =>
    client.json<StoredObject>('PUT', path, {
      query,
      headers: {
        ...Object.fromEntries(meta),
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

/** The bytes alone, also with `--json`: they are the answer. */
export async function get(
  context: Context,
  bucket: string,
  key: string,
  file: string | undefined,
  { version, range }: GetOptions,
): Promise<number> {
  const { path, query } = objectAt(bucket, key)
  await withData(context, async (client) => {
    const headers = { range: range === undefined ? undefined : `bytes=${range}` }
    const response = await client.request('GET', path, { query: { ...query, version }, headers })
    await writeOut(context, response.body ?? nothing(), file)
  })
  return 0
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

export interface ListOptions {
  readonly delimiter?: string
  readonly versions?: boolean
  readonly limit?: string
}

/** All pages, as one answer. */
export async function ls(context: Context, bucket: string, prefix: string | undefined, options: ListOptions): Promise<number> {
  const path = `/data/storage/${encodeURIComponent(bucket)}`
  const most = options.limit === undefined ? Number.POSITIVE_INFINITY : Number(options.limit)
  const query = { prefix, delimiter: options.delimiter }
  if (options.versions === true) {
    const found = await withData(context, async (client) => {
      const all: VersionPage = { versions: [], prefixes: [] }
      let after: { after: string; after_version?: string } | undefined
      do {
        const page: VersionPage = await client.json('GET', path, {
          query: { ...query, ...after, versions: true, limit: pageSize(most, all.versions) },
        })
        all.versions.push(...page.versions)
        all.prefixes.push(...page.prefixes)
        after =
          page.next === undefined
            ? undefined
            : { after: page.next, ...(page.next_version === undefined ? {} : { after_version: page.next_version }) }
      } while (after !== undefined && all.versions.length < most)
      return all
    })
    answer(context, found, renderVersions)
    return 0
  }
  const found = await withData(context, async (client) => {
    const all: ObjectListing = { objects: [], prefixes: [] }
    let after: string | undefined
    do {
      const page: ObjectListing = await client.json('GET', path, { query: { ...query, after, limit: pageSize(most, all.objects) } })
      all.objects.push(...page.objects)
      all.prefixes.push(...page.prefixes)
      if (page.partial === true) all.partial = true
      after = page.next
    } while (after !== undefined && all.objects.length < most)
    return after === undefined ? all : { ...all, next: after }
  })
  answer(context, found, renderListing)
  return 0
}

function pageSize(most: number, sofar: readonly unknown[]): number {
  return Math.max(1, Math.min(1_000, most - sofar.length))
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
