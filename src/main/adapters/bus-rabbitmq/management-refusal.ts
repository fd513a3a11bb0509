/** What an answer of the management API means that is no success, and what to do about it. */
import { PortError } from '../../../shared/errors'
import { parseJson } from '../../../shared/http-answer'
import type { HttpAnswer } from '../net/http'
import { notReady, redirected } from '../net/status'
import { asSubject } from '../net/trouble'
import type { ManagementAddress } from './address'

export interface Answer extends HttpAnswer {
  /** Undefined where there was none, or where an answer that is no success was not JSON. */
  readonly body: unknown
}

/** Something else answers at the address. */
export function notTheApi({ place }: ManagementAddress, { status, text }: HttpAnswer, cause?: unknown): PortError {
  const detail = parseJson(text) === undefined ? ', not JSON' : ''
  const message = `What answers at ${place.address} is not ${place.server} (status ${status}${detail}): correct RABBITMQ_MANAGEMENT_URL.`
  return new PortError('unavailable', message, { cause })
}

/** Whether a 404 is RabbitMQ's own word that a thing is not there. What else may say 404, says it of every path. */
export function saysAbsent({ body }: Answer): boolean {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false
  return body.error === 'Object Not Found' || body.error === 'not_found'
}

/** `path` was asked for, and the answer is no success. */
export function refusedBy(address: ManagementAddress, answer: Answer, path: string): PortError {
  const { place } = address
  const { status, location, body, text } = answer
  const why = reasonOf(body)
  if (status === 401 || status === 403) {
    const { what, next } = notAllowed(address, why)
    return new PortError('unauthorized', `${what}: ${next}.`)
  }
  if (status >= 300 && status < 400) {
    return new PortError('unavailable', `${redirected(place, status, location)}: correct RABBITMQ_MANAGEMENT_URL.`)
  }
  if (status >= 500 || status === 429) return new PortError('unavailable', notReady(place, status, why))
  if (status < 200 || (body === undefined && text !== '')) return notTheApi(address, answer)
  const message = `${asSubject(place)} answered ${status} to ${path}${why === undefined ? '' : `: ${why}`}.`
  return new PortError(status === 400 ? 'invalid' : 'internal', message)
}

/** Both without a full stop. */
interface Refused {
  readonly what: string
  readonly next: string
}

/** RabbitMQ tells in words alone whether it does not know the user, the user may not use the API, or may not do this one thing. */
export function notAllowed({ place, user, credentialsIn }: ManagementAddress, why: string | undefined): Refused {
  const name = JSON.stringify(user)
  const at = asSubject(place)
  if (why === undefined || /login failed/i.test(why)) {
    return { what: `${at} does not let user ${name} in`, next: `correct the user name and password in ${credentialsIn}` }
  }
  const next = nextSteps.find(([pattern]) => pattern.test(why))?.[1] ?? giveTag('policymaker')
  return { what: `${at} does not allow this to user ${name} (${why})`, next }
}

const giveTag = (tag: string) => `give that user the tag ${tag} (rabbitmqctl set_user_tags)`

/** By what RabbitMQ says. */
const nextSteps: readonly (readonly [RegExp, string])[] = [
  [/virtual host/i, 'give that user rights in the vhost (rabbitmqctl set_permissions)'],
  [/not administrator/i, `${giveTag('administrator')}, or make the vhost yourself`],
  [/localhost/i, 'name another user: this one may come from its own computer alone'],
]

export function reasonOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('reason' in body)) return undefined
  return typeof body.reason === 'string' ? body.reason : JSON.stringify(body.reason)
}
