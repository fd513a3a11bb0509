/**
 * What is peculiar to one component. The engine knows how to look, plan, apply, retry and report; a declaration says what
 * there is to look at, how a wish and a world differ, and which port calls close the gap.
 */
import type { Component, PortComponent } from '../../../shared/component'
import { hashOf } from '../../../shared/hash'
import type { Action, Backend, Change, ChangeKind } from '../../../shared/plan'
import type { Profile } from '../../../shared/profile/model'
import type { Clock } from '../ports/clock'
import type { Deeds, JournalView, Made } from '../ports/journal'
import type { Amount } from '../ports/object-storage'

/** A row before it is known on which backend it stands. */
export type Row = Omit<Change, 'component' | 'backend'>

/** Port calls that belong together and bring about some rows of a plan. Idempotent: it may run again after an unknown outcome. */
export interface Work {
  readonly rows: readonly Change[]
  run(signal: AbortSignal): Promise<void>
}

/** What the node itself did before, to the resources of one component on one backend. */
export type Past = (kind: ChangeKind, name: string) => Promise<Deeds>

/**
 * The names of those whose state, as it stands, is one that this node itself brought about. A step that a crash cut short
 * counts too: the world says whether it came to pass. All are asked about at once, so that a journal can answer from one look.
 */
export async function ownAmong(
  past: Past,
  kind: ChangeKind,
  states: readonly { readonly name: string; readonly found: unknown }[],
): Promise<ReadonlySet<string>> {
  const own = await Promise.all(
    states.map(async ({ name, found }) => {
      const { done, tried } = await past(kind, name)
      const hash = hashOf(found)
      return done === hash || tried === hash ? [name] : []
    }),
  )
  return new Set(own.flat())
}

/** What a look is made with. */
export interface Sight<View> {
  readonly view: View
  readonly past: Past
  /** What this node itself made: asked for only where what the profile no longer names is looked at too. */
  readonly made: readonly Made[]
  /** The wall time of this look, in milliseconds since the epoch: what is past an expiry or a TTL is so at this moment. */
  readonly at: number
}

export interface Declaration<View, State, Shaper, Remover> {
  readonly component: PortComponent
  /** Read as much of the world as this profile states, and what this node made besides, and no more. */
  look(profile: Profile, sight: Sight<View>, signal: AbortSignal): Promise<State>
  /** Pure. One row per resource that the profile states, and a `destroy` row for each that was made here and is wished no longer. */
  diff(profile: Profile, state: State): Row[]
  /** Works by stage: a stage starts when the one before it has ended; within one they run side by side. */
  works(profile: Profile, rows: readonly Change[], shaper: Shaper): Work[][]
  /** The same for `destroy` rows: those that narrow have an `after`, those that delete have none. */
  destroys(profile: Profile, rows: readonly Change[], tools: { readonly shaper: Shaper; readonly remover: Remover }): Work[][]
}

/** A component's eye: can look and plan, and holds nothing that could write. */
export interface Planner {
  readonly component: Component
  readonly backend: Backend
  /** With `destructive`, what would delete, narrow or lose is planned as such; without, it is shown as what somebody else has to do. */
  plan(profile: Profile, options: PlanOptions, signal: AbortSignal): Promise<Change[]>
}

export interface PlanOptions {
  readonly destructive: boolean
}

export function planner<View, State, Shaper, Remover>(
  declaration: Declaration<View, State, Shaper, Remover>,
  backend: Backend,
  view: View,
  journal: JournalView,
  clock: Pick<Clock, 'now'>,
): Planner {
  const { component } = declaration
  return {
    component,
    backend,
    async plan(profile, { destructive }, signal) {
      const past: Past = (kind, name) => journal.deeds(component, kind, name, backend)
      const made = destructive ? await journal.made(component, backend) : []
      const state = await declaration.look(profile, { view, past, made, at: clock.now() }, signal)
      const found = declaration.diff(profile, state)
      const rows = (destructive ? found : found.map(withheld)).map((row) => ({ component, backend, ...row }))
      return Promise.all(
        rows.map(async (row) => ((await wasRemovedOutside(row, past)) ? { ...row, reason: 'removed outside this node' } : row)),
      )
    },
  }
}

/** What would be lost is not planned unless asked for; but it is said, since otherwise somebody waits for a change that never comes. */
function withheld(row: Row): Row {
  if (row.action !== 'destroy') return row
  return { ...row, action: 'needs-migration', reason: `${row.reason}: \`thatdam plan --allow-destructive\` shows it` }
}

async function wasRemovedOutside({ action, kind, name }: Row, past: Past): Promise<boolean> {
  return action === 'create' && (await past(kind, name)).done !== undefined
}

/** A component's hand: turns planned rows into port calls. */
export interface Applier {
  readonly component: PortComponent
  readonly backend: Backend
  works(profile: Profile, rows: readonly Change[]): Work[][]
}

