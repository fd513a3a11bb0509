/**
 * The nearest objects. The server breaks ties in an order of its own and may select more than the filter holds for, so it is asked
 * for more than k until what it answers proves that none is missing: everything it has, or something farther than the k-th.
 */
import { PortError } from '../../../shared/errors'
import { compareUtf8 } from '../../../shared/order'
import type { QueryResult, VectorIndex } from '../../core/ports/vector-index'
import type { Predicate } from '../../core/vector-index/predicate'
import { type Call, isRecord } from './connection'
import { whereOf } from './filter'
import { decode, ofUsualLength } from './objects'
import { Refusal } from './refusal'
import { listOf, own, type WeaviateClass } from './schema'

type Query = Parameters<VectorIndex['query']>[1]
type Hit = QueryResult['results'][number]

/** QUERY_MAXIMUM_RESULTS of a server that was not told another. */
const usualLimit = 10_000
const factor = 4

export async function nearest(call: Call, info: WeaviateClass, query: Query, accepts: Predicate | undefined): Promise<readonly Hit[]> {
  const where = query.filter === undefined ? 'all' : whereOf(query.filter, info)
  if (where === 'none') return []
  const question = questionOf(info, query, where)
  let most = usualLimit
  let limit = Math.min(query.k + 1, most)
  for (;;) {
    const answer = await ask(call, info, question(limit))
    if (typeof answer === 'number') {
      most = lowered(answer, query.k, info)
      limit = Math.min(limit, most)
      continue
    }
    const hits = answer.map((one) => hitOf(info, one))
    const right = accepts === undefined ? [...hits] : hits.filter(({ metadata }) => accepts(metadata))
    right.sort((a, b) => b.score - a.score || compareUtf8(a.id, b.id))
    const [worst, farthest] = [right[query.k - 1], hits.at(-1)]
    const complete = hits.length < limit || (worst !== undefined && farthest !== undefined && farthest.score < worst.score)
    // At the server's limit, objects that tie with the last beyond it are out of reach.
    if (complete || (limit >= most && worst !== undefined)) return right.slice(0, query.k)
    if (limit >= most) throw outOfReach(info, most, right.length)
    limit = Math.min(limit * factor, most)
  }
}

/** A function that makes the GraphQL for a number of results. */
function questionOf({ state, types, has }: WeaviateClass, { vector, tenant }: Query, where: string): (limit: number) => string {
  const fields = [...types.keys(), ...[own.id, own.exact].filter((name) => has.has(name))].join(' ')
  const numbers = (state.distance === 'cosine' ? ofUsualLength(vector) : vector).join(',')
  const owner = tenant === undefined ? '' : `tenant:${JSON.stringify(tenant)},`
  const filter = where === 'all' ? '' : `,where:${where}`
  return (limit) =>
    `{Get{${state.name}(${owner}nearVector:{vector:[${numbers}]},limit:${limit}${filter}){${fields} _additional{id distance}}}}`
}

/** The answer, or how many results are the most that this server gives. */
async function ask(call: Call, info: WeaviateClass, text: string): Promise<readonly Readonly<Record<string, unknown>>[] | number> {
  try {
    const { Get } = await call.query(text)
    return listOf(isRecord(Get) ? Get[info.state.name] : undefined)
  } catch (error) {
    const most =
      error instanceof Refusal ? /exceeds the configured value for QUERY_MAXIMUM_RESULTS '(\d+)'/.exec(error.said)?.[1] : undefined
    if (most === undefined) throw error
    return Number(most)
  }
}

function lowered(most: number, k: number, { state }: WeaviateClass): number {
  if (k <= most) return most
  throw new PortError(
    'unsupported',
    `Query of class ${state.name}: k is ${k}, and this Weaviate gives at most ${most} results; raise its QUERY_MAXIMUM_RESULTS.`,
  )
}

function outOfReach({ state }: WeaviateClass, most: number, matching: number): PortError {
  return new PortError(
    'unsupported',
    `Query of class ${state.name}: Weaviate cannot search this filter by itself, and of the ${most} nearest objects, more than which it does not give, only ${matching} match.`,
  )
}

function hitOf(info: WeaviateClass, raw: Readonly<Record<string, unknown>>): Hit {
  const { id: uuid, distance } = (isRecord(raw._additional) ? raw._additional : {}) as { id?: string; distance?: number }
  const { id, metadata } = decode(info, uuid ?? '', raw)
  return { id, score: scoreOf(info.state.distance, distance ?? Number.NaN), metadata }
}

/** Not `-distance`, which makes the score of an equal vector negative zero. */
function scoreOf(measure: string, distance: number): number {
  return measure === 'cosine' ? Math.max(-1, Math.min(1, 1 - distance)) : 0 - distance
}
