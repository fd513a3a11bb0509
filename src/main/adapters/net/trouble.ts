/**
 * What goes wrong between this node and a server, in a person's words. One vocabulary for every adapter that speaks over a network,
 * so that one mistake reads the same whichever server it is made with.
 */
import { PortError, type PortErrorCode } from '../../../shared/errors'

/** Whom a call was meant for. */
export interface Place {
  /** As the person knows it, in the middle of a sentence: `MinIO`, `RabbitMQ`, `the management API of RabbitMQ`. */
  readonly server: string
  /** The address without credentials, as it was configured. */
  readonly address: string
  /** The variable that names a file with the certificate authority, where there is one. */
  readonly caVariable?: string
}

/** `RabbitMQ at amqp://…`, as a sentence begins. */
export function asSubject({ server, address }: Place): string {
  return capitalized(`${server} at ${address}`)
}

/** The same with a capital, to begin a sentence. */
export function capitalized(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
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
const noAgreement: Telling = ({ server, address }, detail) => ({
  message: `TLS with ${server} at ${address} failed (${detail}).`,
  advice: 'Check that this port expects TLS, and which versions of it and which certificates of clients the server takes.',
})
const untrusted: Telling = ({ server, address, caVariable }, detail) => ({
  message: `The certificate of ${server} at ${address} is not trusted (${detail}).`,
  advice: `Name the certificate authority that signed it${caVariable === undefined ? '' : ` (${caVariable})`}, or use the host name that stands in the certificate.`,
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
  ENETRESET: unreachable,
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
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: untrusted,
  ERR_TLS_HANDSHAKE_TIMEOUT: late,
  CERT_HAS_EXPIRED: untrusted,
  CERT_NOT_YET_VALID: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_CHAIN_TOO_LONG: untrusted,
  CERT_REVOKED: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_REJECTED: untrusted,
  INVALID_CA: untrusted,
  INVALID_PURPOSE: untrusted,
  PATH_LENGTH_EXCEEDED: untrusted,
  HOSTNAME_MISMATCH: untrusted,
}

/**
 * Of families that have more members than a list could follow. The system's own errors count only where they came of reaching a server:
 * the same code may tell of a file.
 */
function ofFamily({ code, syscall, message }: Failure): Telling | undefined {
  if (code.startsWith('HPE_')) return noHttp
  if (code.startsWith('ERR_SSL_')) return noAgreement
  // Nobody sends an alert but who speaks TLS.
  if (code === 'EPROTO') return / alert /.test(message) ? noAgreement : noTls
  if (syscall === 'connect') return unreachable
  return syscall === 'getaddrinfo' ? unknownName : undefined
}

/** What the network or TLS did to a call; undefined where the error is something else: an answer, or a mistake of the program. */
export function troubleOf(error: unknown, place: Place): Trouble | undefined {
  for (const failure of failuresIn(error)) {
    const { code } = failure
    const telling = Object.hasOwn(tellings, code) ? tellings[code] : ofFamily(failure)
    if (telling !== undefined) {
      const { message, advice } = telling(place, code)
      return { code: 'unavailable', message: capitalized(message), advice }
    }
  }
  return undefined
}

/** Whether the computer is there, and no program at the port. */
export function nothingListens(error: unknown): boolean {
  return failuresIn(error).some(({ code }) => code === 'ECONNREFUSED')
}

/** The same as the error a port rejects with. */
export function networkError(error: unknown, place: Place): PortError | undefined {
  const trouble = troubleOf(error, place)
  return trouble === undefined ? undefined : new PortError(trouble.code, trouble.message, { cause: error })
}

/** A deadline passed without `what`. Carries the code of a socket that timed out, so that `troubleOf` knows it again. */
export function timedOut(ms: number, what = 'progress'): Error {
  return Object.assign(new Error(`no ${what} within ${Math.round(ms)} ms`), { code: 'ETIMEDOUT' })
}

const deepest = 8

interface Failure {
  readonly code: string
  readonly syscall: unknown
  readonly message: string
}

/** What an error says of itself, of its causes, and of what it gathers (a host with several addresses fails once for each). */
function failuresIn(error: unknown, depth = 0): readonly Failure[] {
  if (typeof error !== 'object' || error === null || depth > deepest) return []
  const { code, syscall, message, cause, errors } = error as Readonly<Record<string, unknown>>
  const gathered = Array.isArray(errors) ? errors : []
  return [
    ...(typeof code === 'string' ? [{ code, syscall, message: String(message) }] : []),
    ...[cause, ...gathered].flatMap((one) => failuresIn(one, depth + 1)),
  ]
}
