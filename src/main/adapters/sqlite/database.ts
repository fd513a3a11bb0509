/** How every embedded store opens its SQLite file: durable by default, versioned, and with errors that say which file. */
import { existsSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { PortError, type PortErrorCode, UserError } from '../../../shared/errors'
import { makeDirectory, syncDirectorySync } from './directory'

export type Database = Sqlite.Database

/**
 * Milliseconds that a statement waits for another program's lock. It waits on the event loop, so it is short: whoever can wait
 * longer tries again.
 */
const LOCK_WAIT = 250

/** SQL that takes the file from version `index` to `index + 1`. Never edited once released: append. */
export type Migrations = readonly string[]

/**
 * Open a store for reading and writing, creating it and its directory when missing.
 * WAL with `synchronous = FULL`: a commit that returned survives a power cut.
 * Throws a `UserError` for a file that is damaged, not SQLite, in use elsewhere, out of reach, or written by a newer version.
 */
export function openDatabase(file: string, migrations: Migrations, { pageSize }: { readonly pageSize?: number } = {}): Database {
  let db: Database | undefined
  try {
    for (const changed of makeDirectory(dirname(file))) syncDirectorySync(changed)
    db = new Sqlite(file, { timeout: LOCK_WAIT })
    // Heard by a file that is still empty, and by no other.
    if (pageSize !== undefined) db.pragma(`page_size = ${pageSize}`)
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = ON')
    migrate(db, file, migrations)
    // Reads the whole schema, so that damage there is met here, where it gets its sentence, and not at the first statement.
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
    return db
  } catch (error) {
    db?.close()
    throw openError(error, file)
  }
}

function migrate(db: Database, file: string, migrations: Migrations): void {
  const version = versionOf(db)
  if (version > migrations.length) throw newerError(file)
  if (version === migrations.length) return
  db.transaction(() => {
    for (const sql of migrations.slice(version)) db.exec(sql)
    db.pragma(`user_version = ${migrations.length}`)
  }).immediate()
}

/** How many migrations the file has seen. A look changes nothing, so it may meet a file that this version has never opened. */
export function versionOf(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number
}

/** The rest of opening a store: where it fails, the database is closed, and the error says what `openDatabase` would say. */
export function finishOpening<T>(db: Database, finish: (db: Database) => T): T {
  try {
    return finish(db)
  } catch (error) {
    db.close()
    throw openError(error, db.name)
  }
}

/** Whether the path of a store still leads to the file that is open. */
export interface FileCheck {
  stands(): boolean
  /** Throws a `PortError` where it does not. */
  require(): void
}

/**
 * SQLite does not notice that its file was deleted, and goes on to write what nobody can ever read. Only a start opens the store
 * anew, so that is what the error asks for. A database in memory has no file to lose.
 */
export function fileCheck(db: Database): FileCheck {
  if (db.memory) return { stands: () => true, require: () => undefined }
  const file = db.name
  const opened = statSync(file, { bigint: true })

  function stands(): boolean {
    const found = statSync(file, { bigint: true, throwIfNoEntry: false })
    return found?.ino === opened.ino && found.dev === opened.dev
  }

  return {
    stands,
    require() {
      if (!stands()) throw new PortError('unavailable', `${file} was removed or replaced while the node ran; restart the node.`)
    },
  }
}

/** A read-only look at a store that may not exist yet. */
export interface DatabaseView {
  /**
   * A connection that refuses every write, or undefined as long as the store does not exist. It is good until the present
   * turn of the event loop ends: ask again for each look, and do not await between asking and reading.
   * Throws a `UserError` as `openDatabase` does.
   */
  get(): Database | undefined
  close(): void
}

/**
 * A view never creates the store, and a look leaves the directory as it was. SQLite keeps two helper files beside a WAL
 * database while it is open, which a read-only connection cannot remove at the end: those that the look brought are taken away
 * with it. That is safe because a look lasts for one turn only. Within it no writer of this process can appear and start to use
 * them, and the lock of the data directory keeps other processes out. A store that writes in a thread of its own keeps a connection
 * open in this one for as long, so that the helpers are there before any look. (After a crash the helpers were there before. SQLite then
 * rebuilds the `-shm` file, its index of the log, in place; the store and its log stay as they are.)
 */
export function viewDatabase(file: string): DatabaseView {
  const [log, index] = [`${file}-wal`, `${file}-shm`]
  let db: Database | undefined
  let brought: string[] = []

  function close(): void {
    if (db === undefined) return
    db.close()
    db = undefined
    for (const helper of brought) rmSync(helper, { force: true })
  }

  return {
    get() {
      if (db !== undefined) return db
      if (!existsSync(file) || statSync(file).size === 0) return undefined
      try {
        // A log that a look brought is always empty. One that appears with content belongs to a writer, and so does its index.
        brought = existsSync(log) ? (existsSync(index) ? [] : [index]) : [log, index]
        db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: LOCK_WAIT })
        queueMicrotask(close)
        // The first read is what finds out that a file is not a database.
        if (versionOf(db) > 0) return db
        close()
        return undefined
      } catch (error) {
        close()
        throw openError(error, file)
      }
    },
    close,
  }
}

