/** An engine on backends of plain data, with a clock that stands still. */
import type { Clock } from '../../src/main/core/ports/clock'
import type { BrokerRemover, BrokerShaper, BrokerView } from '../../src/main/core/ports/event-bus'
import type { JournalView } from '../../src/main/core/ports/journal'
import type { StorageRemover, StorageShaper, StorageView } from '../../src/main/core/ports/object-storage'
import type { IndexRemover, IndexShaper, IndexView } from '../../src/main/core/ports/vector-index'
import { brokerDeclaration } from '../../src/main/core/reconcile/broker'
import { handsOf, planner, type Stand } from '../../src/main/core/reconcile/declaration'
import { createEngine, type Leave, type PassOptions } from '../../src/main/core/reconcile/engine'
import type { Wish } from '../../src/main/core/reconcile/looking'
import { servicesPlanner } from '../../src/main/core/reconcile/services'
import { storageDeclaration } from '../../src/main/core/reconcile/storage'
import { indexDeclaration } from '../../src/main/core/reconcile/vector-classes'
import type { Component } from '../../src/shared/component'
import { UserError } from '../../src/shared/errors'
import type { BootstrapEvent } from '../../src/shared/events'
import type { Worlds } from './census'
import { testClock } from './clock'
import { type MemoryJournal, memoryJournal } from './memory-journal'
import { wish } from './wish'
import { BrokerWorld, IndexWorld, StorageWorld } from './worlds'

export const never = new AbortController().signal

export const small = wish(`
apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: small }
spec:
  storage: { buckets: [{ name: media-raw, versioning: true, tags: { owner: media } }] }
  broker:
    exchanges: [{ name: overlay, type: topic }]
    queues: [{ name: ingest, ttl: 60, dlx: overlay }]
    bindings: [{ exchange: overlay, queue: ingest, key: "media.#" }]
  indices: { weaviate: { classes: [{ name: MediaAsset, properties: [title] }] } }
  services: { video-api: {} }
`)

interface Backends {
  readonly storage: StorageView & StorageShaper & StorageRemover
  readonly broker: BrokerView & BrokerShaper & BrokerRemover
  readonly index: IndexView & IndexShaper & IndexRemover
}

/** What looks at these backends, and what changes them. */
export function partsOn(
  { storage, broker, index }: Backends,
  journal: JournalView,
  clock: Pick<Clock, 'now'>,
  stand: Stand = { backend: 'embedded', server: '' },
) {
  return {
    eyes: [
      planner(storageDeclaration, stand, storage, journal, clock),
      planner(brokerDeclaration, stand, broker, journal, clock),
      planner(indexDeclaration, stand, index, journal, clock),
    ],
    hands: [
      handsOf(storageDeclaration, stand, storage),
      handsOf(brokerDeclaration, stand, broker),
      handsOf(indexDeclaration, stand, index),
    ],
  }
}

/** What the looks of a pass wait for one another, in milliseconds: until a test lets so much time pass, it does not. */
export const togetherMs = 3_600_000

/** With `worlds`, a second node on the same backends: what it does, the first does not remember. With `journal`, one that was pointed elsewhere. */
export function engineOn(
  options: { retryAttempts?: number; patienceMs?: number; worlds?: Worlds; stand?: Stand; journal?: MemoryJournal } = {},
) {
  const worlds: Worlds = options.worlds ?? { storage: new StorageWorld(), broker: new BrokerWorld(), index: new IndexWorld() }
  return engineOver(worlds, options)
}

/** The same on backends of any kind. */
export function engineOver<Over extends Backends>(
  backends: Over,
  {
    retryAttempts = 3,
    patienceMs = Number.POSITIVE_INFINITY,
    stand,
    journal = memoryJournal(),
  }: { retryAttempts?: number; patienceMs?: number; stand?: Stand; journal?: MemoryJournal },
) {
  const clock = testClock({ sleepEndsAtOnce: (ms) => ms !== togetherMs })
  const { eyes, hands } = partsOn(backends, journal, clock, stand)
  const planners = [...eyes, servicesPlanner]
  const announced: BootstrapEvent[] = []
  const applying: Component[] = []
  const engine = createEngine({
    nodeId: 'node-1',
    planners,
    appliers: hands.map(({ applier }) => applier),
    destroyers: hands.map(({ destroyer }) => destroyer),
    journal,
    clock,
    log: () => {},
    settings: {
      driftIntervalMs: 30_000,
      togetherMs,
      retry: { attempts: retryAttempts, backoffMs: 250, maxBackoffMs: 30_000, patienceMs },
      parallel: 16,
    },
    lastPass: 0,
    onEvents: (events) => announced.push(...events),
    onApplying: (component) => applying.push(component),
    onApplied: () => {},
  })
  /** Leave for the plan of this hash. */
  const leaveFor = (hash: string): Leave => ({
    async accept(plan) {
      if (plan.hash !== hash) throw new UserError('plan-changed', 'the plan has changed')
    },
  })
  const pass = (wanted: Wish = small, how: PassOptions = { force: true }, signal = never) => engine.pass(wanted, how, signal)
  return { ...backends, clock, journal, planners, announced, applying, pass, leaveFor }
}
