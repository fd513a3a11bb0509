/**
 * HTTP to one server that answers in text: connections that are kept, a deadline of time without progress, an end at an abort, and
 * bounds for what it answers.
 */

import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as plain } from 'node:http'
import { request as overTls, Agent as TlsAgent } from 'node:https'
import { PortError } from '../../../shared/errors'
import { type Purpose, watchWhole } from './purpose'
import { type Place, timedOut } from './trouble'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface HttpAnswer {
  readonly status: number
  /** Where a redirection leads, as the server wrote it. */
  readonly location: string | undefined
  /** What the server's clock said. */
  readonly date: string | undefined
  readonly text: string
}

export interface Http {
  /** Rejects with what the network did, or with the signal's reason. Every status is an answer. */
  send(method: Method, path: string, body: string | undefined, purpose: Purpose, signal: AbortSignal): Promise<HttpAnswer>
  /** Ends every connection, and every call with `reason`. */
  close(reason: unknown): void
}

interface HttpOptions {
  /** What paths are appended to. */
  readonly url: string
  readonly place: Place
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds without progress: until connected, until the first byte, for each further piece. */
  readonly deadlineMs: number
  /** PEM of a certificate authority to trust instead of the usual ones. */
  readonly ca?: string | undefined
  /** Calls at one time; more wait for a connection, and while they do, no deadline runs. */
  readonly maxSockets: number
  /** Bytes. What is not the server it is taken for may go on for ever. */
  readonly longestAnswer: number
}

export function httpTo({ url, place, headers, deadlineMs, ca, maxSockets, longestAnswer }: HttpOptions): Http {
  const base = url.replace(/\/+$/, '')
  const secure = base.startsWith('https:')
  const kept = { keepAlive: true, maxSockets }
  const agent = secure ? new TlsAgent({ ...kept, ...(ca === undefined ? {} : { ca }) }) : new PlainAgent(kept)
  const running = new Set<(reason: unknown) => void>()

  return {
    send: (method, path, body, purpose, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const length = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
        const outgoing = (secure ? overTls : plain)(base + path, { method, agent, headers: { ...headers, ...length } })
        // Nobody waits for the request itself to end: one that has no connection yet says nothing before it gets one.
        const giveUp = (reason: unknown) => {
          reject(reason)
          outgoing.destroy()
        }
        const abort = () => giveUp(signal.reason)
        running.add(giveUp)
        signal.addEventListener('abort', abort, { once: true })
        watchProgress(outgoing, deadlineMs, giveUp)
        if (purpose === 'control') watchWhole(outgoing, deadlineMs, giveUp)
        outgoing.on('error', reject)
        outgoing.once('response', (incoming) => {
          textOf(incoming, longestAnswer, place).then((text) => {
            const { date, location } = incoming.headers
            resolve({ status: incoming.statusCode ?? 0, date, location, text })
          }, reject)
        })
        outgoing.once('upgrade', (incoming, socket) => {
          socket.destroy()
          resolve({ status: incoming.statusCode ?? 0, date: undefined, location: undefined, text: '' })
        })
        outgoing.once('close', () => {
          running.delete(giveUp)
          signal.removeEventListener('abort', abort)
        })
        outgoing.end(body)
      }),
    close(reason) {
      for (const giveUp of running) giveUp(reason)
      agent.destroy()
    },
  }
}

/** Gives up once nothing moved for `ms`, in either direction. The socket itself knows best: it counts what the system took of a long body. */
function watchProgress(outgoing: ClientRequest, ms: number, giveUp: (reason: unknown) => void): void {
  outgoing.once('socket', (socket) => {
    const late = () => {
      const [read, connecting] = [socket.bytesRead, socket.connecting]
      // Where this process itself was busy for so long, what has arrived meanwhile is taken in first.
      setImmediate(() => {
        if (socket.bytesRead === read && socket.connecting === connecting) giveUp(timedOut(ms))
      })
    }
    socket.setTimeout(ms)
    socket.on('timeout', late)
    outgoing.once('close', () => {
      socket.off('timeout', late)
      socket.setTimeout(0)
    })
  })
}

async function textOf(incoming: IncomingMessage, longest: number, { server, address }: Place): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength
    if (length > longest) throw new PortError('unavailable', `An answer of ${server} at ${address} went on beyond ${longest} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
