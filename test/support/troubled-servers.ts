/**
 * Stand-ins for what may answer at an address instead of the server that was meant, or as it should not. Failures only: that an adapter
 * works is proved against the real server. Each ends with the test that opened it. For a real server in trouble see proxy.ts.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { type Certificate, type CertificateOptions, selfSigned } from './certificate'
import { type Loopback, listen } from './loopback'

export type { Loopback } from './loopback'

/** A name that no resolver knows (RFC 2606 keeps it so). */
export const unknownHost = 'no-such-host.invalid'

/** Nothing listens there. A connection of our own keeps the port, so that nobody else comes to listen on it meanwhile. */
export async function refuses(): Promise<Pick<Loopback, 'port' | 'url'>> {
  const keeper = await until(listen(() => {}))
  const kept = connect(keeper.port, '127.0.0.1')
  await once(kept, 'connect')
  kept.on('error', () => {})
  onTestFinished(() => {
    kept.destroy()
  })
  const port = kept.localPort ?? 0
  return { port, url: (scheme) => `${scheme}://127.0.0.1:${port}` }
}

/** Takes every connection and all that is sent, and says nothing. */
export function neverAnswers(): Promise<Loopback> {
  return until(listen((socket) => socket.resume()))
}

/** Takes every connection and closes it before anything is said. */
export function closesAtOnce(): Promise<Loopback> {
  return until(listen((socket) => socket.destroy()))
}

/** Closes each connection once something was asked, without an answer. */
export function closesWhenAsked(): Promise<Loopback> {
  return until(listen((socket) => socket.once('data', () => socket.destroy())))
}

/** Answers with bytes that belong to no protocol. */
export function answersGarbage(): Promise<Loopback> {
  const bytes = Buffer.from([0x15, 0x00, 0xff, 0x7f, 0x0a, 0x0d, 0x00, 0x42, 0x9e, 0x3c, 0x00, 0x01, 0xce, 0x0a])
  return until(listen((socket) => socket.once('data', () => socket.write(bytes))))
}

export interface HttpAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Send the whole head, this many bytes of the body, and then no more; the connection stays. */
  readonly stallAfter?: number
}

/** An HTTP server that answers every request so. */
export function answersHttp(answer: HttpAnswer): Promise<Loopback> {
  return until(listen((socket) => answerHttp(socket, answer)))
}

/**
 * Begins to answer every request, and goes on with one space after the other, for ever or for `count` of them and the end of the answer.
 * Those that ask for a path of `whole` it answers at once, as it stands there.
 */
export function drips({
  everyMs,
  count = Number.POSITIVE_INFINITY,
  headers = {},
  whole = {},
}: {
  readonly everyMs: number
  readonly count?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly whole?: Readonly<Record<string, HttpAnswer>>
}): Promise<Loopback> {
  const fields = Object.entries({ 'content-type': 'application/json', ...headers, connection: 'close' })
  const head = `HTTP/1.1 200 OK\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  return until(
    listen((socket) => {
      socket.once('data', (asked) => {
        const answer = whole[asked.toString('latin1').split(' ')[1] ?? '']
        if (answer !== undefined) {
          socket.end(headOf({ ...answer, headers: { ...answer.headers, connection: 'close' } }) + (answer.body ?? ''))
          return
        }
        socket.write(head)
        let left = count
        const timer = setInterval(() => {
          if (left-- > 0) socket.write(' ')
          else socket.end('{}')
        }, everyMs)
        socket.on('close', () => clearInterval(timer))
      })
    }),
  )
}

/** Begins a long frame of AMQP, and goes on with it a byte at a time. */
export function dripsAmqp({ everyMs }: { readonly everyMs: number }): Promise<Loopback> {
  return until(
    listen((socket) => {
      socket.once('data', () => {
        // A method frame on channel 0, of 64 KiB.
        socket.write(Buffer.from([1, 0, 0, 0, 1, 0, 0]))
        const timer = setInterval(() => socket.write(Buffer.from([0])), everyMs)
        socket.on('close', () => clearInterval(timer))
      })
    }),
  )
}

/** A proxy or a server that is starting: 503 to everything. */
export function answers503(): Promise<Loopback> {
  return answersHttp({ status: 503, headers: { 'Content-Type': 'text/plain' }, body: 'Service Unavailable\n' })
}

/** Some web page: another service than the one that was meant. */
export function answersHtml(): Promise<Loopback> {
  const body = '<!doctype html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n'
  return answersHttp({ status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8', Server: 'nginx' }, body })
}

/** Sends whoever asks to another address. */
export function redirects(location: string): Promise<Loopback> {
  return answersHttp({ status: 302, headers: { Location: location } })
}

/** A JSON service that is not the one that was meant. */
export function answersJson(body: unknown = { hello: 'world' }, status = 200): Promise<Loopback> {
  return answersHttp({ status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
}

/**
 * HTTP behind TLS with a certificate that nobody trusts who was not given `certificate.cert`. Answers 503 once the handshake is through.
 * Where TLS is expected and plain text spoken, any of the servers above does: give its address with `https` or `amqps`.
 */
export async function speaksTls(options?: CertificateOptions): Promise<Loopback & { readonly certificate: Certificate }> {
  const certificate = selfSigned(options)
  const server = await until(listen((socket) => answerHttp(socket, { status: 503, body: 'Service Unavailable\n' }), { certificate }))
  return Object.assign(server, { certificate })
}

/** Answer each request that comes on a connection once its head is whole; bodies of requests are read and dropped. */
function answerHttp(socket: Socket, { status, headers = {}, body = '', stallAfter }: HttpAnswer): void {
  const head = headOf({ status, headers, body })
  let seen = ''
  socket.on('error', () => {})
  socket.setEncoding('latin1').on('data', (text: string) => {
    seen += text
    for (let end = seen.indexOf('\r\n\r\n'); end >= 0; end = seen.indexOf('\r\n\r\n')) {
      const method = /(?:^|\n)([A-Z]+) \S+ HTTP\/1\.[01]\r\n/.exec(seen.slice(0, end + 2))?.[1]
      seen = seen.slice(end + 4)
      // The end of a body may look like that of a head, but has no line of request before it.
      if (method === undefined) continue
      socket.write(method === 'HEAD' ? head : head + body.slice(0, stallAfter ?? body.length))
    }
  })
}

function headOf({ status, headers = {}, body = '' }: HttpAnswer): string {
  const fields = Object.entries({ ...headers, 'Content-Length': String(Buffer.byteLength(body)) })
  return `HTTP/1.1 ${status} Because\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** Closed when the test is over. */
async function until<T extends Loopback>(opening: Promise<T>): Promise<T> {
  const server = await opening
  onTestFinished(() => server.close())
  return server
}
