/** What RabbitMQ and amqplib answer where a call fails, as the port says it. */
import { PortError, type PortErrorCode } from '../../../shared/errors'
import { networkError, type Place } from '../net/trouble'

/** The vhost is not there, or the user may not enter it: RabbitMQ says the same for both. */
export class VhostRefused extends Error {}

/** The number of an AMQP reply, where the error, or what it was made of, carries one. */
export function replyCode(error: unknown): number | undefined {
  if (error instanceof PortError) return replyCode(error.cause)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'number' ? code : undefined
}

const codes: Readonly<Record<number, PortErrorCode>> = {
  311: 'too-large',
  402: 'invalid',
  403: 'unauthorized',
  404: 'not-found',
  405: 'incompatible',
  406: 'invalid',
  502: 'invalid',
  503: 'invalid',
  506: 'no-space',
  530: 'unauthorized',
  540: 'unsupported',
}

/** What the server said, without what amqplib put around it. */
export function replyText(error: unknown): string {
  if (error instanceof PortError && error.cause !== undefined) return replyText(error.cause)
  const text = error instanceof Error ? error.message : String(error)
  return /with message "(.*)"$/s.exec(text)?.[1] ?? text
}

/** One of the arguments, or a property, with which a thing was declared otherwise than it is. */
export interface Inequivalence {
  readonly argument: string
  readonly received: string | undefined
  readonly current: string | undefined
  /** As AMQP calls it: `longstr`, `signedint`, `bool`. */
  readonly currentType: string | undefined
}

const value = (name: string) => `(?:none|(?:the value )?'(?<${name}>.*?)'(?: of type '(?<${name}Type>.*?)')?)`
const inequivalent = new RegExp(
  `inequivalent arg '(?<argument>.*?)' for (?:exchange|queue) '.*' in vhost '.*': received ${value('received')} but current is ${value('current')}$`,
  's',
)

/** How a thing differs from the declaration that was refused; undefined where it was refused for something else. */
export function inequivalenceOf(error: unknown): Inequivalence | undefined {
  if (replyCode(error) !== 406) return undefined
  const groups = inequivalent.exec(replyText(error))?.groups
  if (groups === undefined) return undefined
  const { argument = '', received, current, currentType } = groups
  return { argument, received, current, currentType }
}

/** As the port says it. `resource` names in the message what the call was about. */
export function toPortError(error: unknown, resource: string, place: Place): PortError {
  if (error instanceof PortError) return error
  const code = replyCode(error)
  if (code !== undefined) {
    const differs = inequivalenceOf(error)
    if (differs !== undefined) {
      const { argument, received = 'none', current = 'none' } = differs
      return new PortError('incompatible', `${resource} has ${argument} ${current}, not ${received}, and that cannot be changed.`, {
        cause: error,
      })
    }
    const text = replyText(error)
    if (code === 404) return new PortError('not-found', `${resource}: ${sentence(text)}`, { cause: error })
    if (text.includes('reserved prefix')) return new PortError('invalid', `${resource}: ${sentence(text)}`, { cause: error })
    const known = codes[code]
    if (known !== undefined) {
      const next = /refused for user/.test(text)
        ? ' Give that user rights there: configure, write and read (rabbitmqctl set_permissions).'
        : ''
      return new PortError(known, `${resource}: RabbitMQ refused: ${sentence(text)}${next}`, { cause: error })
    }
    return lost(error, place)
  }
  return networkError(error, place) ?? lost(error, place)
}

/** The connection, or the channel, went away in the middle of something. */
export function lost(cause: unknown, place: Place): PortError {
  if (cause instanceof PortError) return cause
  const known = networkError(cause, place)
  if (known !== undefined) return known
  const detail = cause === undefined ? '' : ` (${replyText(cause)})`
  return new PortError('unavailable', `${place.server} at ${place.address} closed the connection in the middle of a call${detail}.`, {
    cause,
  })
}

/** Why a connection did not come about. */
export function connectError(error: unknown, { user, vhost, place }: { user: string; vhost: string; place: Place }): PortError {
  const known = networkError(error, place)
  if (known !== undefined) return known
  const at = `${place.server} at ${place.address}`
  const text = error instanceof Error ? error.message : String(error)
  if (/ETIMEDOUT/.test(text)) return new PortError('unavailable', `${at} did not answer in time.`, { cause: error })
  if (/Handshake terminated by server: 403/.test(text)) {
    const message = `${at} does not let user ${JSON.stringify(user)} in: correct the user name and password in AMQP_URL. (The user guest may come from its own computer alone.)`
    return new PortError('unauthorized', message, { cause: error })
  }
  if (/Expected ConnectionOpenOk/.test(text)) {
    const message = `${at} has no vhost ${JSON.stringify(vhost)}, or does not let user ${JSON.stringify(user)} into it: make it (rabbitmqctl add_vhost, set_permissions), or set RABBITMQ_MANAGEMENT_URL so that this node can.`
    return new PortError('not-found', message, { cause: new VhostRefused(text, { cause: error }) })
  }
  if (/closed abruptly/.test(text)) {
    const message = `${at} ended the connection at once: check that the port is the one for AMQP, and whether it expects TLS (amqps://).`
    return new PortError('unavailable', message, { cause: error })
  }
  if (/^Handshake terminated|SASL mechanism/.test(text)) return new PortError('unauthorized', `${at} refused: ${text}.`, { cause: error })
  const message = `What answers at ${place.address} does not speak AMQP, so it is not ${place.server} (${text.slice(0, 100)}): check the port.`
  return new PortError('unavailable', message, { cause: error })
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`
}
