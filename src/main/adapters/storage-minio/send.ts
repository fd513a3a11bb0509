/**
 * One request and its answer. The deadline is time without progress: until the connection stands, until each piece of a body is
 * taken, until the answer begins, and for each piece of the answer that somebody waits for. A slow reader does not count.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { timedOut } from '../net/trouble'
import type { Endpoint, S3Request } from './endpoint'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** To be read to its end or returned: it holds a connection. */
  readonly body: AsyncIterableIterator<Uint8Array>
}

const pieceBytes = 64 * 1024

/** Rejects with the signal's reason, or with what the network did. Every status is an answer. */
export function send(endpoint: Endpoint, request: S3Request, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const outgoing = endpoint.open(request)
    const wait = patience(endpoint.deadlineMs, (error) => outgoing.destroy(error))
    let settled = false
    const settle = () => {
      settled = true
      wait.end()
      signal.removeEventListener('abort', abort)
    }
    // A server may answer before it has taken the whole body; nobody waits for it any more then.
    const progress = () => {
      if (!settled) wait.begin()
    }
    const abort = () => {
      settle()
      reject(signal.reason)
      outgoing.destroy()
    }
    signal.addEventListener('abort', abort, { once: true })
    // Waiting for a connection to become free is no fault of the server.
    outgoing.once('socket', progress)
    outgoing.on('error', (error) => {
      settle()
      reject(error)
    })
    outgoing.once('response', (incoming) => {
      settle()
      resolve({
        status: incoming.statusCode ?? 0,
        headers: headersOf(incoming),
        body: bodyOf(incoming, endpoint.deadlineMs, signal),
      })
    })
    write(outgoing, request.body, progress)
  })
}

/** Piece by piece, so that each one taken counts as progress. */
function write(outgoing: ClientRequest, body: Uint8Array | undefined, progress: () => void): void {
  if (body === undefined || body.byteLength <= pieceBytes) {
    outgoing.end(body)
    return
  }
  let sent = 0
  const next = () => {
    if (sent > 0) progress()
    const piece = body.subarray(sent, sent + pieceBytes)
    sent += piece.byteLength
    if (outgoing.destroyed) return
    if (sent >= body.byteLength) outgoing.end(piece)
    else outgoing.write(piece, (error) => (error == null ? next() : undefined))
  }
  next()
}

interface Patience {
  begin(): void
  end(): void
}

/**
 * Calls `late` when `ms` have passed since the last `begin` without an `end`. Where this process itself was busy for so long, what has
 * arrived meanwhile is taken in first.
 */
function patience(ms: number, late: (error: Error) => void): Patience {
  let timer: NodeJS.Timeout | undefined
  let begun = 0
  const expire = () => {
    const waitedFor = begun
    setImmediate(() => {
      if (timer !== undefined && waitedFor === begun) late(timedOut(ms))
    })
  }
  return {
    begin() {
      begun++
      if (timer === undefined) timer = setTimeout(expire, ms)
      else timer.refresh()
    },
    end() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

function headersOf({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')])
  return Object.fromEntries(entries)
}

/** No generator: one that was never started would not let go of the connection when it is returned or its signal aborts. */
function bodyOf(incoming: IncomingMessage, deadlineMs: number, signal: AbortSignal): AsyncIterableIterator<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  const wait = patience(deadlineMs, (error) => incoming.destroy(error))
  const abort = () => incoming.destroy(new Error('aborted'))
  signal.addEventListener('abort', abort, { once: true })
  incoming.once('close', () => signal.removeEventListener('abort', abort))
  // Its reader hears of it, where there is one.
  incoming.on('error', () => undefined)
  return {
    async next() {
      signal.throwIfAborted()
      wait.begin()
      try {
        return await chunks.next()
      } catch (error) {
        signal.throwIfAborted()
        throw error
      } finally {
        wait.end()
      }
    },
    async return() {
      // Bodies without content are through already, and their connection serves on.
      if (!incoming.readableEnded && !incoming.complete) incoming.destroy()
      else incoming.resume()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
