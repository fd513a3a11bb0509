/** The small files of a data directory that only its owner may read. */
import { randomUUID } from 'node:crypto'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncDirectorySync } from '../adapters/sqlite/directory'
import { unwritable } from './unwritable'

/**
 * The file is the old one or the new one, never half of it, and has mode 0600. With `durable`, a power cut does not bring the old one
 * back. Throws a `UserError` where the data directory does not take it.
 */
export function replacePrivateFile(file: string, content: string | Uint8Array, { durable = false } = {}): void {
  const temporary = `${file}.${randomUUID()}.tmp`
  try {
    writeFileSync(temporary, content, { mode: 0o600, flush: durable })
    renameSync(temporary, file)
    if (durable) syncDirectorySync(dirname(file))
  } catch (error) {
    rmSync(temporary, { force: true })
    throw unwritable(dirname(file), error)
  }
}
