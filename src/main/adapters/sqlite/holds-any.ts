/** Whether a store holds anything at all, without opening it for work. */
import { viewDatabase } from './database'

/** Whether one of these tables has a row. A store, and a table, that does not exist holds nothing. Throws a `UserError` where the file cannot be read. */
export function holdsAny(file: string, tables: readonly string[]): boolean {
  const view = viewDatabase(file)
  try {
    const db = view.get()
    if (db === undefined) return false
    const exists = db.prepare<[string], unknown>("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?")
    return tables.some((table) => exists.get(table) !== undefined && db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() !== undefined)
  } finally {
    view.close()
  }
}
