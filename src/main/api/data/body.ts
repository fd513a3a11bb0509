/** Bodies on their way in: read as they come, given up when nothing comes any more, never held beyond a limit. */
import { isUtf8 } from 'node:buffer'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { PortError, UserError } from '../../../shared/errors'

export interface IncomingBody {
  /** The bytes, as they come. It ends by an error when the client goes away or falls silent. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Why the body broke off, in place of what a reader made of it; undefined where it did not. */
  broken(): unknown
}

export interface IntakeOptions {
  /** How long a client may send nothing while bytes are wanted, in milliseconds. */
  readonly stallMs: number
  /** Hears of bytes that came. What it throws ends the body. */
  readonly received: (bytes: number) => void
}

/** What is read ahead while the bytes before it are worked on: fewer and larger writes, and no disk that waits for the network. */
const readAhead = 1024 * 1024

/** A client that waits to be told to go on is told when the first byte is wanted. */
export function incomingBody({ raw, headers }: FastifyRequest, reply: FastifyReply, { stallMs, received }: IntakeOptions): IncomingBody {
  let waiting: Uint8Array[] = []
  let size = 0
  let ended = false
  let failure: { readonly error: unknown } | undefined
  let wake: (() => void) | undefined

  function take(chunk: Uint8Array): void {
    try {
      received(chunk.length)
    } catch (error) {
      fail(error)
      return
    }
    waiting.push(chunk)
    size += chunk.length
    if (size >= readAhead) raw.pause()
    wake?.()
  }
  function end(): void {
    ended = true
    wake?.()
  }
  function fail(error: unknown): void {
    failure ??= { error }
    wake?.()
  }
  function gone(): void {
    if (!ended) fail(new UserError('invalid', 'The client went away before the body was complete.'))
  }
  function all(): Uint8Array {
    const bytes = joined(waiting)
    waiting = []
    size = 0
    raw.resume()
    return bytes
  }

  async function* read(): AsyncGenerator<Uint8Array> {
    if (headers.expect?.toLowerCase() === '100-continue') reply.raw.writeContinue()
    // A slow disk is no fault of the client: only the time in which somebody waits for a chunk counts.
    const timer = setTimeout(() => {
      if (wake !== undefined) fail(new UserError('timeout', `The body of this request stood still for ${stallMs / 1000} seconds.`))
    }, stallMs)
    // The `close` that follows an error tells all there is to tell.
    const ignore = () => undefined
    raw.on('data', take).once('end', end).once('close', gone).on('error', ignore)
    if (raw.destroyed) gone()
    try {
      while (true) {
        if (waiting.length > 0) yield all()
        else if (failure !== undefined) throw failure.error
        else if (ended) return
        else {
          timer.refresh()
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          wake = undefined
        }
      }
    } finally {
      clearTimeout(timer)
      raw.off('data', take).off('end', end).off('close', gone)
      // Whoever stops reading still wants to answer, so the connection outlives the reading.
      if (!ended) raw.pause()
    }
  }

  return { bytes: read(), broken: () => failure?.error }
}

/** A body of at most `limit` bytes, as it comes; a longer one is refused without being read to its end. */
export async function* bounded(body: IncomingBody, { headers }: FastifyRequest, limit: number, what: string): AsyncGenerator<Uint8Array> {
  refuseTooLarge(Number(headers['content-length'] ?? 0), limit, what)
  let size = 0
  for await (const chunk of body.bytes) {
    size += chunk.length
    refuseTooLarge(size, limit, what)
    yield chunk
  }
}

/** The same, all of it. */
export function wholeBody(body: IncomingBody, request: FastifyRequest, limit: number, what: string): Promise<Buffer> {
  return whole(bounded(body, request, limit, what))
}

/** All the bytes in one. */
export async function whole(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return joined(chunks)
}

/** What is whole already is not copied. */
export function joined(chunks: readonly Uint8Array[]): Buffer {
  const [first] = chunks
  if (first === undefined || chunks.length > 1) return Buffer.concat(chunks)
  return Buffer.from(first.buffer, first.byteOffset, first.byteLength)
}

function refuseTooLarge(size: number, limit: number, what: string): void {
  if (size > limit) throw new PortError('too-large', `${what}: the body is larger than ${limit / 1024 / 1024} MiB.`)
}

/** No input here is nested deeper, nor has more brackets: the value of 64 MiB of them would not fit into memory. */
export const deepest = 1_000
const mostBrackets = 1_000_000

/** The value of JSON text; `what` names what it belongs to. */
export function parseJson(bytes: Buffer, what: string): unknown {
  if (!isUtf8(bytes)) throw new PortError('invalid', `${what}: the body is not valid JSON: it is not UTF-8.`)
  if (bytes.length > mostBrackets) refuseBrackets(bytes, what)
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new PortError('invalid', `${what}: the body is not valid JSON: ${(error as SyntaxError).message}`, { cause: error })
  }
}

/** Those in texts are counted along, which no input here has that many of. */
function refuseBrackets(bytes: Buffer, what: string): void {
  let count = 0
  for (const bracket of ['[', '{']) {
    for (let at = bytes.indexOf(bracket); at >= 0; at = bytes.indexOf(bracket, at + 1)) {
      count++
      if (count > mostBrackets) throw new PortError('invalid', `${what}: the body has more than ${mostBrackets} lists and objects in it.`)
    }
  }
}

const lingerMs = 1_000

/**
 * After an answer that came before the body was read: the connection is not used again, and whatever the client still sends is
 * thrown away for a second, since a connection that is cut at once would take the answer with it.
 */
export function letGoOfBody(request: FastifyRequest, reply: FastifyReply): void {
  if (request.raw.complete) return
  reply.header('connection', 'close')
  const { socket } = request.raw
  // Called once the answer is written. The library's own would also stop reading, and what then still comes resets the connection.
  socket.destroySoon = () => {
    socket.end()
    const linger = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(linger))
    request.raw.resume()
  }
}
