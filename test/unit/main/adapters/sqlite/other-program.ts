/** What another program on the machine may do to a store's file. */
import Sqlite from 'better-sqlite3'

/** Run `work` while another connection is in the middle of a write: others may read, and not write. */
export function whileWriting(file: string, work: () => void): void {
  const other = new Sqlite(file, { fileMustExist: true })
  try {
    other.exec('BEGIN IMMEDIATE')
    work()
  } finally {
    other.close()
  }
}

/** Run `work` while another connection lets nobody else read or write the file. */
export function whileLocked(file: string, work: () => void): void {
  const other = new Sqlite(file, { fileMustExist: true })
  try {
    other.pragma('locking_mode = EXCLUSIVE')
    other.exec('BEGIN EXCLUSIVE; COMMIT')
    work()
  } finally {
    other.close()
  }
}
