/** What a pass comes to, and how it is put together from looks and applies. */
import type { Component } from '../../../shared/component'
import { type Change, type ChangeKind, type ComponentFailure, isUncertain, type Plan } from '../../../shared/plan'
import type { Applied } from './apply'

export interface ComponentResult {
  readonly generation: string
  readonly at: string
  readonly durationMs: number
  /** Rows in all, `none` included. */
  readonly resources: number
  readonly changes: number
  readonly errors: readonly ComponentFailure[]
  readonly needsMigration: readonly { readonly name: string; readonly reason: string }[]
  /** Why the last look failed; absent where it did not. */
  readonly unseen?: string
  readonly uncertain: readonly Uncertain[]
}

/** Rows of one kind that a server cannot enforce, or cannot show, for one reason. */
export interface Uncertain {
  readonly kind: ChangeKind
  readonly what: 'not-enforced' | 'not-seen'
  readonly count: number
  readonly reason: string
}

export interface PassResult {
  readonly number: number
  readonly at: string
  readonly durationMs: number
  /** Of the components that were looked at. */
  readonly plan: Plan
  readonly applied: number
  /** What became of a leave to destroy; absent in a pass without one. */
  readonly leave?: 'used' | 'failed'
  /** Every component, with its last result where this pass skipped it. */
  readonly components: ReadonlyMap<Component, ComponentResult>
}

/** What one look came to. */
export interface Look {
  readonly component: Component
  readonly rows: readonly Change[]
  readonly failures: readonly ComponentFailure[]
  readonly at: string
  readonly durationMs: number
}

export const nothingApplied: Applied = { changes: [], errors: [] }

export function joined(one: Applied, other: Applied): Applied {
  return { changes: [...one.changes, ...other.changes], errors: [...one.errors, ...other.errors] }
}

/** Rows that a person has to see to. What the profile does not ask for is none of them. */
export function stuckRows({ rows }: Look): readonly Change[] {
  return rows.filter((row) => row.action === 'needs-migration' && row.after !== undefined)
}

/** `refused`: errors of rows that were refused for good before, and not tried again. */
export function resultOf(
  look: Look,
  { changes, errors }: Applied,
  refused: readonly ComponentFailure[],
  generation: string,
  durationMs: number,
): ComponentResult {
  return {
    generation,
    at: look.at,
    durationMs,
    resources: look.rows.length,
    changes: changes.length,
    errors: [...look.failures, ...refused, ...errors],
    needsMigration: stuckRows(look).map(({ kind, name, reason }) => ({ name: `${kind} ${name}`, reason })),
    ...unseenOf(look),
    uncertain: uncertainOf(look),
  }
}

function unseenOf({ failures: [first] }: Look): Pick<ComponentResult, 'unseen'> {
  return first === undefined ? {} : { unseen: first.message }
}

function uncertainOf({ rows }: Look): readonly Uncertain[] {
  const groups = Map.groupBy(rows.filter(isUncertain), ({ kind, enforced, reason }) => JSON.stringify([kind, enforced, reason]))
  return [...groups.values()].flatMap((group): Uncertain[] => {
    const [first] = group
    if (first === undefined) return []
    const { kind, enforced, reason } = first
    return [{ kind, what: enforced === false ? 'not-enforced' : 'not-seen', count: group.length, reason }]
  })
}

/** The same after what was to be destroyed went, or did not. */
export function withDestroyed(result: ComponentResult, { changes, errors }: Applied): ComponentResult {
  return { ...result, changes: result.changes + changes.length, errors: [...result.errors, ...errors] }
}

export function intention(rows: readonly Change[]): string {
  const count = (action: Change['action']) => rows.filter((row) => row.action === action).length
  const destroys = count('destroy')
  return `${count('create')} to create, ${count('update')} to update${destroys > 0 ? `, ${destroys} to destroy` : ''}`
}

export function tally(applied: number, failed: number): string {
  return failed > 0 ? `${applied} applied, ${failed} failed` : `${applied} applied`
}
