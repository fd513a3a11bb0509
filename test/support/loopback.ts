/** A server on loopback that a test listens with: where it is, who came, and how it ends. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Certificate } from './certificate'

export interface Loopback {
  readonly port: number
  /** `scheme://127.0.0.1:port` */
  url(scheme: string): string
  /** Connections that were accepted since it was opened. */
  readonly connections: number
  /** Those of them that are open now: a client that leaves none behind takes this back to 0. */
  readonly open: number
  /** Resolves once no connection is open: what a client closes arrives here a moment later. */
  allClosed(): Promise<void>
  /** End it and every connection. Safe to call twice. */
  close(): Promise<void>
}

export interface Listening extends Loopback {
  readonly sockets: ReadonlySet<Socket>
  /** Accept no more; what is open stays. */
  pause(): Promise<void>
  /** Accept again, on the same port. */
  resume(): Promise<void>
}

export interface ListenOptions {
  /** Speak TLS; a socket is then handed on once the handshake is through. */
  readonly certificate?: Certificate | undefined
  /** A client that has said all it has to say may go on listening. */
  readonly allowHalfOpen?: boolean
}

/** Listen on a free port. */
export async function listen(accept: (socket: Socket) => void, { certificate, ...options }: ListenOptions = {}): Promise<Listening> {
  const sockets = new Set<Socket>()
  const waiting: (() => void)[] = []
  let connections = 0
  let closed = false
  const server: Server = certificate === undefined ? createServer(options) : createTlsServer({ ...options, ...certificate })
  server.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    // What a client does to its connection is what the test is about, never an error of the stand-in.
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) for (const wake of waiting.splice(0)) wake()
    })
  })
  server.on(certificate === undefined ? 'connection' : 'secureConnection', accept)
  server.on('tlsClientError', () => {})
  const { port } = await bound(server, 0)
  return {
    port,
    url: (scheme) => `${scheme}://127.0.0.1:${port}`,
    get connections() {
      return connections
    },
    get open() {
      return sockets.size
    },
    allClosed: () => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    sockets,
    async pause() {
      if (server.listening) await unbound(server)
    },
    async resume() {
      if (!server.listening) await bound(server, port)
    },
    async close() {
      if (closed) return
      closed = true
      for (const socket of sockets) socket.destroy()
      if (server.listening) await unbound(server)
    },
  }
}

async function bound(server: Server, port: number): Promise<AddressInfo> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server.address() as AddressInfo
}

/** It stops accepting at once; that its open connections end is not waited for. */
async function unbound(server: Server): Promise<void> {
  server.close()
  await new Promise((resolve) => setImmediate(resolve))
}
