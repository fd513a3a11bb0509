/** The status surface: what `/internal/bootstrap/status`, `thatdam status --json` and the overview all show. */
import { z } from 'zod'
import { components } from './component'

const roleSchema = z.enum(['none', 'leader', 'member'])
export type Role = z.infer<typeof roleSchema>

export const modeSchema = z.enum(['local', 'catching-up', 'forward', 'degraded'])
export type Mode = z.infer<typeof modeSchema>

export const componentStatusSchema = z.object({
  status: z.enum(['ok', 'applying', 'waiting', 'error', 'needs-migration']),
  generation: z.string().nullable(),
  /** When this component was last looked at, ISO 8601; null before the first look. */
  at: z.string().nullable(),
  duration_ms: z.number(),
  adapter: z.string(),
  mode: modeSchema,
  /** Rows that the last pass applied. */
  changes: z.int(),
  errors: z.array(z.object({ name: z.string().optional(), code: z.string(), message: z.string() })),
  needs_migration: z.array(z.object({ name: z.string(), reason: z.string() })),
  /** The last pass that changed something here; null when none ever did. */
  last_apply: z.object({ at: z.string(), changes: z.int(), generation: z.string() }).nullable(),
})
export type ComponentStatus = z.infer<typeof componentStatusSchema>

export const backendStatusSchema = z.object({
  mode: modeSchema,
  held: z.boolean(),
  since: z.string(),
  external: z.string().nullable(),
  last_error: z.string().nullable(),
  backlog: z.object({ items: z.int(), bytes: z.int() }),
  rate: z.number(),
  eta_s: z.number().nullable(),
  conflicts: z.int(),
  kept_here: z.int(),
})
export type BackendStatus = z.infer<typeof backendStatusSchema>

export const statusSchema = z.object({
  /** Empty until the node is set up. */
  node_id: z.string(),
  version: z.string(),
  role: roleSchema,
  converged: z.boolean(),
  /** Since when `converged` has had its value. */
  since: z.string(),
  generation: z.string().nullable(),
  revision: z.int().nullable(),
  /** Resources that the profile asks for. */
  resources: z.int(),
  data_dir: z.string(),
  started_at: z.string(),
  pass: z.object({ number: z.int(), at: z.string(), duration_ms: z.number() }).nullable(),
  components: z.object({
    storage: componentStatusSchema,
    broker: componentStatusSchema,
    index: componentStatusSchema,
    services: componentStatusSchema,
  }),
  backends: z.object({ storage: backendStatusSchema, bus: backendStatusSchema, index: backendStatusSchema }),
  /** What works but deserves a look: a service that nobody installed, say. */
  warnings: z.array(z.string()),
})
export type Status = z.infer<typeof statusSchema>

/** Resources that differ in a way that cannot be added, over all components. */
export function migrationsLeft(status: Status): number {
  return components.reduce((sum, component) => sum + status.components[component].needs_migration.length, 0)
}
