/** The management API: JSON over HTTP, with connections kept and a deadline. */
import { PortError } from '../../../shared/errors'
import { type HttpAnswer, httpTo, type Method } from '../net/http'
import { networkError } from '../net/trouble'
import type { ManagementAddress } from './address'

interface Answer {
  readonly status: number
  readonly body: unknown
  /** What the server's clock said. */
  readonly date: string | undefined
}

export interface Management {
  readonly address: ManagementAddress
  /** `path` follows `/api`. Answers 2xx, and 404 as `undefined`; rejects everything else as the port says. */
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

export function openManagement(address: ManagementAddress, deadlineMs: number): Management {
  const { host, port, tls, user, password, prefix, place } = address
  const at = `${place.server} at ${place.address}`
  const http = httpTo({
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}${prefix}/api`,
    place,
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, accept: 'application/json' },
    deadlineMs,
    maxSockets,
    longestAnswer,
  })

  async function ask(method: Method, path: string, body: unknown, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted()
    const { status, date, text } = await sent(method, path, body === undefined ? undefined : JSON.stringify(body), signal)
    return { status, body: parsed(text, status), date }
  }

  async function sent(method: Method, path: string, body: string | undefined, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await http.send(method, path, body, signal)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (error instanceof PortError) throw error
      throw networkError(error, place) ?? new PortError('unavailable', `${at} failed: ${String(error)}.`, { cause: error })
    }
  }

  /** An error page of a proxy is not an answer of RabbitMQ. */
  function parsed(text: string, status: number): unknown {
    if (text === '') return undefined
    try {
      return JSON.parse(text)
    } catch (error) {
      if (status === 401 || status === 404) return undefined
      const message = `What answers at ${place.address} is not the management API of RabbitMQ (status ${status}, not JSON): correct RABBITMQ_MANAGEMENT_URL, or look at the server.`
      throw new PortError('unavailable', message, { cause: error })
    }
  }

  function refused({ status, body }: Answer, path: string): PortError {
    const why = reasonOf(body)
    if (status === 401 || status === 403) {
      const message = `${at} does not let user ${JSON.stringify(user)} do this (${why ?? status}): correct the credentials in RABBITMQ_MANAGEMENT_URL, or give the user the tag it needs (policymaker, or administrator for vhosts).`
      return new PortError('unauthorized', message)
    }
    const message = `${at} answered ${status} to ${path}${why === undefined ? '' : `: ${why}`}.`
    if (status >= 500 || status === 429) return new PortError('unavailable', message)
    return new PortError(status === 400 ? 'invalid' : 'internal', message)
  }

  async function done(method: Method, path: string, body: unknown, signal: AbortSignal): Promise<Answer> {
    const answer = await ask(method, path, body, signal)
    if (answer.status === 404 || (answer.status >= 200 && answer.status < 300)) return answer
    throw refused(answer, path)
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

function reasonOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('reason' in body)) return undefined
  return typeof body.reason === 'string' ? body.reason : JSON.stringify(body.reason)
}
