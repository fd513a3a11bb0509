/** What Weaviate says when it refuses, and which code of the port that is. */
import { PortError, type PortErrorCode } from '../../../shared/errors'
import { notReady, redirected } from '../net/status'
import { networkError, type Place } from '../net/trouble'

/** An answer of the server that is no success: by its status, or GraphQL errors inside a 200. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  constructor(
    readonly status: number,
    /** The server's own words; empty where it had none. */
    readonly said: string,
  ) {
    super(said === '' ? `HTTP status ${status}` : said)
  }
}

/** An answer that no Weaviate gives. */
export class Stranger extends Error {
  override readonly name = 'Stranger'
}

/** It sends whoever asks to another place. */
export class Redirection extends Error {
  override readonly name = 'Redirection'
  constructor(
    readonly status: number,
    readonly location: string | undefined,
  ) {
    super(`HTTP status ${status}`)
  }
}

/** What the server says to a key where it knows none, word for word in 1.39 and in older ones. */
export const takesNoKey = /no authentication scheme is configured|oidc auth is not configured/i

/** What the server says where queries are switched off (DISABLE_GRAPHQL, and new clusters of Weaviate's own cloud). */
export const noGraphql = /graphql api is disabled/i

/** In this order; the first that matches counts. */
const words: readonly (readonly [RegExp, PortErrorCode])[] = [
  [noGraphql, 'unsupported'],
  [/tenant not found|multi-tenancy (enabled|disabled), but request was|Unknown argument "tenant"/i, 'invalid'],
  [/tenant not active|tenant .*(is not active|inactive|cold|frozen|offloaded)/i, 'unavailable'],
  [/not present in schema|class not found|non-existing index|could not find class|class "[^"]*": not found/i, 'not-found'],
  [/Cannot query field "[^"]*" on type "(Get|Aggregate)ObjectsObj"/, 'not-found'],
  [/vector dimensions do not match|vector of the wrong size|vector lengths don't match/i, 'invalid'],
  // Nothing at all can be asked of a server whose last class has gone.
  [/no graphql provider present.*no schema is present/i, 'not-found'],
  [/no such prop|invalid .* property/i, 'invalid'],
  [/read-?only|no space left|disk (usage|use) (is )?(too high|above)|not enough disk/i, 'no-space'],
  [
    /not enough memory|memory pressure|leader not found|context deadline exceeded|connection refused|timeout|shard is not ready/i,
    'unavailable',
  ],
  [/no module with name|vectorizer: .*(not|no) |module .* (not|isn't) (found|enabled|available)/i, 'unsupported'],
]

const busy: ReadonlySet<number> = new Set([429, 502, 503, 504])

export function codeOf({ status, said }: Refusal): PortErrorCode {
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 413) return 'too-large'
  if (busy.has(status)) return 'unavailable'
  const known = words.find(([pattern]) => pattern.test(said))
  if (known !== undefined) return known[1]
  return status >= 500 || status === 200 ? 'internal' : 'invalid'
}

/** Any failure of a call as the port's error. `owner` is the resource: `Class Segment`. */
export function toPortError(error: unknown, place: Place, owner: string): unknown {
  if (error instanceof PortError) return error
  if (error instanceof Refusal) return new PortError(codeOf(error), sentence(error, place, owner), { cause: error })
  if (error instanceof Redirection) {
    const message = `${redirected(place, error.status, error.location)}: correct WEAVIATE_URL.`
    return new PortError('unavailable', `${owner}: ${message}`, { cause: error })
  }
  if (error instanceof Stranger) {
    const message = `What answers at ${place.address} is not Weaviate (${error.message}): check the host and port.`
    return new PortError('unavailable', `${owner}: ${message}`, { cause: error })
  }
  const network = networkError(error, place)
  return network === undefined ? error : new PortError(network.code, `${owner}: ${network.message}`, { cause: error })
}

function sentence(refusal: Refusal, place: Place, owner: string): string {
  const { address } = place
  const { status } = refusal
  if (busy.has(status)) return `${owner}: ${notReady(place, status, refusal.said)}`
  const said = refusal.said === '' ? `status ${status}` : refusal.said.replace(/\.$/, '')
  if (takesNoKey.test(refusal.said)) return `${owner}: Weaviate at ${address} knows no keys and was given one: unset WEAVIATE_API_KEY.`
  if (codeOf(refusal) === 'unauthorized') {
    return `${owner}: Weaviate at ${address} does not accept this node's key (${said}): check WEAVIATE_API_KEY.`
  }
  return `${owner}: Weaviate at ${address} answered: ${said}.`
}
