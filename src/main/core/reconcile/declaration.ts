/**
 * What is peculiar to one component. The engine knows how to look, plan, apply, retry and report; a declaration says what
 * there is to look at, how a wish and a world differ, and which port calls close the gap.
 */
import type { Component, PortComponent } from '../../../shared/component'
import { hashOf } from '../../../shared/hash'
import type { Backend, Change, ChangeKind } from '../../../shared/plan'
import type { Profile } from '../../../shared/profile/model'
import type { Clock } from '../ports/clock'
import type { Deeds, JournalView, Place, Resource } from '../ports/journal'
import { missing, type Row, type Work } from './rows'

/** What the node itself did before, to the resources of one component in one place. */
export type Past = (kind: ChangeKind, name: string) => Promise<Deeds>

interface Named {
  readonly name: string
  readonly found: unknown
}

/**
 * The names of those whose state, as it stands, is one that this node itself brought about. A step that a crash cut short
 * counts too: the world says whether it came to pass.
 */
export function ownAmong(past: Past, kind: ChangeKind, states: readonly Named[]): Promise<ReadonlySet<string>> {
  return among(past, kind, states, ({ done, tried }, hash) => done === hash || tried === hash)
}

/**
 * The names of those that cannot be seen, and that the last step of this node brought into that state. One that failed, or that a crash
 * cut short, does not count: here the world says nothing.
 */
export function doneAmong(past: Past, kind: ChangeKind, states: readonly Named[]): Promise<ReadonlySet<string>> {
  return among(past, kind, states, ({ done, tried }, hash) => done === hash && tried === undefined)
}

/** All are asked about at once, so that a journal can answer from one look. */
async function among(
  past: Past,
  kind: ChangeKind,
  states: readonly Named[],
  counts: (deeds: Deeds, hash: string) => boolean,
): Promise<ReadonlySet<string>> {
  const names = await Promise.all(states.map(async ({ name, found }) => (counts(await past(kind, name), hashOf(found)) ? [name] : [])))
  return new Set(names.flat())
}

/** Which backend of a component it is: the embedded one, or the owner's server at an address. */
export interface Stand {
  readonly backend: Backend
  /** Without credentials, and always in the same spelling; `''` for the embedded one. */
  readonly server: string
}

/** What a look is made with. */
export interface Sight<View> {
  readonly view: View
  readonly past: Past
  /** What this node itself made: asked for only where what the profile no longer names is looked at too. */
  readonly made: readonly Resource[]
  /** The wall time of this look, in milliseconds since the epoch: what is past an expiry or a TTL is so at this moment. */
  readonly at: number
}

export interface Declaration<View, State, Shaper, Remover> {
  readonly component: PortComponent
  /** Where a backend has areas that know nothing of one another, as vhosts are: the one that the profile is about. */
  readonly areaOf?: (profile: Profile) => string
  /** Read as much of the world as this profile states, and what this node made besides, and no more. */
  look(profile: Profile, sight: Sight<View>, signal: AbortSignal): Promise<State>
  /** Pure. One row per resource that the profile states, and a `destroy` row for each that was made here and is wished no longer. */
  diff(profile: Profile, state: State): Row[]
  /** Works by stage: a stage starts when the one before it has ended; within one they run side by side. */
  works(profile: Profile, rows: readonly Change[], shaper: Shaper): Work[][]
  /** What a resource is a part of, so that it goes along when that is deleted. */
  wholesOf(part: Resource): readonly Resource[]
  /** Works for `destroy` rows: those that narrow have an `after`, those that delete have none. */
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
  stand: Stand,
  view: View,
  journal: JournalView,
  clock: Pick<Clock, 'now'>,
): Planner {
  const { component } = declaration
  const { backend } = stand
  return {
    component,
    backend,
    async plan(profile, { destructive }, signal) {
      const place = placeOf(declaration, stand, profile)
      const past: Past = (kind, name) => journal.deeds(component, kind, name, place)
      const made = destructive ? await journal.made(component, place) : []
      const state = await declaration.look(profile, { view, past, made, at: clock.now() }, signal)
      const found = declaration.diff(profile, state)
      const rows = (destructive ? found : found.map(withheld)).map((row) => ({ component, backend, ...row }))
      return Promise.all(
        rows.map(async (row) => ((await wasRemovedOutside(row, past)) ? { ...row, reason: 'removed outside this node' } : row)),
      )
    },
  }
}

/** Where what the profile is about stands. A server's address has no white space in it, so no two places look alike. */
function placeOf({ areaOf }: Pick<Declaration<never, never, never, never>, 'areaOf'>, { backend, server }: Stand, profile: Profile): Place {
  const area = areaOf?.(profile) ?? ''
  return { backend, address: server === '' || area === '' ? `${server}${area}` : `${server} ${area}` }
}

/** What would be lost is not planned unless asked for; but it is said, since otherwise somebody waits for a change that never comes. */
function withheld(row: Row): Row {
  if (row.action !== 'destroy') return row
  return { ...row, action: 'needs-migration', reason: `${row.reason}: \`thatdam plan --allow-destructive\` shows it` }
}

/** Only of what was looked for: whatever is created for another reason may stand unseen. */
async function wasRemovedOutside({ action, kind, name, reason }: Row, past: Past): Promise<boolean> {
  return action === 'create' && reason === missing && (await past(kind, name)).done !== undefined
}

/** A component's hand: turns planned rows into port calls. */
export interface Applier {
  readonly component: PortComponent
  readonly backend: Backend
  /** Where what it does for this profile is done. */
  placeOf(profile: Profile): Place
  works(profile: Profile, rows: readonly Change[]): Work[][]
}

/** What carries out `destroy` rows. Neither a look nor an ordinary pass holds one. */
export interface Destroyer {
  readonly component: PortComponent
  readonly backend: Backend
  placeOf(profile: Profile): Place
  readonly wholesOf: (part: Resource) => readonly Resource[]
  works(profile: Profile, rows: readonly Change[]): Work[][]
}

/** Both hands of a component, on one backend. */
export interface Hands {
  readonly applier: Applier
  readonly destroyer: Destroyer
}

export function handsOf<View, State, Shaper, Remover>(
  declaration: Declaration<View, State, Shaper, Remover>,
  stand: Stand,
  port: Shaper & Remover,
): Hands {
  const { component, wholesOf } = declaration
  const own = { component, backend: stand.backend, placeOf: (profile: Profile) => placeOf(declaration, stand, profile) }
  return {
    applier: { ...own, works: (profile, rows) => declaration.works(profile, rows, port) },
    destroyer: {
      ...own,
      wholesOf,
      works: (profile, rows) => declaration.destroys(profile, rows, { shaper: port, remover: port }),
    },
  }
}
