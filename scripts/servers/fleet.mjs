// The servers that run on this machine for all checkouts of this user: bringing them up, taking them down. Each of the two holds a lock meanwhile.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../lock.mjs'
import { addressFrom, servers } from './addresses.mjs'
import { createInstance, recipes } from './instance.mjs'
import { end } from './processes.mjs'
import { cacheDirectory, isRunning, readState, writeState } from './state.mjs'

/** Long enough for another one to build everything. */
const patienceMs = 45 * 60_000

/**
 * Bring up these servers, but for those that run or that the environment names. Resolves with what became of each:
 * `{ name, how: 'named' | 'running' | 'started' | 'failed', address, error }`. An aborted one leaves nothing of what it began.
 */
export function bringUp(names, { env = process.env, say = () => {}, install = false, signal } = {}) {
  return locked(env, signal, async () => {
    const state = readState(env)
    const outcomes = await Promise.all(names.map((name) => findOrPrepare(name, state, { env, say, install, signal })))
    // Programs are got one after the other: two builds at once take longer than both in turn.
    const wanted = outcomes.filter(({ how }) => how === undefined)
    for (const outcome of wanted) await getPrograms(outcome, { env, say, install, signal })
    await Promise.all(wanted.filter(({ how }) => how === undefined).map((outcome) => start(outcome, state, { env, say, signal })))
    if (signal?.aborted) for (const { name, how } of outcomes) if (how === 'started') await discard(name, state, env)
    signal?.throwIfAborted()
    return outcomes
  })
}

async function findOrPrepare(name, state, { env, say }) {
  const named = addressFrom(name, env)
  if (named !== undefined) return { name, how: 'named', address: named }
  const entry = state[name]
  if (isRunning(entry)) return { name, how: 'running', address: entry.address }
  if (entry !== undefined) {
    say(`${servers[name].title} was started and no longer runs as a whole: its remains are removed.`)
    await discard(name, state, env)
  }
  return { name }
}

async function getPrograms(outcome, options) {
  const source = recipes[outcome.name].programs
  try {
    options.signal?.throwIfAborted()
    if (source.find(options.env) === undefined) await source.get(options)
    if (source.find(options.env) === undefined) throw new Error('What was installed does not contain its programs.')
  } catch (error) {
    fail(outcome, error)
  }
}

async function start(outcome, state, { env, say, signal }) {
  const { name } = outcome
  try {
    signal?.throwIfAborted()
    const instance = await createInstance(name, { env })
    const keep = (more) => {
      state[name] = { ...state[name], ...more }
      writeState(state, env)
    }
    keep({ directory: instance.directory, processes: [], ready: false })
    try {
      const address = await instance.start({ detached: true, signal, onProcess: (processes) => keep({ processes }) })
      keep({ address, ready: true })
      Object.assign(outcome, { how: 'started', address })
      say(`${servers[name].title} runs.`)
    } catch (error) {
      await discard(name, state, env)
      throw error
    }
  } catch (error) {
    fail(outcome, error)
  }
}

function fail(outcome, error) {
  Object.assign(outcome, { how: 'failed', error: error instanceof Error ? error.message : String(error) })
}

/** End these servers and remove what they kept. Resolves with the names of those that there were. */
export function takeDown(names, { env = process.env } = {}) {
  return locked(env, undefined, async () => {
    const state = readState(env)
    const there = names.filter((name) => state[name] !== undefined)
    await Promise.all(there.map((name) => discard(name, state, env)))
    return there
  })
}

async function discard(name, state, env) {
  const { processes, directory } = state[name]
  await end(processes)
  rmSync(directory, { recursive: true, force: true })
  delete state[name]
  writeState(state, env)
}

function locked(env, signal, work) {
  return withLock(join(cacheDirectory(env), 'lock'), work, { patienceMs, signal })
}

/** For each server whether it runs, where, and by which processes. */
export function report(env = process.env) {
  const state = readState(env)
  return Object.keys(recipes).map((name) => {
    const entry = state[name]
    const named = addressFrom(name, env)
    if (named !== undefined) return { name, how: 'named', address: named }
    if (isRunning(entry)) return { name, how: 'running', address: entry.address, processes: entry.processes, directory: entry.directory }
    return { name, how: entry === undefined ? 'absent' : 'broken' }
  })
}
