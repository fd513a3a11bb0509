import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Do `work` while no other process does any under the same lock. The lock is a directory that holds its owner's pid and appears with it
 * in one step; that of a process which has ended is taken over. Gives up with an error after `patienceMs`, or on abort with its reason.
 */
export async function withLock(path, work, { patienceMs = 300_000, signal } = {}) {
  const release = await acquire(path, Date.now() + patienceMs, signal)
  try {
    return await work()
  } finally {
    release()
  }
}

async function acquire(path, deadline, signal) {
  mkdirSync(dirname(path), { recursive: true })
  const mine = mkdtempSync(join(dirname(path), `${basename(path)}.`))
  writeFileSync(join(mine, 'pid'), String(process.pid))
  try {
    for (;;) {
      if (moved(mine, path)) return () => discard(path, mine)
      signal?.throwIfAborted()
      const owner = ownerOf(path)
      if (owner !== undefined && !alive(owner)) takeAway(path)
      // Also after an attempt to take it away: one that was killed while it did so has left a guard that keeps all others from it.
      if (Date.now() >= deadline) throw new Error(heldTooLong(path, owner))
      await sleep(100)
    }
  } catch (error) {
    rmSync(mine, { recursive: true, force: true })
    throw error
  }
}

function heldTooLong(path, owner) {
  const guard = guardOf(path)
  const both = existsSync(guard) ? ` and ${guard}` : ''
  return `Process ${owner ?? 'unknown'} has held ${path} for too long: if it is not building, remove that directory${both}.`
}

/** A lock goes in one step as well: removed file by file, it could be gone for others before it is gone for us. */
function discard(path, grave) {
  renameSync(path, grave)
  rmSync(grave, { recursive: true, force: true })
}

/** A directory cannot be renamed over one that is not empty. */
function moved(from, to) {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(error.code) || ownerOf(to) !== undefined) return false
    throw error
  }
}

function ownerOf(path) {
  try {
    return Number(readFileSync(join(path, 'pid'), 'utf8'))
  } catch (error) {
    // The owner has just let go of it.
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function guardOf(path) {
  return `${path}.takeover`
}

/** Two waiting processes may find the same dead owner, and the slower must not remove the lock that the faster has just made. */
function takeAway(path) {
  const guard = guardOf(path)
  try {
    mkdirSync(guard)
  } catch (error) {
    if (error.code === 'EEXIST') return
    throw error
  }
  try {
    const owner = ownerOf(path)
    if (owner !== undefined && !alive(owner)) discard(path, join(guard, 'dead'))
  } finally {
    rmSync(guard, { recursive: true, force: true })
  }
}