/** What `read` finds in a store, or `absent` where there is none. Rejects with a `PortError` that names `resource`. */
export async function lookAt<T>(get: DatabaseView['get'], resource: string, absent: T, read: (db: Database) => T): Promise<T> {
  try {
    const db = get()
    return db === undefined ? absent : read(db)
  } catch (error) {
    throw toPortError(error, resource)
  }
}

function newerError(file: string): UserError {
  return new UserError('newer-data', `${file} was written by a newer version of ThatDAM.`, {
    hint: 'Start the newer version, or choose another data directory.',
  })
}

/** A failure to open a store as a `UserError` that names the file and says what to do. What is not such a failure passes through. */
export function openError(error: unknown, file: string): unknown {
  const code = codeOf(error)
  if (error instanceof UserError || code === undefined) return error
  const [name, message, hint] = openFailure(code, file)
  return new UserError(name, message, { hint, cause: error })
}

function openFailure(code: string, file: string): [name: string, message: string, hint: string] {
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return [
      'damaged-data',
      `${file} is damaged or not a SQLite database.`,
      'Nothing was changed. Restore the file from a backup, or move it (with its -wal and -shm files) out of the way and start again.',
    ]
  }
  if (noSpace.test(code)) {
    return [
      'no-space',
      `No space left for ${file}.`,
      'Free some space on that disk, or choose a data directory on another one with --data or THATDAM_DATA_DIR.',
    ]
  }
  if (busy.test(code)) return ['data-in-use', `${file} is in use by another program (${code}).`, 'Stop that program, then try again.']
  return [
    'unwritable-data',
    `${file} cannot be opened (${code}).`,
    'Even to look, SQLite needs to write beside it. Check who owns the data directory, its permissions and its disk, or choose another one with --data.',
  ]
}

/** Growing the index of the log (SHMSIZE) fails for no other reason; SQLite says FULL only of the store and the log. */
const noSpace = /^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)/
const busy = /^(SQLITE_BUSY|SQLITE_LOCKED|EMFILE|ENFILE|EBUSY)/

/** The code of a failure of SQLite or of the operating system; undefined for every other error. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof TypeError) return undefined
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : undefined
}

/**
 * Any failure of a store's statement or file call as a `PortError` that names the resource. A `PortError`, a programmer's
 * `TypeError` and a signal's own reason pass through.
 */
export function toPortError(error: unknown, resource: string): unknown {
  if (error instanceof PortError) return error
  if (error instanceof UserError) {
    const advice = error.hint === undefined ? '' : ` ${error.hint}`
    const message = error.message.startsWith(resource) ? error.message : `${resource}: ${error.message}`
    return new PortError(userCodes[error.code] ?? 'internal', `${message}${advice}`, { cause: error })
  }
  const code = codeOf(error)
  return code === undefined ? error : new PortError(portCode(code), `${resource}: ${(error as Error).message}`, { cause: error })
}

/** What became of an `openError`, where that is more than `internal`. */
const userCodes: Readonly<Record<string, PortErrorCode>> = { 'no-space': 'no-space', 'data-in-use': 'unavailable' }

function portCode(code: string): PortErrorCode {
  if (noSpace.test(code)) return 'no-space'
  if (busy.test(code)) return 'unavailable'
  if (code === 'EFBIG' || code === 'SQLITE_TOOBIG') return 'too-large'
  return 'internal'
}
