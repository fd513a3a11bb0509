import { once } from 'node:events'
import { userInfo } from 'node:os'
import { addAbortSignal } from 'node:stream'
import type { StopSignal, Terminal } from './terminal'

interface ProcessTerminal extends Terminal {
  /** Wait until all output has left the process. False when some of it could not be written; that has then been said. */
  drained(): Promise<boolean>
}

/** The terminal of this process. A reader that goes away ends the output quietly; any other failure to write is an error. */
export function processTerminal(): ProcessTerminal {
  const { stdout, stderr, stdin } = process
  const reader = new AbortController()
  let failure: NodeJS.ErrnoException | undefined

  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failure ??= error
    reader.abort()
  })
  // There is no third stream to complain on.
  stderr.on('error', () => {})

  return {
    cwd: process.cwd(),
    env: process.env,
    user: currentUser(),
    interactive: { in: stdin.isTTY === true, out: stdout.isTTY === true, err: stderr.isTTY === true },
    out(text) {
      if (!reader.signal.aborted) stdout.write(text)
    },
    async write(bytes) {
      if (reader.signal.aborted || stdout.write(bytes)) return
      await once(stdout, 'drain', { signal: reader.signal }).catch(() => undefined)
    },
    err(text) {
      stderr.write(text)
    },
    input: (signal) => addAbortSignal(signal, stdin),
    readerGone: reader.signal,
    now: () => new Date(),
    onSignal(listener) {
      const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM']
      for (const signal of signals) process.on(signal, listener)
      return () => {
        for (const signal of signals) process.off(signal, listener)
      }
    },
    exit(status) {
      process.exit(status)
    },
    async drained() {
      await Promise.all([flushed(stdout), flushed(stderr)])
      if (failure === undefined) return true
      stderr.write(`error: the answer could not be written to standard output: ${failure.message}\n`)
      await flushed(stderr)
      return false
    },
  }
}

/** Streams are written in order, so an empty write comes back after all that went before it, or with the error that stopped it. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve())
  })
}

function currentUser(): string | undefined {
  try {
    return userInfo().username
  } catch {
    // A user id without an entry in the system's user database, as in many containers.
    return undefined
  }
}
