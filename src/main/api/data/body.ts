/** Bodies on their way in: read as they come, given up when nothing comes any more, never held beyond a limit. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { PortError, UserError } from '../../../shared/errors'

export interface IncomingBody {
  /** The bytes, as they come. It ends by an error when the client goes away or falls silent. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Why the body broke off, in place of what a reader made of it; undefined where it did not. */
  broken(): unknown
}

/** `stallMs`: how long a client may send nothing, in milliseconds. A client that waits to be told to go on is told when the first byte is wanted. */
export function incomingBody(request: FastifyRequest, reply: FastifyReply, stallMs: number): IncomingBody {
  const { raw } = request
  let broken: unknown

  async function* read(): AsyncGenerator<Uint8Array> {
    if (request.headers.expect?.toLowerCase() === '100-continue') reply.raw.writeContinue()
    // Whoever stops reading still wants to answer, so the connection must outlive the reading.
    const chunks = raw.iterator({ destroyOnReturn: false })
    let giveUp: (reason: unknown) => void = () => undefined
    const timer = setTimeout(() => {
      giveUp(new UserError('timeout', `The body of this request stood still for ${stallMs / 1000} seconds.`))
    }, stallMs)
    const next = () =>
      new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        giveUp = reject
        timer.refresh()
        chunks.next().then(resolve, (error: unknown) => {
          reject(new UserError('invalid', 'The client went away before the body was complete.', { cause: error }))
        })
      })
    try {
      // A slow disk is no fault of the client: the time in which a chunk is worked on does not count.
      for (let step = await next(); step.done !== true; step = await next()) yield step.value
    } catch (error) {
      broken = error
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  return { bytes: read(), broken: () => broken }
}

/** A whole body of at most `limit` bytes; a longer one is refused without being read to its end. */
export async function wholeBody(body: IncomingBody, request: FastifyRequest, limit: number, what: string): Promise<Buffer> {
  const tooLarge = () => new PortError('too-large', `${what}: the body is larger than ${limit / 1024 / 1024} MiB.`)
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body.bytes) {
    size += chunk.length
    if (size > limit) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

export function parseJson(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new PortError('invalid', `${what}: the body is not valid JSON: ${(error as SyntaxError).message}`, { cause: error })
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
  reply.raw.once('finish', () => {
    const linger = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(linger))
    request.raw.resume()
  })
}
