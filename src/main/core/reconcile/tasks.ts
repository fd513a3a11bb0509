/** From the rows of a look to what the hands of its component would do about them. */
import type { Component } from '../../../shared/component'
import type { Change, ComponentFailure } from '../../../shared/plan'
import type { Profile } from '../../../shared/profile/model'
import type { Place, Resource } from '../ports/journal'
import type { Applier, Destroyer } from './declaration'
import type { Look } from './pass-result'
import type { Refusals } from './refusals'
import type { Work } from './rows'

/** What the hand for one backend would do. */
export interface Task {
  readonly component: Component
  readonly place: Place
  readonly stages: readonly (readonly Work[])[]
  /** Of a hand that destroys. */
  readonly wholesOf?: Destroyer['wholesOf']
}

export function isAdditive({ action }: Change): boolean {
  return action === 'create' || action === 'update'
}

export function isDestructive({ action }: Change): boolean {
  return action === 'destroy'
}

export function worksOf({ stages }: Pick<Task, 'stages'>): readonly Work[] {
  return stages.flat()
}

/** Hand by hand, what is to be done about those rows of a look that are wanted. */
export function prepare(
  hands: readonly (Applier | Destroyer)[],
  { component, rows }: Look,
  isWanted: (row: Change) => boolean,
  profile: Profile,
): readonly Task[] {
  const wanted = rows.filter(isWanted)
  return hands
    .filter((hand) => hand.component === component)
    .map((hand) => {
      const own = wanted.filter((row) => row.backend === hand.backend)
      const stages = own.length === 0 ? [] : hand.works(profile, own)
      return { component, place: hand.placeOf(profile), stages, ...('wholesOf' in hand ? { wholesOf: hand.wholesOf } : {}) }
    })
}

/** What goes along with the resource that a row deletes. A row that narrows deletes nothing. */
export function partsAmong(remembered: readonly Resource[], wholesOf: Destroyer['wholesOf']): (row: Change) => readonly Resource[] {
  const parts = new Map<string, Resource[]>()
  const keyOf = ({ kind, name }: Resource) => `${kind} ${name}`
  for (const part of remembered) {
    for (const whole of wholesOf(part)) {
      const known = parts.get(keyOf(whole))
      if (known === undefined) parts.set(keyOf(whole), [part])
      else known.push(part)
    }
  }
  return (row) => (row.after === undefined ? (parts.get(keyOf(row)) ?? []) : [])
}

/** Take out what stands refused already, with its errors. A work of several rows stays unless every one of them was refused. */
export function withoutRefused(
  tasks: readonly Task[],
  refusals: Refusals,
): { readonly tasks: readonly Task[]; readonly errors: readonly ComponentFailure[] } {
  const errors: ComponentFailure[] = []
  const isTried = ({ rows }: Work) => {
    const before = rows.flatMap((row) => refusals.of(row) ?? [])
    if (before.length < rows.length) return true
    errors.push(...before)
    return false
  }
  return { tasks: tasks.map((task) => ({ ...task, stages: task.stages.map((stage) => stage.filter(isTried)) })), errors }
}
