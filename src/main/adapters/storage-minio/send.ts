/**
 * One request and its answer. The deadline is time without progress: until the connection stands, until each piece of a body is
 * taken, until the answer begins, and for each piece of the answer that somebody waits for. A slow reader does not count. A call that
 * is not for data has to be through in some deadlines too.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { type Purpose, watchWhole } from '../net/purpose'
import { timedOut } from '../net/trouble'
import { awaitsLeave, type Endpoint, type Piecewise, type S3Request } from './endpoint'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** To be read to its end or returned: it holds a connection. */
  readonly body: AsyncIterableIterator<Uint8Array>
}

const pieceBytes = 64 * 1024
/** How long a server may take to say that it wants a body; some never do, and get it then. */
const leaveMs = 1000
/** Of a body that is read while it is sent. */
const readBytes = 256 * 1024

/** Rejects with the signal's reason, or with what the network did. Every status is an answer. */
export function send(endpoint: Endpoint, request: S3Request, purpose: Purpose, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const outgoing = endpoint.open(request)
    const wait = patience(endpoint.deadlineMs, (error) => outgoing.destroy(error))
    let answering: IncomingMessage | undefined
    // Who reads the answer hears of it from the answer alone.
    if (purpose === 'control') watchWhole(outgoing, endpoint.deadlineMs, (error) => (answering ?? outgoing).destroy(error))
    let settled = false
    let leave: NodeJS.Timeout | undefined
    let sending = false
    const settle = () => {
      settled = true
      clearTimeout(leave)
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
    const sendBody = () => {
      clearTimeout(leave)
      if (settled || sending) return
      sending = true
      progress()
      write(outgoing, request.body, progress)
    }
    const waits = awaitsLeave(request.body)
    // Waiting for a connection to become free is no fault of the server.
    outgoing.once('socket', () => {
      progress()
      if (waits && !settled) leave = setTimeout(sendBody, leaveMs)
    })
    outgoing.once('continue', sendBody)
    outgoing.on('error', (error) => {
      settle()
      reject(error)
    })
    outgoing.once('response', (incoming) => {
      answering = incoming
      settle()
      // Of a body that was not wanted nothing was sent, so that the connection is of no more use.
      if (!sending) incoming.once('end', () => outgoing.destroy())
      resolve({
        status: incoming.statusCode ?? 0,
        headers: headersOf(incoming),
        body: bodyOf(incoming, endpoint.deadlineMs, signal),
      })
    })
    if (!waits) {
      sending = true
      write(outgoing, request.body, progress)
    }
  })
}

function write(outgoing: ClientRequest, body: S3Request['body'], progress: () => void): void {
  if (body === undefined) outgoing.end()
  else if (body instanceof Uint8Array) writeBytes(outgoing, body, progress)
  else if (body.size <= pieceBytes) body.read(0, body.size).then((bytes) => outgoing.end(bytes), failing(outgoing))
  else writeRead(outgoing, body, progress).catch(failing(outgoing))
}

function failing(outgoing: ClientRequest): (error: Error) => void {
  return (error) => outgoing.destroy(error)
}

/** Piece by piece, so that each one taken counts as progress. */
function writeBytes(outgoing: ClientRequest, body: Uint8Array, progress: () => void): void {
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

/** The same, each piece read while the one before is taken. */
async function writeRead(outgoing: ClientRequest, { size, read }: Piecewise, progress: () => void): Promise<void> {
  let piece = await read(0, readBytes)
  for (let sent = piece.byteLength; sent < size; sent += piece.byteLength) {
    if (outgoing.destroyed) return
    const taken = new Promise<boolean>((resolve) => outgoing.write(piece, (error) => resolve(error == null)))
    const [going, next] = await Promise.all([taken, read(sent, readBytes)])
    // What went wrong the request itself tells.
    if (!going) return
    progress()
    piece = next
  }
  if (!outgoing.destroyed) outgoing.end(piece)
}

interface Patience {
  begin(): void
  /** Nobody waits for now. */
  rest(): void
  /** Nobody will. */
  end(): void
}

/**
 * Calls `late` when `ms` have passed since the last `begin` without a `rest`. Where this process itself was busy for so long, what has
 * arrived meanwhile is taken in first. One timer serves for many waits, since large bodies are made of thousands.
 */
function patience(ms: number, late: (error: Error) => void): Patience {
  let timer: NodeJS.Timeout | undefined
  let begun = 0
  let waiting = false
  const expire = () => {
    timer = undefined
    const waitedFor = begun
    if (!waiting) return
    setImmediate(() => {
      if (waiting && waitedFor === begun) late(timedOut(ms))
    })
  }
  return {
    begin() {
      begun++
      waiting = true
      if (timer === undefined) timer = setTimeout(expire, ms)
      else timer.refresh()
    },
    rest() {
      waiting = false
    },
    end() {
      waiting = false
      clearTimeout(timer)
      timer = undefined
    },
  }
}

function headersOf({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const read: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) read[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
  return read
}

type Step = IteratorResult<Uint8Array, undefined>

/**
 * No generator: one that was never started would not let go of the connection when it is returned or its signal aborts. Nor the stream's
 * own iterator: what has arrived already is handed over without a timer or a turn of waiting, which large bodies are mostly made of.
 */
function bodyOf(incoming: IncomingMessage, deadlineMs: number, signal: AbortSignal): AsyncIterableIterator<Uint8Array> {
  const wait = patience(deadlineMs, (error) => incoming.destroy(error))
  let failure: Error | undefined
  let wake: (() => void) | undefined
  const stir = () => wake?.()
  const abort = () => incoming.destroy(new Error('aborted'))
  signal.addEventListener('abort', abort, { once: true })
  incoming.on('readable', stir)
  incoming.on('end', stir)
  // Its reader hears of it, where there is one.
  incoming.on('error', (error) => {
    failure = error
    stir()
  })
  incoming.once('close', () => {
    signal.removeEventListener('abort', abort)
    wait.end()
    stir()
  })

  /** The next piece, or the end; undefined while there is neither. */
  function step(): Step | undefined {
    signal.throwIfAborted()
    const value: Uint8Array | null = incoming.read()
    if (value !== null) return { done: false, value }
    if (incoming.readableEnded) return { done: true, value: undefined }
    if (failure !== undefined) throw failure
    if (incoming.destroyed) throw Object.assign(new Error('the body was given up'), { code: 'ECONNRESET' })
    return undefined
  }

  async function later(): Promise<Step> {
    wait.begin()
    try {
      for (;;) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        const found = step()
        if (found !== undefined) return found
      }
    } finally {
      wake = undefined
      wait.rest()
    }
  }

  return {
    async next() {
      return step() ?? later()
    },
    async return() {
      // Bodies without content are through already, and their connection serves on.
      if (!incoming.readableEnded && !incoming.complete) incoming.destroy()
      else {
        incoming.removeListener('readable', stir)
        incoming.resume()
      }
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
