/** A bus in a directory of its own, and the hand of a person in its file. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { openBusInproc } from '../../../../../src/main/adapters/bus-inproc/bus-inproc'

export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'thatdam-bus-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export const openBus = (directory: string) => openBusInproc(directory, { uuid: randomUUID })

/** Run SQL on a bus as a tool beside it would: over another connection, with foreign keys off. */
export function byHand(directory: string, sql: string, ...values: (string | number)[]): unknown[] {
  const db = new Sqlite(join(directory, 'bus.db'), { fileMustExist: true })
  try {
    db.pragma('foreign_keys = OFF')
    const statement = db.prepare(sql)
    if (statement.reader) return statement.all(...values)
    statement.run(...values)
    return []
  } finally {
    db.close()
  }
}
