/**
 * What goes wrong between this node and a server, in a person's words. One vocabulary for every adapter that speaks over a network,
 * so that one mistake reads the same whichever server it is made with.
 */
import { PortError, type PortErrorCode } from '../../../shared/errors'

/** Whom a call was meant for. */
export interface Place {
  /** `MinIO`, `RabbitMQ`, `Weaviate`: as the person knows it. */
  readonly server: string
  /** The address without credentials, as it was configured. */
  readonly address: string
}

export interface Trouble {
  readonly code: PortErrorCode
  readonly message: string
  /** What to do next. */
  readonly advice: string
}

type Telling = (place: Place, detail: string) => Omit<Trouble, 'code'>

const refused: Telling = ({ server, address }) => ({
  message: `${server} at ${address} refused the connection: nothing listens there.`,
  advice: 'Start the server, or correct the host and port.',
})
const unknownName: Telling = ({ server, address }, detail) => ({
  message: `The name of ${server} at ${address} cannot be resolved (${detail}).`,
  advice: 'Correct the host name, or check that this computer is on the network that knows it.',
})
const unreachable: Telling = ({ server, address }, detail) => ({
  message: `${server} at ${address} cannot be reached (${detail}).`,
  advice: 'Check the network between this computer and the server, and any firewall on the way.',
})
const late: Telling = ({ server, address }) => ({
  message: `${server} at ${address} did not answer in time.`,
  advice: 'Check that the address is the right one and that the server is not overloaded.',
})
const broken: Telling = ({ server, address }, detail) => ({
  message: `${server} at ${address} closed the connection in the middle of a call (${detail}).`,
  advice: 'The server may be restarting; if it goes on, check that the port is the right one, and whether it expects TLS.',
})
const noTls: Telling = ({ server, address }, detail) => ({
  message: `${server} at ${address} was spoken to with TLS and did not answer with it (${detail}).`,
  advice: 'If the server has no certificate, write the address without the s: http:// or amqp://.',
})
const untrusted: Telling = ({ server, address }, detail) => ({
  message: `The certificate of ${server} at ${address} is not trusted (${detail}).`,
  advice: 'Name the certificate authority that signed it, or use the host name that stands in the certificate.',
})
const noHttp: Telling = ({ server, address }, detail) => ({
  message: `What answers at ${address} does not speak HTTP, so it is not ${server} (${detail}).`,
  advice: 'Check the port, and whether the server expects https://.',
})

const tellings: Readonly<Record<string, Telling>> = {
  ECONNREFUSED: refused,
  ENOTFOUND: unknownName,
  EAI_AGAIN: unknownName,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EHOSTDOWN: unreachable,
  ENETDOWN: unreachable,
  EADDRNOTAVAIL: unreachable,
  ETIMEDOUT: late,
  ESOCKETTIMEDOUT: late,
  UND_ERR_CONNECT_TIMEOUT: late,
  UND_ERR_HEADERS_TIMEOUT: late,
  UND_ERR_BODY_TIMEOUT: late,
  ECONNRESET: broken,
  ECONNABORTED: broken,
  EPIPE: broken,
  UND_ERR_SOCKET: broken,
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: untrusted,
  CERT_HAS_EXPIRED: untrusted,
  CERT_NOT_YET_VALID: untrusted,
}

/** Codes of Node's HTTP parser all begin so. */
const parserCode = /^HPE_/

/** What the network or TLS did to a call; undefined where the error is something else: an answer, or a mistake of the program. */
export function troubleOf(error: unknown, place: Place): Trouble | undefined {
  for (const code of codesIn(error)) {
    const telling = Object.hasOwn(tellings, code) ? tellings[code] : parserCode.test(code) ? noHttp : undefined
    if (telling !== undefined) return { code: 'unavailable', ...telling(place, code) }
  }
  return undefined
}

/** The same as the error a port rejects with. */
export function networkError(error: unknown, place: Place): PortError | undefined {
  const trouble = troubleOf(error, place)
  return trouble === undefined ? undefined : new PortError(trouble.code, trouble.message, { cause: error })
}

/** A deadline passed without progress. Carries the code of a socket that timed out, so that `troubleOf` knows it again. */
export function timedOut(ms: number): Error {
  return Object.assign(new Error(`no progress within ${ms} ms`), { code: 'ETIMEDOUT' })
}

const deepest = 8

/** The codes of an error, of its causes, and of what it gathers (a host with several addresses fails once for each). */
function codesIn(error: unknown, depth = 0): readonly string[] {
  if (typeof error !== 'object' || error === null || depth > deepest) return []
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown }
  const gathered = Array.isArray(errors) ? errors : []
  return [...(typeof code === 'string' ? [code] : []), ...[cause, ...gathered].flatMap((one) => codesIn(one, depth + 1))]
}
