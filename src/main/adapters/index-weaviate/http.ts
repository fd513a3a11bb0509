/**
 * HTTP to one server: connections that are kept, a deadline of time without progress, and an end at an abort. The vendor's own
 * connection has none of the three.
 */

import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as plain } from 'node:http'
import { request as overTls, Agent as TlsAgent } from 'node:https'
import { PortError } from '../../../shared/errors'
import { timedOut } from '../net/trouble'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface HttpAnswer {
  readonly status: number
  /** What the server's clock said. */
  readonly date: string | undefined
  readonly text: string
}

export interface Http {
  /** Rejects with what the network did, or with the signal's reason. Every status is an answer. */
  send(method: Method, path: string, body: string | undefined, signal: AbortSignal): Promise<HttpAnswer>
  /** Ends every call and every connection. */
  close(): void
}

interface HttpOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds without progress: until connected, until the first byte, for each further piece. */
  readonly deadlineMs: number
}

/** More calls than this wait for a connection; while they do, no deadline runs. */
const maxSockets = 32

export function httpTo({ url, headers, deadlineMs }: HttpOptions): Http {
  const base = url.replace(/\/+$/, '')
  const secure = base.startsWith('https:')
  const agent = secure ? new TlsAgent({ keepAlive: true, maxSockets }) : new PlainAgent({ keepAlive: true, maxSockets })
  const running = new Set<(reason: unknown) => void>()

  return {
    send: (method, path, body, signal) =>
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
        outgoing.on('error', reject)
        outgoing.once('response', (incoming) => {
          textOf(incoming).then((text) => resolve({ status: incoming.statusCode ?? 0, date: incoming.headers.date, text }), reject)
        })
        outgoing.once('upgrade', (incoming, socket) => {
          socket.destroy()
          resolve({ status: incoming.statusCode ?? 0, date: undefined, text: '' })
        })
        outgoing.once('close', () => {
          running.delete(giveUp)
          signal.removeEventListener('abort', abort)
        })
        outgoing.end(body)
      }),
    close() {
      for (const giveUp of running) giveUp(Object.assign(new Error('the index was closed'), { code: 'ECONNABORTED' }))
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

/** More than any answer of Weaviate to what is asked here. What is not Weaviate may go on for ever. */
const longestAnswer = 256 * 1024 * 1024

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength
    if (length > longestAnswer) throw new PortError('unavailable', `An answer of Weaviate went on beyond ${longestAnswer} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
