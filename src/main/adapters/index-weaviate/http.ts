/**
 * HTTP to one server: connections that are kept, a deadline of time without progress, and an end at an abort. The vendor's own
 * connection has none of the three.
 */
import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as plain } from 'node:http'
import { request as overTls, Agent as TlsAgent } from 'node:https'
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
  const running = new Set<ClientRequest>()

  return {
    send: (method, path, body, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const length = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
        const outgoing = (secure ? overTls : plain)(base + path, { method, agent, headers: { ...headers, ...length } })
        running.add(outgoing)
        const watch = watchProgress(outgoing, deadlineMs)
        const abort = () => outgoing.destroy(new Error('aborted'))
        signal.addEventListener('abort', abort, { once: true })
        outgoing.once('close', () => {
          running.delete(outgoing)
          watch.stop()
          signal.removeEventListener('abort', abort)
        })
        const fail = (error: unknown) => reject(signal.aborted ? signal.reason : error)
        outgoing.once('error', fail)
        outgoing.once('response', (incoming) => {
          textOf(incoming, watch.progress).then(
            (text) => resolve({ status: incoming.statusCode ?? 0, date: incoming.headers.date, text }),
            fail,
          )
        })
        outgoing.end(body)
      }),
    close() {
      for (const one of running) one.destroy(Object.assign(new Error('the index was closed'), { code: 'ECONNABORTED' }))
      agent.destroy()
    },
  }
}

/** Destroys the request once nothing moved for `ms`, in either direction. */
function watchProgress(outgoing: ClientRequest, ms: number): { progress(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  let written = 0
  outgoing.once('socket', (socket) => {
    written = socket.bytesWritten
    timer = setTimeout(late, ms)
    if (socket.connecting) socket.once('connect', progress)
  })

  function progress(): void {
    timer?.refresh()
  }

  function late(): void {
    const now = outgoing.socket?.bytesWritten ?? 0
    // A long body that still goes out is progress.
    if (now > written && !outgoing.writableFinished) {
      written = now
      progress()
      return
    }
    outgoing.destroy(timedOut(ms))
  }

  return { progress, stop: () => clearTimeout(timer) }
}

async function textOf(incoming: IncomingMessage, progress: () => void): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of incoming) {
    progress()
    chunks.push(chunk as Uint8Array)
  }
  return Buffer.concat(chunks).toString('utf8')
}
