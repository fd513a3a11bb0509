/** A data directory on which no process ever worked: there is nothing there, and looking at it opens no file. */
import type { BrokerView } from '../core/ports/event-bus'
import type { Journal, JournalView, RevisionsView } from '../core/ports/journal'
import type { StorageView } from '../core/ports/object-storage'
import type { IndexView } from '../core/ports/vector-index'

const close = async () => {}

interface EmptyViews {
  readonly storage: StorageView
  readonly broker: BrokerView
  readonly index: IndexView
  readonly journal: JournalView & RevisionsView & Pick<Journal, 'events'> & { close(): Promise<void> }
}

export const emptyViews: EmptyViews = {
  storage: { describe: async () => new Map(), close },
  broker: { describe: async () => ({ exchanges: [], queues: [], bindings: [] }), close },
  index: { describe: async () => new Map(), close },
  journal: {
    deeds: async () => ({ done: undefined, tried: undefined }),
    current: async () => undefined,
    get: async () => undefined,
    list: async () => [],
    events: async () => [],
    close,
  },
}
