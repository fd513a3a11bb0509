/** The page behind the page: its stores, and what a person can ask for. No React and no DOM, so tests drive it as they are. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import { toErrorBody } from '../shared/errors'
import type { BootstrapEvent } from '../shared/events'
import type { NodeClient, Notice } from '../shared/node-contract'
import type { Role } from '../shared/status'
import { follow } from './follow'
import { type CheckStore, checkNow, createCheckStore } from './stores/check'
import { type ConnectionStore, createConnectionStore } from './stores/connection'
import { createEventsStore, type EventsStore, mergeEvents } from './stores/events'
import { createSetupStore, loadSetup, type SetupStore, start } from './stores/setup'
import { createStatusStore, type StatusStore } from './stores/status'

/** Time as the page lives in it; tests bring their own. */
export interface Time {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms`, or as soon as `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface Model {
  readonly connection: ConnectionStore
  readonly status: StatusStore
  readonly events: EventsStore
  readonly setup: SetupStore
  readonly check: CheckStore
  /** The present moment, as far as the page shows it: moved on by `tick`. */
  readonly clock: StoreApi<{ readonly now: number }>
  tick(): void
  checkNow(): Promise<void>
  start(): Promise<void>
  loadSetup(): Promise<void>
  /** Try to reach the node at once, if it is lost. */
  retryNow(): void
  /** Stay in touch with the node until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** How many events the page asks for when it opens. */
const firstEvents = 200
/** How long events gather before the list changes, so that a burst of them is drawn once. */
const gatherMs = 50

export function createModel(client: NodeClient, time: Time): Model {
  const connection = createConnectionStore()
  const status = createStatusStore()
  const events = createEventsStore()
  const setup = createSetupStore()
  const check = createCheckStore()
  const clock = createStore<{ readonly now: number }>()(() => ({ now: time.now() }))

  let gathered: BootstrapEvent[] = []
  let pausing: AbortController | undefined
  /** Whether this connection has asked for what a page needs besides notices. */
  let asked: 'nothing' | 'setup' | 'events' = 'nothing'

  function gather(event: BootstrapEvent, signal: AbortSignal): void {
    gathered.push(event)
    if (gathered.length > 1) return
    void time.sleep(gatherMs, signal).then(() => {
      const more = gathered
      gathered = []
      events.setState((state) => ({ events: mergeEvents(state.events, more) }))
    })
  }

  async function loadEvents(): Promise<void> {
    try {
      const more = await client.call('events', { limit: firstEvents })
      events.setState((state) => ({ events: mergeEvents(state.events, more), loaded: true, error: null }))
    } catch (error) {
      events.setState({ loaded: true, error: toErrorBody(error) })
    }
  }

  /** What the page needs next depends on whether the node is set up. */
  function askForMore(role: Role): void {
    const needed = role === 'none' ? 'setup' : 'events'
    if (asked === needed) return
    asked = needed
    void (needed === 'setup' ? loadSetup(setup, client) : loadEvents())
  }

  function hear(notice: Notice, signal: AbortSignal): void {
    if (connection.getState().phase !== 'live') connection.setState({ phase: 'live' }, true)
    if (notice.type === 'event') {
      gather(notice.event, signal)
      return
    }
    status.setState({ status: notice.status })
    askForMore(notice.status.role)
  }

  async function pause(ms: number, signal: AbortSignal): Promise<void> {
    pausing = new AbortController()
    await time.sleep(ms, AbortSignal.any([pausing.signal, signal]))
    pausing = undefined
  }

  return {
    connection,
    status,
    events,
    setup,
    check,
    clock,
    tick: () => clock.setState({ now: time.now() }),
    checkNow: () => checkNow(check, client, time.now),
    start: () => start(setup, client),
    loadSetup: () => loadSetup(setup, client),
    retryNow: () => pausing?.abort(),
    run: (signal) =>
      follow(
        client,
        {
          notice: (notice) => hear(notice, signal),
          lost(error) {
            asked = 'nothing'
            const before = connection.getState()
            connection.setState({ phase: 'lost', error, since: before.phase === 'lost' ? before.since : time.now() }, true)
          },
          signedOut: (error) => connection.setState({ phase: 'signed-out', error }, true),
        },
        pause,
        signal,
      ),
  }
}
