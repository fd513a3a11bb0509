// Starting a server's programs in a directory of its own, waiting until they serve, and telling what they said when they do not.
import { execFile, spawn } from 'node:child_process'
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { identify } from './processes.mjs'

const startDeadlineMs = 90_000
const toldLines = 15

/**
 * What a recipe starts its programs with. They get nothing of the caller's environment but the path: a variable that somebody has set for
 * a server of their own must not reach this one. `onProcess` hears of each process as soon as there is one, ready or not.
 */
export function launcher({ directory, detached, onProcess, signal, env = process.env, deadlineMs = startDeadlineMs }) {
  const clean = { PATH: env.PATH ?? '/usr/bin:/bin', HOME: directory, TMPDIR: directory, LANG: 'C.UTF-8' }
  const launched = []

  /** Start a program that stays. Its output goes to a log of its own. */
  function launch(program, args, more = {}) {
    const log = join(directory, `${basename(program)}.log`)
    const output = openSync(log, 'a')
    const from = fstatSync(output).size
    const child = spawn(program, args, { cwd: directory, env: { ...clean, ...more }, stdio: ['ignore', output, output], detached })
    closeSync(output)
    const one = { program: basename(program), log, from, ended: undefined }
    launched.push(one)
    child.on('error', (error) => {
      one.ended = error.message
    })
    child.on('exit', (code, killedBy) => {
      one.ended ??= `ended with ${killedBy ?? `status ${code}`}`
    })
    child.unref()
    const known = child.pid === undefined ? undefined : identify(child.pid)
    if (known !== undefined) onProcess({ ...known, program: one.program })
  }

  /** Run a program to its end; what it printed. */
  async function run(program, args, more = {}) {
    try {
      const { stdout } = await promisify(execFile)(program, args, {
        cwd: directory,
        env: { ...clean, ...more },
        signal,
        timeout: deadlineMs,
        killSignal: 'SIGKILL',
      })
      return stdout
    } catch (error) {
      signal?.throwIfAborted()
      throw new Error(`${basename(program)} ${args[0]} failed: ${lastLines(error.stderr ?? error.message)}`, { cause: error })
    }
  }

  /** Wait until `isReady` resolves with true. A program that ends meanwhile, or a deadline that passes, is an error with the end of the log. */
  async function until(isReady) {
    const deadline = performance.now() + deadlineMs
    for (;;) {
      signal?.throwIfAborted()
      const dead = launched.find(({ ended }) => ended !== undefined)
      if (dead !== undefined) throw new Error(`${dead.program} ${dead.ended}. It said:\n${told(dead)}`)
      if (await isReady()) return
      const slow = launched.at(-1)
      if (performance.now() > deadline)
        throw new Error(`${slow.program} was not ready after ${deadlineMs / 1000} s. It said:\n${told(slow)}`)
      await sleep(50)
    }
  }

  return { launch, run, until }
}

/** Answers a GET with success. */
export async function answers(url, headers = {}) {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    // Not yet: refused, cut off, or silent. Whoever waits has a deadline and the log.
    return false
  }
}

/** Something listens there. */
export function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', (hadError) => resolve(!hadError))
  })
}

function told({ log, from }) {
  const text = existsSync(log) ? readFileSync(log).subarray(from).toString() : ''
  return lastLines(text) || '  (nothing)'
}

function lastLines(text) {
  const lines = text.trimEnd().split('\n').slice(-toldLines)
  return lines.map((line) => `  ${line.slice(0, 400)}`).join('\n')
}
