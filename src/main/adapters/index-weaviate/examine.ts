/** How a Weaviate is: reached, ready, open to this node, of which version, what it can do, and what its clock says. */
import type { Finding } from '../../core/ports/examinable'
import { redirected } from '../net/status'
import { type Place, troubleOf } from '../net/trouble'
import { type Call, isRecord, understand } from './connection'
import { noGraphql, Redirection, Refusal, Stranger, takesNoKey } from './refusal'

/** The oldest with every call that is made here, as its API description tells; filters need the newer one. */
const oldest = [1, 24] as const
const withNot = [1, 33] as const

/** Beyond this, times that nodes and server write cannot be compared any more. */
const toleratedSkewMs = 5_000

export async function examine(call: Call, place: Place, signal: AbortSignal): Promise<readonly Finding[]> {
  signal.throwIfAborted()
  try {
    const ready = await call.raw('GET', '/.well-known/ready')
    if (ready.status >= 500) return [reached(place), notReady(place, ready.status)]
    const meta = await call.raw('GET', '/meta')
    const known = understand(meta)
    if (!isRecord(known) || typeof known.version !== 'string') throw new Stranger('its answer is no Weaviate’s')
    // Everybody may ask for the version; only who is let in sees the schema.
    await call.read('/schema')
    return [
      reached(place),
      { name: 'ready', ok: true, message: `Weaviate at ${place.address} is ready.` },
      { name: 'login', ok: true, message: 'Weaviate lets this node in.' },
      version(known.version),
      await queries(call),
      modules(known.modules),
      limits(known),
      clock(meta.date, place),
    ]
  } catch (error) {
    signal.throwIfAborted()
    return [unwell(error, place)]
  }
}

function reached({ address }: Place): Finding {
  return { name: 'reach', ok: true, message: `Weaviate answers at ${address}.` }
}

function notReady({ address }: Place, status: number): Finding {
  return {
    name: 'ready',
    ok: false,
    message: `Weaviate at ${address} is not ready (status ${status}).`,
    advice: 'It may be starting, or short of nodes, memory or disk: look at its log.',
  }
}

function version(found: string): Finding {
  const message = `Weaviate is version ${found}.`
  if (!atLeast(found, oldest)) {
    return { name: 'version', ok: false, message, advice: `Calls that this node makes exist since ${oldest.join('.')}: update the server.` }
  }
  if (!atLeast(found, withNot)) {
    return { name: 'version', ok: false, message, advice: `Filters with a negation need ${withNot.join('.')}: update the server.` }
  }
  return { name: 'version', ok: true, message }
}

function atLeast(found: string, [major, minor]: readonly [number, number]): boolean {
  const [theirMajor = 0, theirMinor = 0] = found.split('.').map((part) => Number.parseInt(part, 10))
  return theirMajor > major || (theirMajor === major && theirMinor >= minor)
}

/** Nearest objects are asked for, and counted, over GraphQL. */
async function queries(call: Call): Promise<Finding> {
  try {
    await call.query('{__typename}')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (noGraphql.test(error.said)) {
      const advice = 'Start the server without DISABLE_GRAPHQL: without it this node can neither search nor count.'
      return { name: 'queries', ok: false, message: 'Weaviate has its GraphQL API switched off.', advice }
    }
    // An empty server has no GraphQL before its first class.
  }
  return { name: 'queries', ok: true, message: 'Weaviate answers queries.' }
}

function modules(found: unknown): Finding {
  const names = isRecord(found) ? Object.keys(found) : []
  return { name: 'modules', ok: true, message: names.length === 0 ? 'Weaviate has no modules.' : `Weaviate has ${names.join(', ')}.` }
}

/** Of QUERY_MAXIMUM_RESULTS, which bounds k, the server tells nothing before one asks for too much. */
function limits({ grpcMaxMessageSize }: Readonly<Record<string, unknown>>): Finding {
  const size =
    typeof grpcMaxMessageSize === 'number' ? ` Messages over gRPC, which this node does not use, may have ${grpcMaxMessageSize} bytes.` : ''
  return { name: 'limits', ok: true, message: `Results of a query are bounded by QUERY_MAXIMUM_RESULTS, 10,000 unless set.${size}` }
}

function clock(date: string | undefined, { address }: Place): Finding {
  const theirs = date === undefined ? Number.NaN : Date.parse(date)
  if (Number.isNaN(theirs)) return { name: 'clock', ok: true, message: `Weaviate at ${address} does not say what time it has.` }
  const skew = Math.abs(theirs - Date.now())
  const message = `Its clock and this one differ by ${skew < toleratedSkewMs ? 'less than 5' : Math.round(skew / 1000)} seconds.`
  if (skew < toleratedSkewMs) return { name: 'clock', ok: true, message }
  return { name: 'clock', ok: false, message, advice: 'Let both computers take their time from the same source (NTP).' }
}

function unwell(error: unknown, place: Place): Finding {
  const trouble = troubleOf(error, place)
  if (trouble !== undefined) return { name: 'reach', ok: false, message: trouble.message, advice: trouble.advice }
  if (error instanceof Stranger) {
    const message = `What answers at ${place.address} is not Weaviate (${error.message}).`
    return { name: 'reach', ok: false, message, advice: 'Check the host and port.' }
  }
  if (error instanceof Redirection) {
    const advice = 'Correct WEAVIATE_URL: the address it leads to, if that is the server’s own.'
    return { name: 'reach', ok: false, message: `${redirected(place, error.status, error.location)}.`, advice }
  }
  if (error instanceof Refusal && takesNoKey.test(error.said)) {
    const message = `Weaviate at ${place.address} knows no keys and was given one, which it refuses.`
    return { name: 'login', ok: false, message, advice: 'Unset WEAVIATE_API_KEY, or switch on keys at the server.' }
  }
  if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
    const message = `Weaviate at ${place.address} does not accept this node's key (${error.message}).`
    return { name: 'login', ok: false, message, advice: 'Check WEAVIATE_API_KEY, and that the key may read the schema.' }
  }
  if (error instanceof Refusal) return notReady(place, error.status)
  throw error
}
