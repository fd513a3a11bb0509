/** A journal without a disk, for what is about the engine and not about the journal. */

import type {
  Closing,
  ComponentPlace,
  Intents,
  Journal,
  JournalEntry,
  JournalView,
  LastApply,
  Place,
  Resource,
  Step,
  StoredIntent,
} from '../../src/main/core/ports/journal'
import type { Component } from '../../src/shared/component'
import type { BootstrapEvent } from '../../src/shared/events'
import { hashOf } from '../../src/shared/hash'

export interface MemoryJournal extends Journal, JournalView, Intents {
  /** How many calls have written something. */
  writes(): number
}

interface Deed extends Resource, ComponentPlace {
  done: string | undefined
  tried: string | undefined
  made: boolean
}

export function memoryJournal(): MemoryJournal {
  const steps: (Omit<JournalEntry, 'closing'> & { closing: Closing | null })[] = []
  const events: BootstrapEvent[] = []
  const sent = new Set<string>()
  const applies = new Map<Component, LastApply>()
  const intents: StoredIntent[] = []
  let writes = 0
  /** What the steps come to, in the order in which they were begun and closed. */
  const deeds = new Map<string, Deed>()
  const ownDeeds = (component: Component, { backend, address }: Place) =>
    [...deeds.values()].filter((one) => one.component === component && one.backend === backend && one.address === address)
  const keyOf = ({ component, kind, name, backend, address }: Resource & ComponentPlace) =>
    JSON.stringify([component, kind, name, backend, address])

  function foundAs({ foundHash, ...step }: Step): void {
    const deed = deeds.get(keyOf(step))
    if (deed === undefined || deed.tried === undefined || deed.tried !== foundHash) return
    deed.done = deed.tried
    deed.tried = undefined
  }

  function note({ component, kind, name, backend, address, desiredHash, makes }: Step, { outcome, already, forgets }: Closing): void {
    const key = keyOf({ component, kind, name, backend, address })
    if (desiredHash === hashOf(null)) {
      if (outcome === 'done') deeds.delete(key)
    } else {
      const deed = deeds.get(key) ?? { component, kind, name, backend, address, done: undefined, tried: undefined, made: false }
      deeds.set(key, deed)
      deed.tried = outcome === 'done' ? undefined : desiredHash
      if (outcome === 'done') deed.done = desiredHash
      if (makes && outcome !== 'failed') deed.made = already !== true
    }
    for (const one of forgets ?? []) deeds.delete(keyOf({ component, backend, address, ...one }))
  }

  const newestFirst = <T>(items: readonly T[], limit: number) => [...items].reverse().slice(0, limit)
  return {
    writes: () => writes,
    async begin(opened) {
      writes++
      for (const step of opened) foundAs(step)
      return opened.map((step) => steps.push({ ...step, id: steps.length + 1, closing: null }))
    },
    async close(closings, about) {
      writes++
      for (const { id, closing } of closings) {
        const step = steps[id - 1]
        if (step === undefined || step.closing !== null) throw new Error(`step ${id} cannot be closed`)
        step.closing = closing
        note(step, closing)
      }
      events.push(...about)
    },
    async recover(at) {
      const open = steps.filter((step) => step.closing === null)
      for (const step of open) {
        step.closing = { outcome: 'found', at, attempts: 0 }
        note(step, step.closing)
      }
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
    /** It has no past that an older version kept. */
    async settle() {},
    async made(component, place) {
      return ownDeeds(component, place).filter((one) => one.made)
    },
    async remembered(component, place) {
      return ownDeeds(component, place)
    },
    async deeds(component, kind, name, place) {
      const { done, tried } = ownDeeds(component, place).find((one) => one.kind === kind && one.name === name) ?? {}
      return { done, tried }
    },
  }
}
