/** The management API: JSON over HTTP, with connections kept and a deadline. */
import http from 'node:http'
import https from 'node:https'
import { PortError } from '../../../shared/errors'
import { networkError, timedOut } from '../net/trouble'
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
  ask(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Answer>
  close(): void
}

/** A part of a path. */
export const part = (text: string) => encodeURIComponent(text)

/** Connections at one time. */
const SOCKETS = 8

/** More than a listing of a hundred thousand queues takes. What is not the management API may go on for ever. */
const longestAnswer = 128 * 1024 * 1024

export function openManagement(address: ManagementAddress, deadlineMs: number): Management {
  const { host, port, tls, user, password, prefix, place } = address
  const agent = new (tls ? https : http).Agent({ keepAlive: true, maxSockets: SOCKETS })
  const { request } = tls ? https : http
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const at = `${place.server} at ${place.address}`
  /** Ends of the questions that are not answered yet. */
  const running = new Set<(reason: unknown) => void>()

  function ask(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const headers = {
        authorization,
        accept: 'application/json',
        ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      }
      const sent = request({ host, port, method, path: `${prefix}/api${path}`, headers, agent })
      let timer: NodeJS.Timeout | undefined
      function progress(): void {
        clearTimeout(timer)
        timer = setTimeout(() => sent.destroy(timedOut(deadlineMs)), deadlineMs)
      }
      const abort = () => stop(signal.reason)
      signal.addEventListener('abort', abort)
      running.add(stop)
      function end(): void {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        running.delete(stop)
      }
      /** A request that has no connection yet would tell of its end only once it gets one. */
      function stop(reason: unknown): void {
        fail(reason)
        sent.destroy()
      }
      function fail(error: unknown): void {
        end()
        if (signal.aborted || error instanceof PortError) reject(signal.aborted ? signal.reason : error)
        else reject(networkError(error, place) ?? new PortError('unavailable', `${at} failed: ${String(error)}.`, { cause: error }))
      }
      sent.on('error', fail)
      // Until then it waits for its turn, behind others that each have a deadline of their own.
      sent.on('socket', progress)
      sent.on('response', (response) => {
        const pieces: Buffer[] = []
        let length = 0
        response.on('error', fail)
        response.on('data', (piece: Buffer) => {
          pieces.push(piece)
          length += piece.length
          if (length > longestAnswer) {
            stop(new PortError('unavailable', `${at} went on beyond ${longestAnswer} bytes, so it is hardly the management API.`))
            return
          }
          progress()
        })
        response.on('end', () => {
          end()
          const status = response.statusCode ?? 0
          try {
            resolve({ status, body: parsed(Buffer.concat(pieces).toString(), status), date: response.headers.date })
          } catch (error) {
            reject(error)
          }
        })
      })
      sent.end(text)
    })
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

  async function done(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Answer> {
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
      for (const stop of running) stop(new PortError('unavailable', `${at}: the bus was closed.`))
      agent.destroy()
    },
  }
}

function reasonOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('reason' in body)) return undefined
  return typeof body.reason === 'string' ? body.reason : JSON.stringify(body.reason)
}
