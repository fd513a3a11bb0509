/** The management API: JSON over HTTP, with connections kept and a deadline. */
import { PortError } from '../../../shared/errors'
import { type HttpAnswer, httpTo, type Method } from '../net/http'
import { asSubject, networkError } from '../net/trouble'
import type { ManagementAddress } from './address'
import { type Answer, notTheApi, reasonOf, refusedBy, saysAbsent } from './management-refusal'

export interface Management {
  readonly address: ManagementAddress
  /** `path` follows `/api`. Answers 2xx, and as `undefined` what RabbitMQ says is not there; rejects everything else as the port says. */
  get(path: string, signal: AbortSignal): Promise<unknown>
  put(path: string, body: unknown, signal: AbortSignal): Promise<void>
  /** What is not there is done. */
  remove(path: string, signal: AbortSignal): Promise<void>
  /** Whatever it answers. Rejects where nothing does, or not in JSON. */
  ask(method: Method, path: string, body: unknown, signal: AbortSignal): Promise<Answer>
  close(): void
}

/** A part of a path. */
export const part = (text: string) => encodeURIComponent(text)

/** Connections at one time. */
const maxSockets = 8
/** More than a listing of a hundred thousand queues takes. */
const longestAnswer = 128 * 1024 * 1024

/** `ca`: PEM of a certificate authority to trust instead of the usual ones. */
export function openManagement(address: ManagementAddress, deadlineMs: number, ca: string | undefined): Management {
  const { host, port, tls, user, password, prefix, place } = address
  const at = asSubject(place)
  const http = httpTo({
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}${prefix}/api`,
    place,
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, accept: 'application/json' },
    deadlineMs,
    ca,
    maxSockets,
    longestAnswer,
  })

  async function ask(method: Method, path: string, body: unknown, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted()
    const answer = await sent(method, path, body === undefined ? undefined : JSON.stringify(body), signal)
    return { ...answer, body: parsed(answer) }
  }

  async function sent(method: Method, path: string, body: string | undefined, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await http.send(method, path, body, 'control', signal)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (error instanceof PortError) throw error
      throw networkError(error, place) ?? new PortError('unavailable', `${at} failed: ${String(error)}.`, { cause: error })
    }
  }

  /** An error page of a proxy is not an answer of RabbitMQ. */
  function parsed(answer: HttpAnswer): unknown {
    const { text, status } = answer
    if (text === '') return undefined
    try {
      return JSON.parse(text)
    } catch (error) {
      // What these say, they say without words. But that something is not there only RabbitMQ can say.
      if (status >= 300 && status !== 404) return undefined
      throw notTheApi(address, answer, error)
    }
  }

  async function done(method: Method, path: string, body: unknown, signal: AbortSignal): Promise<Answer> {
    const answer = await ask(method, path, body, signal)
    if (answer.status >= 200 && answer.status < 300) return answer
    if (answer.status !== 404) throw refusedBy(address, answer, path)
    if (!saysAbsent(answer)) await requireApi(answer, signal)
    return answer
  }

  /** A server that knows no path at all would be taken for one on which nothing is there. */
  async function requireApi(answer: Answer, signal: AbortSignal): Promise<void> {
    const overview = await ask('GET', '/overview', undefined, signal)
    if (overview.status === 404) throw notTheApi(address, answer)
    if (overview.status !== 200) throw refusedBy(address, overview, '/overview')
  }

  return {
    address,
    ask,
    async get(path, signal) {
      const { status, body } = await done('GET', path, undefined, signal)
      return status === 404 ? undefined : body
    },
    async put(path, body, signal) {
      const answer = await done('PUT', path, body, signal)
      if (answer.status === 404) throw new PortError('not-found', `${at} answered 404 to ${path}: ${reasonOf(answer.body) ?? 'not found'}.`)
    },
    async remove(path, signal) {
      await done('DELETE', path, undefined, signal)
    },
    close() {
      http.close(new PortError('unavailable', `${at}: the bus was closed.`))
    },
  }
}
