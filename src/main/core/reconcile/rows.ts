/** Rows of a plan and the works that bring them about: the few ways in which a wish and a world can differ, and how calls are grouped. */
import type { Action, Change, ChangeKind } from '../../../shared/plan'
import type { Amount } from '../ports/object-storage'

/** A row before it is known on which backend it stands. */
export type Row = Omit<Change, 'component' | 'backend'>

/** Port calls that belong together and bring about some rows of a plan. Idempotent: it may run again after an unknown outcome. */
export interface Work {
  readonly rows: readonly Change[]
  run(signal: AbortSignal): Promise<void>
}

/** Whether a row's content may go with it: it held something when it was planned, and somebody acknowledged that. */
export function withContents({ loses }: Change): { readonly contents: boolean } {
  return { contents: (loses?.count ?? 0) > 0 }
}

/** Why a resource that this node made is to go. */
export const unnamed = 'made by this node, and no longer in the profile'

/** The same for what can hold something. */
export function unnamedHolding(amount: Amount, what: string): string {
  return `${unnamed}; it ${amount.count === 0 ? 'is empty' : `holds ${amountText(amount, what)}`}`
}

/** `destroy` rows that narrow. */
export function narrowings(rows: readonly Change[]): readonly Change[] {
  return rows.filter((one) => one.after !== undefined)
}

/** `12 objects (3.4 MB)`, for the reason of a row. */
export function amountText({ count, bytes }: Amount, what: string): string {
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const size = power === 0 ? plural(bytes, 'byte') : `${(bytes / 1000 ** power).toFixed(1)} ${units[power - 1]}`
  return `${plural(count, what)} (${size})`
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

type Json = Exclude<Change['after'], undefined>

/** The reason to create what was looked for and is not there. */
export const missing = 'missing'

/** Row constructors: the few ways in which a wish and a world can differ. */
export const row = {
  same: (kind: ChangeKind, name: string): Row => ({ kind, name, action: 'none', reason: 'already so' }),
  /** What the backend lacks the means for. The wish stands; nothing this node can do would fulfil it there. */
  unenforced: (kind: ChangeKind, name: string, what: string): Row => ({
    kind,
    name,
    action: 'none',
    reason: `the server has no ${what}`,
    enforced: false,
  }),
  /** What the backend cannot show, and what it is taken for all the same: as a rule that it stands, as this node declared it before. */
  unseen: (kind: ChangeKind, name: string, why: string, taken = 'taken to stand, as this node declared it before'): Row => ({
    kind,
    name,
    action: 'none',
    reason: `${taken}: ${why}`,
    seen: false,
  }),
  create: (kind: ChangeKind, name: string, after: Json, reason = missing): Row => ({ kind, name, action: 'create', reason, after }),
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
  /** What was made here and is wished no longer, and still must stay. Nothing is asked of anybody by it, so it has no `after`. */
  keep: (kind: ChangeKind, name: string, before: Json, reason: string): Row => ({ kind, name, action: 'needs-migration', reason, before }),
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

/** Deletions of one kind, in one stage of single calls. */
export function removals(rows: readonly Change[], kind: ChangeKind, run: (row: Change, signal: AbortSignal) => Promise<void>): Work[] {
  return each(
    rows.filter((one) => one.after === undefined),
    kind,
    run,
  )
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

/** The part of `owner/part` behind the slash. */
export function partOf(name: string): string {
  return name.slice(ownerOf(name).length + 1)
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
