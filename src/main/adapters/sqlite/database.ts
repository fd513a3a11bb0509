/** How every embedded store opens its SQLite file: durable by default, versioned, and with errors that say which file. */
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { PortError, type PortErrorCode, UserError } from '../../../shared/errors'

export type Database = Sqlite.Database

/** SQL that takes the file from version `index` to `index + 1`. Never edited once released: append. */
export type Migrations = readonly string[]

/**
 * Open a store for reading and writing, creating it and its directory when missing.
 * WAL with `synchronous = FULL`: a commit that returned survives a power cut.
 * Throws a `UserError` for a file that is damaged, not SQLite, or written by a newer version.
 */
export function openDatabase(file: string, migrations: Migrations): Database {
  let db: Database | undefined
  try {
    mkdirSync(dirname(file), { recursive: true })
    db = new Sqlite(file)
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = ON')
    migrate(db, file, migrations)
    return db
  } catch (error) {
    db?.close()
    throw openError(error, file)
  }
}

function migrate(db: Database, file: string, migrations: Migrations): void {
  const version = db.pragma('user_version', { simple: true }) as number
  if (version > migrations.length) {
    throw new UserError('newer-data', `${file} was written by a newer version of ThatDAM.`, {
      hint: 'Start the newer version, or choose another data directory.',
    })
  }
  if (version === migrations.length) return
  db.transaction(() => {
    for (const sql of migrations.slice(version)) db.exec(sql)
    db.pragma(`user_version = ${migrations.length}`)
  })()
}

/** A read-only look at a store that may not exist yet. */
export interface DatabaseView {
  /** Undefined as long as the file does not exist. The connection refuses every write. */
  get(): Database | undefined
  close(): void
}

/**
 * A view never creates the store. SQLite keeps two helper files beside a WAL database while it is open, and a read-only
 * connection cannot remove them at the end: where the view brought them, `close` takes them away, so that a look leaves no trace.
 */
export function viewDatabase(file: string): DatabaseView {
  let db: Database | undefined
  let broughtHelpers = false
  return {
    get() {
      if (db !== undefined) return db
      if (!existsSync(file) || statSync(file).size === 0) return undefined
      try {
        broughtHelpers = !existsSync(`${file}-wal`)
        const opened = new Sqlite(file, { readonly: true, fileMustExist: true })
        // The first read is what finds out that a file is not a database.
        if ((opened.pragma('user_version', { simple: true }) as number) === 0) {
          opened.close()
          return undefined
        }
        db = opened
        return db
      } catch (error) {
        throw openError(error, file)
      }
    },
    close() {
      if (db === undefined) return
      db.close()
      db = undefined
      if (!broughtHelpers || !existsSync(`${file}-wal`) || statSync(`${file}-wal`).size > 0) return
      rmSync(`${file}-wal`, { force: true })
      rmSync(`${file}-shm`, { force: true })
    },
  }
}

function openError(error: unknown, file: string): unknown {
  const code = sqliteCode(error) ?? (error as NodeJS.ErrnoException).code ?? ''
  if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) {
    return new UserError('damaged-data', `${file} is damaged or not a SQLite database.`, {
      hint: 'Nothing was changed. Restore the file from a backup, or move it (with its -wal and -shm files) out of the way and start again.',
      cause: error,
    })
  }
  if (/^(SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_PERM|EACCES|EPERM|EROFS)/.test(code)) {
    return new UserError('unwritable-data', `${file} cannot be opened for writing (${code}).`, {
      hint: 'Check who owns the data directory and its permissions, or choose another one with --data or THATDAM_DATA_DIR.',
      cause: error,
    })
  }
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)/.test(code)) {
    return new UserError('no-space', `No space left for ${file}.`, {
      hint: 'Free some space on that disk, or choose a data directory on another one with --data or THATDAM_DATA_DIR.',
      cause: error,
    })
  }
  return error
}

function sqliteCode(error: unknown): string | undefined {
  return error instanceof Sqlite.SqliteError ? error.code : undefined
}

/** Any failure of a store's statement or file call as a `PortError` that names the resource. A `PortError` passes through. */
export function toPortError(error: unknown, resource: string): unknown {
  if (error instanceof PortError || error instanceof TypeError) return error
  const code = sqliteCode(error) ?? (error as NodeJS.ErrnoException | null)?.code
  if (typeof code !== 'string') return error
  return new PortError(portCode(code), `${resource}: ${(error as Error).message}`, { cause: error })
}

function portCode(code: string): PortErrorCode {
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)/.test(code)) return 'no-space'
  if (/^(SQLITE_BUSY|SQLITE_LOCKED|EMFILE|ENFILE|EBUSY)/.test(code)) return 'unavailable'
  return 'internal'
}
