/** What the journal and its read-only view answer alike. */
import type { Component } from '../../../shared/component'
import type { BootstrapEvent } from '../../../shared/events'
import type {
  Closing,
  ComponentPlace,
  Deeds,
  Intents,
  Journal,
  JournalEntry,
  JournalView,
  LastApply,
  Resource,
  RevisionsView,
  Step,
  StoredIntent,
  StoredRevision,
} from '../../core/ports/journal'
import { type Database, lookAt, versionOf } from '../sqlite/database'
import { migrations } from './schema'

export type JournalReads = JournalView &
  RevisionsView &
  Pick<Intents, 'intents'> &
  Pick<Journal, 'entries' | 'events' | 'lastApplies' | 'lastPass' | 'remembered' | 'unsent'>

/** Reads from the connection that `get` gives at each call; without one, everything is absent. */
export function journalReads(get: () => Database | undefined, file: string): JournalReads {
  let prepared: Statements | undefined

  function ask<T>(absent: T, read: (statements: Statements) => T): Promise<T> {
    return lookAt(get, file, absent, (db) => {
      if (prepared?.db !== db) prepared = prepare(db)
      return read(prepared)
    })
  }

  return {
    deeds: (component, kind, name, { backend, address }) =>
      ask<Deeds>(noDeeds, (sql) => {
        const row = sql.deeds.get({ component, kind, name, backend, address })
        return row === undefined ? noDeeds : { done: row.done ?? undefined, tried: row.tried ?? undefined }
      }),
    made: (component, { backend, address }) => ask<Resource[]>([], (sql) => sql.made.all({ component, backend, address })),
    remembered: (component, { backend, address }) => ask<Resource[]>([], (sql) => sql.remembered.all({ component, backend, address })),
    intents: (limit) => ask<StoredIntent[]>([], (sql) => sql.intents.all(limit).map(intentOf)),
    entries: (limit) => ask<JournalEntry[]>([], (sql) => sql.entries.all(limit).map(entryOf)),
    lastPass: () => ask(0, (sql) => sql.lastPass.get() ?? 0),
    lastApplies: () =>
      ask<ReadonlyMap<Component, LastApply>>(
        new Map(),
        (sql) => new Map(sql.applies.all().map(({ component, ...apply }) => [component, apply])),
      ),
    unsent: (limit) => ask<BootstrapEvent[]>([], (sql) => sql.unsent.all(limit).map(eventOf)),
    events: (limit, before) =>
      ask<BootstrapEvent[]>([], (sql) =>
        (before === undefined ? sql.newestEvents.all(limit) : sql.eventsBefore.all(before, limit)).map(eventOf),
      ),
    current: () => ask(undefined, (sql) => sql.currentRevision.get()),
    get: (revision) => ask(undefined, (sql) => sql.revision.get(revision)),
    list: () => ask<StoredRevision[]>([], (sql) => sql.revisions.all()),
  }
}

const noDeeds: Deeds = { done: undefined, tried: undefined }

type Statements = ReturnType<typeof prepare>

function prepare(db: Database) {
  // A look must not migrate what an older version left, so it reads the schemas before this one too.
  const version = versionOf(db)
  const isFirst = version === 1
  const inPlace = `component = @component AND backend = @backend${version < 3 ? '' : ' AND address = @address'}`
  return {
    db,
    deeds: db.prepare<[ComponentPlace & Resource], { readonly done: string | null; readonly tried: string | null }>(
      `SELECT done, tried FROM deeds WHERE ${inPlace} AND kind = @kind AND name = @name`,
    ),
    made: db.prepare<[ComponentPlace], Resource>(
      isFirst
        ? `SELECT DISTINCT s.kind, s.name FROM steps s JOIN closings c ON c.step = s.id
           WHERE ${inPlace} AND s.action = 'create' AND c.outcome IN ('done', 'found') ORDER BY s.kind, s.name`
        : `SELECT kind, name FROM deeds WHERE ${inPlace} AND made = 1 ORDER BY kind, name`,
    ),
    remembered: db.prepare<[ComponentPlace], Resource>(`SELECT kind, name FROM deeds WHERE ${inPlace}`),
    intents: db.prepare<[number], IntentRow>(
      isFirst
        ? `SELECT '' AS id, '' AS plan_hash, '' AS acknowledged_by, '' AS created_at, '' AS expires_at, NULL AS outcome LIMIT ? * 0`
        : 'SELECT id, plan_hash, acknowledged_by, created_at, expires_at, outcome FROM intents ORDER BY seq DESC LIMIT ?',
    ),
    entries: db.prepare<[number], EntryRow>(`${selectEntries(version)} ORDER BY s.id DESC LIMIT ?`),
    lastPass: db.prepare<[], number>('SELECT pass FROM steps ORDER BY id DESC LIMIT 1').pluck(),
    applies: db.prepare<[], LastApply & { readonly component: Component }>('SELECT component, at, changes, generation FROM applies'),
    unsent: db.prepare<[number], string>('SELECT body FROM events WHERE sent = 0 ORDER BY seq LIMIT ?').pluck(),
    newestEvents: db.prepare<[number], string>('SELECT body FROM events ORDER BY seq DESC LIMIT ?').pluck(),
    eventsBefore: db
      .prepare<[string, number], string>(
        'SELECT body FROM events WHERE seq < (SELECT seq FROM events WHERE event_id = ?) ORDER BY seq DESC LIMIT ?',
      )
      .pluck(),
    currentRevision: db.prepare<[], StoredRevision>(`${selectRevisions} ORDER BY revision DESC LIMIT 1`),
    revision: db.prepare<[number], StoredRevision>(`${selectRevisions} WHERE revision = ?`),
    revisions: db.prepare<[], StoredRevision>(`${selectRevisions} ORDER BY revision DESC`),
  }
}

const selectRevisions = 'SELECT revision, at, author, generation, text FROM revisions'

/** `version`: of the schema. */
export const selectEntries = (version = migrations.length) => `
  SELECT s.id, s.component, s.kind, s.name, s.backend, ${version < 3 ? "'?'" : 's.address'} AS address, s.action, s.generation,
    s.desired_hash AS desiredHash, ${version < 2 ? "s.action = 'create'" : 's.makes'} AS makes, s.pass, s.at,
    c.outcome, c.at AS closedAt, c.attempts, c.message
  FROM steps s LEFT JOIN closings c ON c.step = s.id`

interface IntentRow extends Omit<StoredIntent, 'outcome' | 'allow_destructive'> {
  readonly outcome: string | null
}

function intentOf({ outcome, ...intent }: IntentRow): StoredIntent {
  return { ...intent, allow_destructive: true, outcome: outcome === null ? null : JSON.parse(outcome) }
}

export interface EntryRow extends Omit<Step, 'makes'> {
  readonly id: number
  readonly makes: 0 | 1
  /** Null, like the three that follow, while the step is open. */
  readonly outcome: Closing['outcome'] | null
  readonly closedAt: string | null
  readonly attempts: number | null
  readonly message: string | null
}

export function entryOf({ outcome, closedAt, attempts, message, makes, ...rest }: EntryRow): JournalEntry {
  const step = { ...rest, makes: makes === 1 }
  if (outcome === null || closedAt === null || attempts === null) return { ...step, closing: null }
  return { ...step, closing: { outcome, at: closedAt, attempts, ...(message === null ? {} : { message }) } }
}

function eventOf(body: string): BootstrapEvent {
  return JSON.parse(body) as BootstrapEvent
}
