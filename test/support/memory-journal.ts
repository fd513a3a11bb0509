/** A journal without a disk, for what is about the engine and not about the journal. */

import type { Closing, Intents, Journal, JournalEntry, JournalView, LastApply, StoredIntent } from '../../src/main/core/ports/journal'
import type { Component } from '../../src/shared/component'
import type { BootstrapEvent } from '../../src/shared/events'
import { hashOf } from '../../src/shared/hash'

export interface MemoryJournal extends Journal, JournalView, Intents {
  /** How many calls have written something. */
  writes(): number
}

export function memoryJournal(): MemoryJournal {
  const steps: (Omit<JournalEntry, 'closing'> & { closing: Closing | null })[] = []
  const events: BootstrapEvent[] = []
  const sent = new Set<string>()
  const applies = new Map<Component, LastApply>()
  const intents: StoredIntent[] = []
  let writes = 0
  const newestFirst = <T>(items: readonly T[], limit: number) => [...items].reverse().slice(0, limit)
  return {
    writes: () => writes,
    async begin(opened) {
      writes++
      return opened.map((step) => steps.push({ ...step, id: steps.length + 1, closing: null }))
    },
    async close(closings, about) {
      writes++
      for (const { id, closing } of closings) {
        const step = steps[id - 1]
        if (step === undefined || step.closing !== null) throw new Error(`step ${id} cannot be closed`)
        step.closing = closing
      }
      events.push(...about)
    },
    async recover(at) {
      const open = steps.filter((step) => step.closing === null)
      for (const step of open) step.closing = { outcome: 'found', at, attempts: 0 }
      if (open.length > 0) writes++
      return open
    },
    entries: async (limit) => newestFirst(steps, limit),
    lastPass: async () => Math.max(0, ...steps.map((step) => step.pass)),
    lastApplies: async () => applies,
    async recordApply(component, apply) {
      writes++
      applies.set(component, apply)
    },
    async record(about) {
      writes++
      events.push(...about)
    },
    unsent: async (limit) => events.filter((event) => !sent.has(event.event_id)).slice(0, limit),
    async markSent(ids) {
      writes++
      for (const id of ids) sent.add(id)
    },
    events: async (limit) => newestFirst(events, limit),
    async shutdown() {},
    async addIntent(intent) {
      intents.unshift({ ...intent, outcome: null })
    },
    async closeIntent(id, outcome) {
      const at = intents.findIndex((one) => one.id === id)
      const found = intents[at]
      if (found === undefined || found.outcome !== null) throw new Error(`intent ${id} cannot be closed`)
      intents[at] = { ...found, outcome }
    },
    async interruptIntents(at) {
      for (const [i, one] of intents.entries()) if (one.outcome === null) intents[i] = { ...one, outcome: { at, status: 'interrupted' } }
    },
    intents: async (limit) => intents.slice(0, limit),
    async made(component, backend) {
      const made = new Map<string, { kind: JournalEntry['kind']; name: string }>()
      for (const { kind, name, makes, desiredHash, closing, ...step } of steps) {
        if (step.component !== component || step.backend !== backend || closing === null) continue
        if (closing.outcome === 'done' && desiredHash === hashOf(null)) made.delete(`${kind} ${name}`)
        else if (makes && closing.outcome !== 'failed' && closing.already !== true) made.set(`${kind} ${name}`, { kind, name })
      }
      return [...made.values()]
    },
    async deeds(component, kind, name, backend) {
      const own = steps.filter(
        (step) => step.component === component && step.kind === kind && step.name === name && step.backend === backend,
      )
      const lastDone = own.findLastIndex((step) => step.closing?.outcome === 'done')
      return {
        done: own[lastDone]?.desiredHash,
        tried: own.slice(lastDone + 1).findLast((step) => step.closing !== null)?.desiredHash,
      }
    },
  }
}
