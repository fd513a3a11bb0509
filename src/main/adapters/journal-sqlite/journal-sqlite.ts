/**
 * The node's journal in one SQLite file. It keeps the newest steps and events in full; older ones go once they are closed and
 * sent, a few with each write, so that no write is ever long.
 */
import type { Component } from '../../../shared/component'
import type { BootstrapEvent } from '../../../shared/events'
import { hashOf } from '../../../shared/hash'
import type { Closing, Intents, Journal, JournalView, Revisions, Step } from '../../core/ports/journal'
import { type Database, finishOpening, openDatabase, toPortError } from '../sqlite/database'
import { closeAfterWrites, groupCommit } from '../sqlite/group-commit'
import { type EntryRow, entryOf, journalReads, selectEntries } from './reads'
import { migrations } from './schema'

/** What `desiredHash` is for a resource that is to be gone. */
const deleted = hashOf(null)

export interface JournalOptions {
  /** How many of the newest steps, and of the newest events, are always kept. 100,000 unless told. */
  readonly keep?: number
}

/** Open the journal in `file`, made when missing. Throws a `UserError` for a file that is damaged or newer. */
export function openJournal(file: string, { keep = 100_000 }: JournalOptions = {}): Journal & JournalView & Revisions & Intents {
  const { db, commit, sql, lastOfEarlierProcess } = finishOpening(openDatabase(file, migrations), (opened) => {
    const statements = prepare(opened)
    return {
      db: opened,
      commit: groupCommit(opened),
      sql: statements,
      /** What lies after it is this process's own, and not for `recover` to close. */
      lastOfEarlierProcess: statements.lastStep.get() ?? 0,
    }
  })

  async function write<T>(work: () => T): Promise<T> {
    try {
      return await commit(work)
    } catch (error) {
      throw toPortError(error, file)
    }
  }

  /** Storing an event twice is storing it once: its id says that it is the same. */
  function storeEvents(events: readonly BootstrapEvent[]): void {
    if (events.length === 0) return
    for (const event of events) sql.addEvent.run(event.event_id, JSON.stringify(event))
    sql.pruneEvents.run(keep)
  }

  function closeStep(id: number, closing: Closing): void {
    const step = sql.step.get(id)
    if (step === undefined) throw new TypeError(`step ${id} was never begun`)
    if (step.outcome !== null) throw new TypeError(`step ${id} is already closed as ${step.outcome}`)
    sql.close.run(id, closing.outcome, closing.at, closing.attempts, closing.message ?? null)
    const { component, kind, name, backend, address, desiredHash, makes } = step
    const key = [component, kind, name, backend, address] as const
    // What was deleted is no deed any more; should it be there again, somebody else made it.
    if (closing.outcome === 'done' && desiredHash === deleted) sql.forgetDeed.run(...key)
    else if (closing.outcome === 'done') sql.setDone.run(...key, desiredHash)
    else if (desiredHash !== deleted) sql.setTried.run(...key, desiredHash)
    if (makes === 1 && closing.outcome !== 'failed') sql.setMade.run(closing.already === true ? 0 : 1, ...key)
    for (const one of closing.forgets ?? []) sql.forgetDeed.run(component, one.kind, one.name, backend, address)
  }

  return {
    ...journalReads(() => db, file),

    async begin(steps) {
      if (steps.length === 0) return []
      return write(() => {
        const ids = steps.map(({ foundHash, makes, ...step }) => {
          if (foundHash !== undefined) sql.setFound.run(step.component, step.kind, step.name, step.backend, step.address, foundHash)
          return Number(sql.begin.run({ ...step, makes: makes ? 1 : 0 }).lastInsertRowid)
        })
        sql.pruneSteps.run(keep)
        return ids
      })
    },

    async close(closings, events) {
      if (closings.length === 0 && events.length === 0) return
      await write(() => {
        for (const { id, closing } of closings) closeStep(id, closing)
        storeEvents(events)
      })
    },

    recover: (at) =>
      write(() =>
        sql.openSteps.all(lastOfEarlierProcess).map((row) => {
          const closing: Closing = { outcome: 'found', at, attempts: 0 }
          closeStep(row.id, closing)
          return { ...entryOf(row), closing }
        }),
      ),

    async recordApply(component, { at, changes, generation }) {
      await write(() => sql.setApply.run(component, at, changes, generation))
    },

    settle: (places) =>
      write(() => {
        for (const { component, backend, address } of places) {
          sql.settle.run(address, component, backend)
          sql.forgetUnsettled.run(component, backend)
        }
      }),

    async record(events) {
      if (events.length > 0) await write(() => storeEvents(events))
    },

    async markSent(eventIds) {
      if (eventIds.length === 0) return
      await write(() => {
        sql.markSent.run(JSON.stringify(eventIds))
        sql.pruneEvents.run(keep)
      })
    },

    add: ({ at, author, generation, text }) =>
      write(() => {
        const { lastInsertRowid } = sql.addRevision.run(at, author, generation, text)
        return { revision: Number(lastInsertRowid), at, author, generation, text }
      }),

    async addIntent({ id, plan_hash, acknowledged_by, created_at, expires_at }) {
      await write(() => sql.addIntent.run(id, plan_hash, acknowledged_by, created_at, expires_at))
    },
    async closeIntent(id, outcome) {
      await write(() => sql.closeIntent.run(JSON.stringify(outcome), id))
    },
    async interruptIntents(at) {
      await write(() => sql.interruptIntents.run(JSON.stringify({ at, status: 'interrupted' })))
    },

    shutdown: () => closeAfterWrites(db, commit),
  }
}

