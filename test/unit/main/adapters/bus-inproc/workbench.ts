/** A bus in a directory of its own, and the hand of a person in its file. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { openBusInproc } from '../../../../../src/main/adapters/bus-inproc/bus-inproc'
import { viewBusInproc } from '../../../../../src/main/adapters/bus-inproc/view'
import type { EventBusHarness } from '../../../../conformance/event-bus'
import { testClock } from '../../../../support/clock'

export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'thatdam-bus-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export const openBus = (directory: string) => openBusInproc(directory, { uuid: randomUUID })

/** A harness whose clock stands still until a case lets time pass. */
export async function makeHarness(): Promise<EventBusHarness & { readonly directory: string; readonly waits: readonly number[] }> {
  const directory = temporaryDirectory()
  const { now, sleep, advance, waits } = testClock()
  const dedupe = { windowMs: 60_000, keysPerQueue: 60 }
  return {
    directory: directory.path,
    waits,
    vhost: '/',
    otherVhost: '/other',
    dedupe,
    now,
    elapse: advance,
    open: async () => openBusInproc(directory.path, { uuid: randomUUID, now, sleep, dedupe }),
    view: async () => viewBusInproc(directory.path),
    deleteQueue: async (name: string) => {
      byHand(directory.path, 'DELETE FROM queues WHERE vhost = ? AND name = ?', '/', name)
    },
    dispose: async () => directory.remove(),
  }
}

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