export function applier<View, State, Shaper, Remover>(
  declaration: Declaration<View, State, Shaper, Remover>,
  backend: Backend,
  shaper: Shaper,
): Applier {
  return { component: declaration.component, backend, works: (profile, rows) => declaration.works(profile, rows, shaper) }
}

/** What carries out `destroy` rows. Neither a look nor an ordinary pass holds one. */
export interface Destroyer {
  readonly component: PortComponent
  readonly backend: Backend
  works(profile: Profile, rows: readonly Change[]): Work[][]
}

export function destroyer<View, State, Shaper, Remover>(
  declaration: Declaration<View, State, Shaper, Remover>,
  backend: Backend,
  tools: { readonly shaper: Shaper; readonly remover: Remover },
): Destroyer {
  return { component: declaration.component, backend, works: (profile, rows) => declaration.destroys(profile, rows, tools) }
}

/** Whether a row's content may go with it: it held something when it was planned, and somebody acknowledged that. */
export function withContents({ loses }: Change): { readonly contents: boolean } {
  return { contents: (loses?.count ?? 0) > 0 }
}

/** Why a resource that this node made is to go. */
export const unnamed = 'made by this node, and no longer in the profile'

/** `destroy` rows that delete, of one kind. */
export function deletions(rows: readonly Change[], kind: ChangeKind): readonly Change[] {
  return rows.filter((one) => one.kind === kind && one.after === undefined)
}

/** `destroy` rows that narrow. */
export function narrowings(rows: readonly Change[]): readonly Change[] {
  return rows.filter((one) => one.after !== undefined)
}

/** `12 objects (3.4 MB)`, for the reason of a row. */
export function amountText({ count, bytes }: Amount, what: string): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const size = power === 0 ? `${bytes} bytes` : `${(bytes / 1000 ** power).toFixed(1)} ${units[power]}`
  return `${count} ${what}${count === 1 ? '' : 's'} (${size})`
}

type Json = Exclude<Change['after'], undefined>

/** Row constructors: the few ways in which a wish and a world can differ. */
export const row = {
  same: (kind: ChangeKind, name: string): Row => ({ kind, name, action: 'none', reason: 'already so' }),
  create: (kind: ChangeKind, name: string, after: Json, reason = 'missing'): Row => ({ kind, name, action: 'create', reason, after }),
  update: (kind: ChangeKind, name: string, before: Json, after: Json, reason: string): Row =>
    differs('update', kind, name, before, after, reason),
  needsMigration: (kind: ChangeKind, name: string, before: Json, after: Json, reason: string): Row =>
    differs('needs-migration', kind, name, before, after, reason),
  /** A change that takes something with it. */
  narrow: (kind: ChangeKind, name: string, before: Json | undefined, after: Json, loses: Amount, reason: string): Row => ({
    kind,
    name,
    action: 'destroy',
    reason,
    ...(before === undefined ? {} : { before }),
    after,
    loses,
  }),
  /** A deletion. */
  remove: (kind: ChangeKind, name: string, before: Json, reason: string, loses?: Amount): Row => ({
    kind,
    name,
    action: 'destroy',
    reason,
    before,
    ...(loses === undefined ? {} : { loses }),
  }),
}

function differs(action: Action, kind: ChangeKind, name: string, before: Json, after: Json, reason: string): Row {
  return { kind, name, action, reason, before, after }
}

/** Rows of one kind, in one stage of single calls. */
export function each(rows: readonly Change[], kind: ChangeKind, run: (row: Change, signal: AbortSignal) => Promise<void>): Work[] {
  return rows.filter((one) => one.kind === kind).map((one) => ({ rows: [one], run: (signal) => run(one, signal) }))
}

/** Rows of one kind that belong to the same owner (`owner/part`), so that one call can bring them all about. */
export function grouped(
  rows: readonly Change[],
  kind: ChangeKind,
  run: (owner: string, rows: readonly Change[], signal: AbortSignal) => Promise<void>,
): Work[] {
  const byOwner = Map.groupBy(
    rows.filter((one) => one.kind === kind),
    (one) => ownerOf(one.name),
  )
  return [...byOwner].map(([owner, group]) => ({ rows: group, run: (signal) => run(owner, group, signal) }))
}

/** The part of `owner/part` before the slash. Bucket and class names hold none. */
export function ownerOf(name: string): string {
  const slash = name.indexOf('/')
  return slash < 0 ? name : name.slice(0, slash)
}

/** What the profile says of a resource that a planned row names. A row that names another one is a mistake of the program. */
export function wishByName<T>(wishes: readonly T[], nameOf: (wish: T) => string): (name: string) => T {
  const named = new Map(wishes.map((wish) => [nameOf(wish), wish]))
  return (name) => {
    const wish = named.get(name)
    if (wish === undefined) throw new TypeError(`a planned row names "${name}", which the profile does not`)
    return wish
  }
}
