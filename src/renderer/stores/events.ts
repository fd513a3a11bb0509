/** The newest bootstrap events, each once, whether they were asked for or came as notices. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { ErrorBody } from '../../shared/errors'
import type { BootstrapEvent } from '../../shared/events'

/** The most events the page keeps. The node's journal has the others. */
export const eventLimit = 500

interface Events {
  /** Newest first. */
  readonly events: readonly BootstrapEvent[]
  /** False until the node has told what happened before the page was opened. */
  readonly loaded: boolean
  /** Why it could not tell. */
  readonly error: ErrorBody | null
}

export type EventsStore = StoreApi<Events>

export function createEventsStore(): EventsStore {
  return createStore<Events>()(() => ({ events: [], loaded: false, error: null }))
}

/** Both lists in one, newest first, each event once, cut to the limit. Event ids sort by time. */
export function mergeEvents(known: readonly BootstrapEvent[], more: readonly BootstrapEvent[]): readonly BootstrapEvent[] {
  const byId = new Map([...known, ...more].map((event) => [event.event_id, event]))
  return [...byId.values()].sort((a, b) => (a.event_id < b.event_id ? 1 : -1)).slice(0, eventLimit)
}
