/** What the suite needs of a journal, and what its cases share. */
import { afterEach, beforeEach } from 'vitest'
import type {
  Closing,
  Deeds,
  Intents,
  Journal,
  JournalView,
  Place,
  Revisions,
  RevisionsView,
  Step,
} from '../../../src/main/core/ports/journal'
import type { BootstrapEvent } from '../../../src/shared/events'

type OpenJournal = Journal & JournalView & Revisions & Intents
type JournalSight = JournalView &
  RevisionsView &
  Pick<Intents, 'intents'> &
  Pick<Journal, 'entries' | 'events' | 'lastApplies'> & { close(): Promise<void> }

/** One empty journal. Every `open` and `view` of one harness sees the same data. */
export interface JournalHarness {
  open(): Promise<OpenJournal>
  view(): Promise<JournalSight>
  /** Called once everything that was opened is closed. */
  dispose(): Promise<void>
}

/** Where a step is about to do something, unless a case says otherwise. */
export const here: Place = { backend: 'embedded', address: '' }

export function stepFor(name: string, fields: Partial<Step> = {}): Step {
  return {
    component: 'storage',
    kind: 'bucket',
    name,
    ...here,
    action: 'create',
    generation: 'g1',
    desiredHash: `hash of ${name}`,
    makes: true,
    pass: 1,
    at: '2026-03-01T12:00:00.000Z',
    ...fields,
  }
}

export function eventFor(id: string, fields: Partial<BootstrapEvent> = {}): BootstrapEvent {
  return {
    event_id: id,
    node_id: '0e2f63e8-6a4c-4a3f-9d3b-5f3a4f6c7d10',
    component: 'storage',
    action: 'create',
    status: 'ok',
    generation: 'g1',
    at: '2026-03-01T12:00:00.000Z',
    idempotency_key: `key of ${id}`,
    ...fields,
  }
}

export const done: Closing = { outcome: 'done', at: '2026-03-01T12:00:01.000Z', attempts: 1 }
export const failed: Closing = { outcome: 'failed', at: '2026-03-01T12:00:02.000Z', attempts: 6, message: 'unavailable: the disk is away' }

export interface World {
  readonly harness: JournalHarness
  readonly journal: OpenJournal
  /** Close the journal and open it again, as a restart does. */
  restart(): Promise<void>
  beginOne(step: Step): Promise<number>
  /** Hash of the last wish for the resource that the step is about. */
  deedsOn(step: Step): Promise<Deeds>
}

/** A fresh world for each case, closed after it. */
export function eachCase(makeHarness: () => Promise<JournalHarness>): World {
  let harness: JournalHarness
  let journal: OpenJournal
  const opened: (() => Promise<void>)[] = []
  beforeEach(async () => {
    harness = await makeHarness()
    opened.push(() => harness.dispose())
    journal = await harness.open()
    opened.push(() => journal.shutdown())
  })
  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close()
  })
  return {
    get harness() {
      return harness
    },
    get journal() {
      return journal
    },
    async restart() {
      await journal.shutdown()
      journal = await harness.open()
    },
    async beginOne(step) {
      const [id] = await journal.begin([step])
      if (id === undefined) throw new Error('begin gave no id')
      return id
    },
    deedsOn: (step) => journal.deeds(step.component, step.kind, step.name, step),
  }
}
