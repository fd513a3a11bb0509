/** A data directory on which no process ever worked: there is nothing there, and looking at it opens no file. */
import type { BrokerView } from '../core/ports/event-bus'
import type { Intents, Journal, JournalView, RevisionsView } from '../core/ports/journal'
import { nothing, type StorageView } from '../core/ports/object-storage'
import type { IndexView } from '../core/ports/vector-index'

const close = async () => {}
const holdsNothing = async () => nothing

interface EmptyViews {
  readonly storage: StorageView
  readonly broker: BrokerView
  readonly index: IndexView
  readonly journal: JournalView & RevisionsView & Pick<Intents, 'intents'> & Pick<Journal, 'events'> & { close(): Promise<void> }
}

export const emptyViews: EmptyViews = {
  storage: { describe: async () => new Map(), expirable: holdsNothing, contents: holdsNothing, close },
  broker: { describe: async () => ({ exchanges: [], queues: [], bindings: [] }), contents: holdsNothing, close },
  index: { describe: async () => new Map(), contents: holdsNothing, close },
  journal: {
    made: async () => [],
    intents: async () => [],
    deeds: async () => ({ done: undefined, tried: undefined }),
    current: async () => undefined,
    get: async () => undefined,
    list: async () => [],
    events: async () => [],
    close,
  },
}
