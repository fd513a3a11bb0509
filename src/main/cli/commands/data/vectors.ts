/** `thatdam data upsert`, `vector`, `forget` and `query`: the vector index by hand. */
import type { QueryAnswer, StoredVector } from '../../../../shared/data-plane'
import { answer, type Context } from '../../context'
import { segment, withData } from '../../data-client'
import { renderQuery } from '../../render/data'
import { jsonInput } from './files'
import { numberOf } from './options'

export interface TenantOption {
  readonly tenant?: string
}

const place = (className: string, id: string) => `/data/index/${segment(className, 'class')}/${segment(id, 'id')}`

/** FILE holds `{ "vector": […], "metadata": {…} }`. */
export async function upsert(
  context: Context,
  className: string,
  id: string,
  file: string | undefined,
  { tenant }: TenantOption,
): Promise<number> {
  const body = JSON.stringify(await jsonInput(context, file))
  const stored = await withData(context, (client) => client.json<{ id: string }>('PUT', place(className, id), { query: { tenant }, body }))
  answer(context, stored, () => `Stored ${className} ${id}.\n`)
  return 0
}

export async function vector(context: Context, className: string, id: string, { tenant }: TenantOption): Promise<number> {
  const found = await withData(context, (client) => client.json<StoredVector>('GET', place(className, id), { query: { tenant } }))
  answer(context, found, (value) => `${JSON.stringify(value)}\n`)
  return 0
}

export async function forget(context: Context, className: string, id: string, { tenant }: TenantOption): Promise<number> {
  await withData(context, (client) => client.request('DELETE', place(className, id), { query: { tenant } }))
  answer(context, { id }, () => 'Deleted.\n')
  return 0
}

export interface QueryOptions extends TenantOption {
  readonly k?: string
}

/** FILE holds `{ "vector": […], "k": 10, "filter": {…} }`; what the options state takes its place. */
export async function query(context: Context, className: string, file: string | undefined, { tenant, k }: QueryOptions): Promise<number> {
  const most = numberOf(k, '-k')
  const given = await jsonInput(context, file)
  const body = JSON.stringify({
    k: 10,
    ...given,
    ...(tenant === undefined ? {} : { tenant }),
    ...(most === undefined ? {} : { k: most }),
  })
  const found = await withData(context, (client) =>
    client.json<QueryAnswer>('POST', `/data/index/${segment(className, 'class')}/query`, { body }),
  )
  answer(context, found, renderQuery)
  return 0
}
