/**
 * One owner at a time on a data directory, or any number of looks. The lock is SQLite's own lock on an empty file, which the
 * operating system releases the instant the process ends, however it ends: nothing goes stale after a crash, on any platform.
 */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { UserError } from '../../shared/errors'
import { makeDirectory } from '../adapters/sqlite/directory'
import { readNodeFile } from './node-file'
import type { DataPaths } from './paths'
import { unwritable } from './unwritable'

export interface Lock {
  release(): void
}

/** How long an owner waits for looks to end. A look is over in a moment, and its person should not be told of a lock. */
const waitForLooksMs = 2_000

/** A data directory that is in truth a file is said to be one, also by a mere look. */
export function refuseNonDirectory(dataDir: string): void {
  const stat = statSync(dataDir, { throwIfNoEntry: false })
  if (stat === undefined || stat.isDirectory()) return
  throw new UserError('unwritable-data', `${dataDir} is a file, not a directory.`, {
    hint: 'Move the file away, or choose another data directory with --data or THATDAM_DATA_DIR.',
  })
}

/** Has any process ever worked on this directory? Where none has, there is nothing to lock and nothing to see. */
export function wasEverUsed(paths: DataPaths): boolean {
  return existsSync(paths.lock)
}

/**
 * Take the lock, making the directory when missing. `quiet` is for a look: it leaves no trace and shares the lock with other
 * looks, while an owner has it alone. Throws a `UserError` `locked` that names the owner and, when it serves, its address.
 */
export function acquireLock(paths: DataPaths, { quiet }: { readonly quiet: boolean }): Lock {
  const directory = dirname(paths.lock)
  const holder = holderFile(paths)
  // Nobody waits for another owner: it stays for long.
  const db = openLock(paths, quiet || owner(paths) !== undefined ? 0 : waitForLooksMs)
  try {
    if (quiet) {
      // The lock is taken by reading, not by beginning.
      db.exec('BEGIN')
      db.prepare('SELECT count(*) FROM sqlite_schema').get()
    } else {
      // No journal file beside the lock; this reads the file and so may already meet the other's lock.
      db.pragma('journal_mode = MEMORY')
      db.exec('BEGIN EXCLUSIVE')
      writeFileSync(holder, `${process.pid}\n`)
    }
  } catch (error) {
    db.close()
    if ((error as { code?: string }).code === 'SQLITE_BUSY') throw held(paths)
    throw unwritable(directory, error)
  }
  let released = false
  return {
    release() {
      if (released) return
      released = true
      if (!quiet) rmSync(holder, { force: true })
      db.close()
    },
  }
}

function openLock(paths: DataPaths, timeout: number): Sqlite.Database {
  const directory = dirname(paths.lock)
  try {
    makeDirectory(directory, 0o700)
    return new Sqlite(paths.lock, { timeout })
  } catch (error) {
    throw unwritable(directory, error)
  }
}

function held(paths: DataPaths): UserError {
  const pid = owner(paths)
  const node = readNodeFile(paths)
  const who = pid === undefined ? 'Another process' : `Process ${pid}`
  const where = pid === undefined || node?.pid !== pid ? '' : `, at ${node.url}`
  return new UserError('locked', `${who} already works on ${dirname(paths.lock)}${where}.`, {
    hint: 'Use that one, stop it first, or choose another data directory with --data.',
  })
}

function holderFile(paths: DataPaths): string {
  return `${paths.lock}.pid`
}

/** The process that owns the directory. A file that outlived its process names nobody. */
function owner(paths: DataPaths): number | undefined {
  let text: string
  try {
    text = readFileSync(holderFile(paths), 'utf8').trim()
  } catch {
    return undefined
  }
  const pid = /^[1-9]\d*$/.test(text) ? Number(text) : undefined
  return pid !== undefined && isAlive(pid) ? pid : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
