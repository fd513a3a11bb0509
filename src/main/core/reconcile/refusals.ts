/** What backends refused for good. A timed pass need not try it again: it would be refused, journalled and told anew every half minute. */
import type { Component } from '../../../shared/component'
import type { PortErrorCode } from '../../../shared/errors'
import { hashOf } from '../../../shared/hash'
import type { Change, ComponentFailure } from '../../../shared/plan'

/** What lies in the wish and in the resource themselves. */
const forGood: ReadonlySet<PortErrorCode> = new Set<PortErrorCode>(['invalid', 'incompatible', 'unsupported'])
/** What lies in another row of the same component: a tag, say, whose bucket was refused. */
const byAnother: PortErrorCode = 'not-found'

export interface Refusals {
  note(row: Change, code: PortErrorCode, failure: ComponentFailure): void
  /** How exactly this row was refused before, if it was. */
  of(row: Change): ComponentFailure | undefined
  /** Forget what a new look at a component no longer shows: its wish or its state has changed. */
  keep(component: Component, rows: readonly Change[]): void
}

interface Standing {
  readonly component: Component
  readonly code: PortErrorCode
  readonly failure: ComponentFailure
}

export function createRefusals(): Refusals {
  const standing = new Map<string, Standing>()
  /** What was pending at the last look. */
  const looks = new Map<Component, string>()
  return {
    note(row, code, failure) {
      if (forGood.has(code) || code === byAnother) standing.set(keyOf(row), { component: row.component, code, failure })
      else standing.delete(keyOf(row))
    },
    of: (row) => standing.get(keyOf(row))?.failure,
    keep(component, rows) {
      const pending = rows.filter(({ action }) => action !== 'none')
      const look = pending.map(({ kind, name, backend, action }) => JSON.stringify([kind, name, backend, action])).join()
      const isSame = looks.get(component) === look
      looks.set(component, look)
      if (standing.size === 0) return
      const still = new Set(pending.map(keyOf))
      for (const [key, one] of standing) {
        if (one.component === component && !(still.has(key) && (isSame || one.code !== byAnother))) standing.delete(key)
      }
    },
  }
}

function keyOf({ component, kind, name, backend, action, before, after }: Change): string {
  return hashOf({ component, kind, name, backend, action, before: before ?? null, after: after ?? null })
}
