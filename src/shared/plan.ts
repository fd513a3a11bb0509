/** A plan as a value: what one look at the world amounts to. The CLI, the API, the journal and the window show this same object. */
import { z } from 'zod'
import { componentSchema } from './component'
import { hashOf } from './hash'
import { compareUtf8 } from './order'

export const changeKinds = [
  'bucket',
  'versioning',
  'lifecycle-rule',
  'tag',
  'policy',
  'exchange',
  'queue',
  'queue-policy',
  'binding',
  'class',
  'property',
  'tenant',
  'service',
] as const
const changeKindSchema = z.enum(changeKinds)
export type ChangeKind = z.infer<typeof changeKindSchema>

const backendSchema = z.enum(['embedded', 'external'])
export type Backend = z.infer<typeof backendSchema>

/**
 * `create` and `update` are additive and applied by default; `none` is already so; `needs-migration` differs in a way
 * that cannot be added and is skipped; `destroy` would delete, narrow or lose and is planned only on request.
 */
const actionSchema = z.enum(['create', 'update', 'none', 'needs-migration', 'destroy'])
export type Action = z.infer<typeof actionSchema>

/** One row of a plan: one resource, on one backend. `reason` explains to people; nothing branches on it. */
export const changeSchema = z.object({
  component: componentSchema,
  kind: changeKindSchema,
  /** Unique within its kind: `media-raw`, `media-raw/tmp` for a rule, `overlay -> ingest : media.#` for a binding. */
  name: z.string(),
  backend: backendSchema,
  action: actionSchema,
  reason: z.string(),
  before: z.json().optional(),
  after: z.json().optional(),
  /** What a `destroy` row would take with it, measured when it was planned. No part of the plan's hash: a world that fills does not make another plan. */
  loses: z.object({ count: z.int(), bytes: z.int() }).optional(),
  /** `false` on a `none` row that the backend cannot bring about, because it lacks the feature: the wish stands, and is not enforced there. */
  enforced: z.literal(false).optional(),
  /** `false` on a `none` row whose resource the backend cannot show: this node declared it once, and it is taken to stand. */
  seen: z.literal(false).optional(),
})
export type Change = z.infer<typeof changeSchema>

export const planSummarySchema = z.object({
  create: z.int(),
  update: z.int(),
  none: z.int(),
  needs_migration: z.int(),
  destroy: z.int(),
})
export type PlanSummary = z.infer<typeof planSummarySchema>

/** Of one row, or of a whole component where it names none. */
export const componentFailureSchema = z.object({
  component: componentSchema,
  kind: changeKindSchema.optional(),
  name: z.string().optional(),
  code: z.string(),
  message: z.string(),
})
export type ComponentFailure = z.infer<typeof componentFailureSchema>

export const planSchema = z.object({
  hash: z.string(),
  generation: z.string(),
  summary: planSummarySchema,
  changes: z.array(changeSchema),
  /** Components that could not be looked at: of these there are no rows, and nobody knows what they would need. */
  errors: z.array(componentFailureSchema),
})
export type Plan = z.infer<typeof planSchema>

/** What an apply came to. `applied` counts rows, not calls. */
export const applyResultSchema = z.object({
  converged: z.boolean(),
  plan_hash: z.string(),
  applied: z.int(),
  needs_migration: z.int(),
  errors: z.array(componentFailureSchema),
  /** Of what is as the profile asks, so far as this node can bring it about: what a server cannot enforce, or cannot show. */
  warnings: z.array(z.string()),
})
export type ApplyResult = z.infer<typeof applyResultSchema>

/** A row that is done with, though nobody can say that the world is as it says. */
export function isUncertain({ enforced, seen }: Pick<Change, 'enforced' | 'seen'>): boolean {
  return enforced === false || seen === false
}

const holders: ReadonlySet<ChangeKind> = new Set<ChangeKind>(['bucket', 'queue', 'class', 'tenant'])

/** Whether a row deletes what is not empty: nobody could get that back, so its name must be given once more. */
export function wantsItsName({ action, kind, after, loses }: Change): boolean {
  return action === 'destroy' && after === undefined && holders.has(kind) && (loses?.count ?? 0) > 0
}

/** Rows in the order in which a plan is hashed and shown: component, kind, name, backend. */
function sortChanges(changes: readonly Change[]): Change[] {
  return [...changes].sort(
    (a, b) =>
      compareUtf8(a.component, b.component) ||
      compareUtf8(a.kind, b.kind) ||
      compareUtf8(a.name, b.name) ||
      compareUtf8(a.backend, b.backend),
  )
}

/**
 * The plan of a set of rows, and of what could not be looked at for them. Same world, same wish, same hash: rows that say `none`, and
 * all reasons, are left out of it.
 */
export function planOf(generation: string, rows: readonly Change[], errors: readonly ComponentFailure[] = []): Plan {
  const changes = sortChanges(rows)
  const summary: PlanSummary = { create: 0, update: 0, none: 0, needs_migration: 0, destroy: 0 }
  for (const { action } of changes) summary[action === 'needs-migration' ? 'needs_migration' : action]++
  const hashed = changes.filter((row) => row.action !== 'none').map(({ reason: _, loses: __, ...row }) => row)
  return { hash: hashOf(hashed), generation, summary, changes, errors: [...errors] }
}
