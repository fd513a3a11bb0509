// What runs on this machine by `npm run servers`: one file for all checkouts of this user, outside of them.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from './processes.mjs'

/** Where built servers and the state are kept: private to the user, unlike the directory for temporary files. */
export function cacheDirectory(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'thatdam', 'servers')
}

const stateFile = (env) => join(cacheDirectory(env), 'running.json')

/** By name: `{ address, directory, processes, ready }`, whether or not its processes are still alive. */
export function readState(env = process.env) {
  try {
    return JSON.parse(readFileSync(stateFile(env), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return {}
    throw new Error(`${stateFile(env)} cannot be read (${error.message}): end the servers that it names, then remove it.`, { cause: error })
  }
}

/** Written whole, so that a reader never sees half of it, and for nobody else: it holds passwords. Writers hold the lock. */
export function writeState(state, env = process.env) {
  mkdirSync(cacheDirectory(env), { recursive: true })
  const next = `${stateFile(env)}.${process.pid}`
  writeFileSync(next, JSON.stringify(state, null, 2), { mode: 0o600 })
  renameSync(next, stateFile(env))
}

/** Ready when it was started, and all of its processes are still there. */
export function isRunning(entry) {
  return entry?.ready === true && entry.processes.every(isAlive)
}

/** The addresses of those that run, by name. */
export function runningAddresses(env = process.env) {
  const running = Object.entries(readState(env)).filter(([, entry]) => isRunning(entry))
  return Object.fromEntries(running.map(([name, { address }]) => [name, address]))
}
