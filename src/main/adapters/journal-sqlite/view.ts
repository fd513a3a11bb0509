/** A read-only look at the node's journal, which may not exist yet. Planning holds nothing else. */
import type { Intents, Journal, JournalView, RevisionsView } from '../../core/ports/journal'
import { viewDatabase } from '../sqlite/database'
import { journalReads } from './reads'

export interface JournalSight
  extends JournalView,
    RevisionsView,
    Pick<Intents, 'intents'>,
    Pick<Journal, 'entries' | 'events' | 'lastApplies'> {
  close(): Promise<void>
}

/**
 * Look at the journal in `file`. One that does not exist answers as an empty one, and nothing is created.
 * A file that cannot be opened rejects with a `PortError` that says what `openJournal` would.
 */
export function viewJournal(file: string): JournalSight {
  const view = viewDatabase(file)
  const { deeds, made, intents, current, entries, events, get, lastApplies, list } = journalReads(view.get, file)
  return {
    deeds,
    made,
    intents,
    current,
    entries,
    events,
    get,
    lastApplies,
    list,
    async close() {
      view.close()
    },
  }
}
