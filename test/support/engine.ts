/** An engine on backends of plain data, with a clock that stands still. */
import type { Clock } from '../../src/main/core/ports/clock'
import type { JournalView } from '../../src/main/core/ports/journal'
import { brokerDeclaration } from '../../src/main/core/reconcile/broker'
import { handsOf, planner } from '../../src/main/core/reconcile/declaration'
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
import { memoryJournal } from './memory-journal'
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

/** What looks at these backends, and what changes them. */
export function partsOn({ storage, broker, index }: Worlds, journal: JournalView, clock: Pick<Clock, 'now'>) {
  return {
    eyes: [
      planner(storageDeclaration, 'embedded', storage, journal, clock),
      planner(brokerDeclaration, 'embedded', broker, journal, clock),
      planner(indexDeclaration, 'embedded', index, journal, clock),
    ],
    hands: [
      handsOf(storageDeclaration, 'embedded', storage),
      handsOf(brokerDeclaration, 'embedded', broker),
      handsOf(indexDeclaration, 'embedded', index),
    ],
  }
}

/** With `worlds`, a second node on the same backends: what it does, the first does not remember. */
export function engineOn(options: { retryAttempts?: number; worlds?: Worlds } = {}) {
  const { storage, broker, index } = options.worlds ?? { storage: new StorageWorld(), broker: new BrokerWorld(), index: new IndexWorld() }
  const clock = testClock({ sleepEndsAtOnce: true })
  const journal = memoryJournal()
  const { eyes, hands } = partsOn({ storage, broker, index }, journal, clock)
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
      retry: { attempts: options.retryAttempts ?? 3, backoffMs: 250, maxBackoffMs: 30_000 },
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
  return { storage, broker, index, clock, journal, planners, announced, applying, pass, leaveFor }
}