type DeedKey = readonly [component: string, kind: string, name: string, backend: string, address: string]
const oneDeed = 'component = ? AND kind = ? AND name = ? AND backend = ? AND address = ?'

function prepare(db: Database) {
  return {
    lastStep: db.prepare<[], number>('SELECT id FROM steps ORDER BY id DESC LIMIT 1').pluck(),
    begin: db.prepare<[Omit<Step, 'makes' | 'foundHash'> & { makes: 0 | 1 }]>(
      `INSERT INTO steps (component, kind, name, backend, address, action, generation, desired_hash, makes, pass, at)
       VALUES (@component, @kind, @name, @backend, @address, @action, @generation, @desiredHash, @makes, @pass, @at)`,
    ),
    step: db.prepare<[number], EntryRow>(`${selectEntries()} WHERE s.id = ?`),
    openSteps: db.prepare<[number], EntryRow>(`${selectEntries()} WHERE c.step IS NULL AND s.id <= ? ORDER BY s.id`),
    close: db.prepare<[number, Closing['outcome'], string, number, string | null]>(
      'INSERT INTO closings (step, outcome, at, attempts, message) VALUES (?, ?, ?, ?, ?)',
    ),
    // A step takes its closing with it. Of the steps below the line only open ones stay, and they are few.
    pruneSteps: db.prepare<[number]>(
      `DELETE FROM steps WHERE id <= (SELECT max(id) FROM steps) - ?
       AND EXISTS (SELECT 1 FROM closings WHERE closings.step = steps.id)`,
    ),
    setDone: db.prepare<[...DeedKey, string]>(
      `INSERT INTO deeds (component, kind, name, backend, address, done) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET done = excluded.done, tried = NULL`,
    ),
    setTried: db.prepare<[...DeedKey, string]>(
      `INSERT INTO deeds (component, kind, name, backend, address, tried) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET tried = excluded.tried`,
    ),
    setFound: db.prepare<[...DeedKey, string]>(`UPDATE deeds SET done = tried, tried = NULL WHERE ${oneDeed} AND tried = ?`),
    setMade: db.prepare<[0 | 1, ...DeedKey]>(`UPDATE deeds SET made = ? WHERE ${oneDeed}`),
    forgetDeed: db.prepare<[...DeedKey]>(`DELETE FROM deeds WHERE ${oneDeed}`),
    // What was done there since, before anybody could settle the rest, is the newer deed and stands.
    settle: db.prepare<[string, string, string]>(
      "UPDATE OR IGNORE deeds SET address = ? WHERE component = ? AND backend = ? AND address = '?'",
    ),
    forgetUnsettled: db.prepare<[string, string]>("DELETE FROM deeds WHERE component = ? AND backend = ? AND address = '?'"),
    addIntent: db.prepare<[string, string, string, string, string]>(
      'INSERT INTO intents (id, plan_hash, acknowledged_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?)',
    ),
    closeIntent: db.prepare<[string, string]>('UPDATE intents SET outcome = ? WHERE id = ?'),
    interruptIntents: db.prepare<[string]>('UPDATE intents SET outcome = ? WHERE outcome IS NULL'),
    addEvent: db.prepare<[string, string]>('INSERT INTO events (event_id, body) VALUES (?, ?) ON CONFLICT (event_id) DO NOTHING'),
    markSent: db.prepare<[string]>('UPDATE events SET sent = 1 WHERE event_id IN (SELECT value FROM json_each(?))'),
    pruneEvents: db.prepare<[number]>('DELETE FROM events WHERE sent = 1 AND seq <= (SELECT max(seq) FROM events) - ?'),
    setApply: db.prepare<[Component, string, number, string]>(
      `INSERT INTO applies (component, at, changes, generation) VALUES (?, ?, ?, ?)
       ON CONFLICT (component) DO UPDATE SET at = excluded.at, changes = excluded.changes, generation = excluded.generation`,
    ),
    addRevision: db.prepare<[string, string, string, string]>('INSERT INTO revisions (at, author, generation, text) VALUES (?, ?, ?, ?)'),
  }
}
