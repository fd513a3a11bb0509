/**
 * One process at a time on a data directory. The lock is SQLite's own lock on an empty file, which the operating system
 * releases the instant the process ends, however it ends: nothing goes stale after a crash, on any platform.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { UserError } from '../../shared/errors'
import { readNodeFile } from './node-file'
import type { DataPaths } from './paths'

export interface Lock {
  release(): void
}

/** Has any process ever worked on this directory? Where none has, there is nothing to lock and nothing to see. */
export function wasEverUsed(paths: DataPaths): boolean {
  return existsSync(paths.lock)
}

/**
 * Take the lock, making the directory when missing. `quiet` leaves no trace: for a look.
 * Throws a `UserError` `locked` that names the process which holds it and, when it serves, its address.
 */
export function acquireLock(paths: DataPaths, options: { readonly quiet: boolean }): Lock {
  const holder = `${paths.lock}.pid`
  const db = openLock(paths)
  try {
    // No journal file beside the lock; this reads the file and so may already meet the other's lock.
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if ((error as { code?: string }).code === 'SQLITE_BUSY') throw held(paths, holder)
    throw unwritable(paths, error)
  }
  if (!options.quiet) writeFileSync(holder, `${process.pid}\n`)
  let released = false
  return {
    release() {
      if (released) return
      released = true
      if (!options.quiet) rmSync(holder, { force: true })
      db.close()
    },
  }
}

function openLock(paths: DataPaths): Sqlite.Database {
  try {
    mkdirSync(dirname(paths.lock), { recursive: true, mode: 0o700 })
    return new Sqlite(paths.lock, { timeout: 0 })
  } catch (error) {
    throw unwritable(paths, error)
  }
}

function held(paths: DataPaths, holder: string): UserError {
  const pid = existsSync(holder) ? readFileSync(holder, 'utf8').trim() : ''
  const node = readNodeFile(paths)
  const who = pid === '' ? 'Another process' : `Process ${pid}`
  const where = node === undefined ? '' : `, at ${node.url}`
  return new UserError('locked', `${who} already works on ${dirname(paths.lock)}${where}.`, {
    hint: 'Use that one, stop it first, or choose another data directory with --data.',
  })
}

function unwritable(paths: DataPaths, cause: unknown): UserError {
  const code = (cause as { code?: string }).code ?? String(cause)
  const directory = dirname(paths.lock)
  if (/ENOSPC|EDQUOT|SQLITE_FULL/.test(code)) {
    return new UserError('no-space', `No space left for the data directory ${directory}.`, {
      hint: 'Free some space on that disk, or choose a data directory on another one with --data.',
      cause,
    })
  }
  return new UserError('unwritable-data', `The data directory ${directory} cannot be written (${code}).`, {
    hint: 'Check that it is a directory, who owns it and its permissions, or choose another one with --data or THATDAM_DATA_DIR.',
    cause,
  })
}
