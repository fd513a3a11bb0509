/**
 * A TCP proxy before a real server, that does to its connections what a network does: cut them, swallow what is sent, slow it down.
 * It also counts what passes: connections, open sockets, HTTP requests by method. Benches use it too; a test has proxy.ts.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Certificate } from './certificate'
import { httpMeter, type MeteredRequest } from './http-meter'
import { type Loopback, listen } from './loopback'

type Direction = 'to-server' | 'to-client'

export interface NetworkProxy extends Loopback {
  /** The same address by way of the proxy: scheme, user, password, path and query are kept. */
  through(address: string): string
  /** HTTP requests whose head has come, in order; none where another protocol is spoken. */
  readonly requests: readonly MeteredRequest[]
  /** How many of them would change something: all but GET, HEAD and OPTIONS. POSTs that only ask (GraphQL) are for the test to tell. */
  readonly mutating: number
  /** Close every open connection, on both sides. New ones pass. */
  cut(): void
  /** The same by a reset, as a crash of the machine or a firewall does it. */
  reset(): void
  /** The server loses its side of every open connection and the client is not told: what it sends goes nowhere. New ones pass. */
  halfOpen(): void
  /** Reset one connection, once: the first over which that many further bytes have gone. With 0 to-client, the server has done what was asked and nobody hears of it. */
  cutAfter(direction: Direction, bytes: number): void
  /** Nothing listens any more, and what is open is reset. */
  refuse(): Promise<void>
  /** Connections are accepted and stay, and no byte moves until `heal`. */
  blackHole(): void
  /** Hold back each piece for so long, in each direction. */
  delay(ms: number): void
  /** Let no more than this pass in each direction of each connection. */
  limit(bytesPerSecond: number): void
  /** As it was at first; what was swallowed arrives late, as TCP would send it again. */
  heal(): Promise<void>
}

interface Line {
  readonly client: Socket
  readonly server: Socket
  /** The server has lost it and the client does not know. */
  lost: boolean
  /** Bytes that went each way, since the last `cutAfter`. */
  readonly passed: Record<Direction, number>
}

/** How much one direction holds back before it stops reading. */
const mostHeld = 1024 * 1024

/** A proxy before the server of `address`, which the caller closes. With a certificate, it speaks TLS to its clients. */
export async function openProxy(address: string, certificate?: Certificate): Promise<NetworkProxy> {
  const target = new URL(address)
  const lines = new Set<Line>()
  const requests: MeteredRequest[] = []
  let gate: PromiseWithResolvers<void> | undefined
  let delayMs = 0
  let rate = Number.POSITIVE_INFINITY
  let cutting: { readonly direction: Direction; readonly bytes: number } | undefined

  function accept(client: Socket): void {
    const server = connect({ port: Number(target.port), host: target.hostname, allowHalfOpen: true })
    const line = { client, server, lost: false, passed: { 'to-server': 0, 'to-client': 0 } }
    lines.add(line)
    for (const socket of [client, server]) {
      socket.setNoDelay()
      // What becomes of a connection is seen by its end.
      socket.on('error', () => {})
    }
    client.on('close', () => lines.delete(line))
    const meter = httpMeter((request) => requests.push(request))
    client.on('data', meter)
    void pump(line, 'to-server')
    void pump(line, 'to-client')
  }

  async function pump(line: Line, direction: Direction): Promise<void> {
    const [from, to] = direction === 'to-server' ? [line.client, line.server] : [line.server, line.client]
    const held: Buffer[] = []
    let heldBytes = 0
    let state: 'open' | 'ended' | 'broken' = 'open'
    let wake = () => {}
    from.on('data', (piece: Buffer) => {
      held.push(piece)
      heldBytes += piece.length
      if (heldBytes > mostHeld && gate === undefined) from.pause()
      wake()
    })
    from.on('end', () => {
      state = 'ended'
      // A client that gives up must not stay on our books for as long as nothing moves.
      if (line.lost || (gate !== undefined && from === line.client)) line.client.destroy()
      wake()
    })
    from.on('close', () => {
      if (state === 'open') state = 'broken'
      wake()
    })

    for (;;) {
      const piece = held.shift()
      if (piece === undefined) {
        if (state === 'open')
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        else break
        continue
      }
      heldBytes -= piece.length
      for (const part of piece.length * 20 > rate ? split(piece, Math.ceil(rate / 20)) : [piece]) {
        if (!(await pass(part))) return
      }
      if (heldBytes <= mostHeld) from.resume()
    }
    await gate?.promise
    if (line.lost) return
    if (state === 'ended') to.end()
    else end(line, 'reset')

    /** Says whether the connection goes on. */
    async function pass(part: Buffer): Promise<boolean> {
      await gate?.promise
      if (delayMs > 0) await sleep(delayMs)
      if (Number.isFinite(rate)) await sleep((part.length / rate) * 1000)
      if (line.lost) return true
      if (cutting?.direction === direction && line.passed[direction] + part.length > cutting.bytes) {
        to.write(part.subarray(0, cutting.bytes - line.passed[direction]))
        cutting = undefined
        // What was let through should arrive, and a reset overtakes it.
        await sleep(20)
        end(line, 'reset')
        return false
      }
      line.passed[direction] += part.length
      if (!to.write(part) && !to.destroyed) await new Promise<void>((resolve) => to.once('drain', resolve).once('close', resolve))
      return true
    }
  }

  const loopback = await listen(accept, { certificate, allowHalfOpen: true })

  function endAll(how: 'close' | 'reset'): void {
    for (const line of lines) end(line, how)
  }

  function letPass(): void {
    gate?.resolve()
    gate = undefined
  }

  return {
    port: loopback.port,
    url: loopback.url,
    allClosed: loopback.allClosed,
    get connections() {
      return loopback.connections
    },
    get open() {
      return loopback.open
    },
    through(original) {
      const { host, port } = new URL(original)
      return original.replace(host, `${host.slice(0, host.length - port.length)}${loopback.port}`)
    },
    requests,
    get mutating() {
      return requests.filter(({ method }) => !['GET', 'HEAD', 'OPTIONS'].includes(method)).length
    },
    cut: () => endAll('close'),
    reset: () => endAll('reset'),
    halfOpen() {
      for (const line of lines) {
        line.lost = true
        line.server.destroy()
      }
    },
    cutAfter(direction, bytes) {
      for (const { passed } of lines) passed[direction] = 0
      cutting = { direction, bytes }
    },
    async refuse() {
      await loopback.pause()
      endAll('reset')
    },
    blackHole() {
      gate ??= Promise.withResolvers()
      for (const { client } of lines) client.resume()
    },
    delay(ms) {
      delayMs = ms
    },
    limit(bytesPerSecond) {
      rate = bytesPerSecond
    },
    async heal() {
      delayMs = 0
      rate = Number.POSITIVE_INFINITY
      cutting = undefined
      letPass()
      await loopback.resume()
    },
    async close() {
      endAll('close')
      letPass()
      await loopback.close()
    },
  }
}

function end({ client, server }: Line, how: 'close' | 'reset'): void {
  for (const socket of [client, server]) {
    if (how === 'reset') socket.resetAndDestroy()
    else socket.destroy()
  }
}

function split(piece: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(piece.length / size) }, (_, i) => piece.subarray(i * size, (i + 1) * size))
}
