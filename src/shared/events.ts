/** Bootstrap events: what the node tells the world about itself, on exchange `overlay`. */
import { z } from 'zod'
import { componentSchema } from './component'
import { sha256Hex } from './hash'

/** The node makes sure of this exchange before its first event, whatever the profile says. */
export const eventExchange = { name: 'overlay', type: 'topic' } as const

export const eventSchema = z.object({
  /** Time-ordered UUID; the event's key on the bus. */
  event_id: z.string(),
  node_id: z.string(),
  component: z.union([componentSchema, z.literal('node')]),
  action: z.enum(['plan', 'create', 'update', 'destroy', 'pass', 'start', 'stop', 'mode']),
  status: z.enum(['start', 'ok', 'error', 'needs-migration']),
  message: z.string().optional(),
  generation: z.string(),
  /** ISO 8601, UTC. */
  at: z.string(),
  /** Names the mutation, which several events may concern: see `idempotencyKey`. */
  idempotency_key: z.string(),
  duration_ms: z.number().optional(),
  attempt: z.int().optional(),
})
export type BootstrapEvent = z.infer<typeof eventSchema>

/** Routing key of an event: `overlay.bootstrap.{start|ok|error}` for the node, `overlay.bootstrap.COMPONENT.STATUS` for a component. */
export function eventTopic(event: Pick<BootstrapEvent, 'component' | 'status'>): string {
  return event.component === 'node' ? `overlay.bootstrap.${event.status}` : `overlay.bootstrap.${event.component}.${event.status}`
}

/** `sha256(node_id + component + generation + desired_hash)`, UTF-8, concatenated, hex. */
export function idempotencyKey(nodeId: string, component: string, generation: string, desiredHash: string): string {
  return sha256Hex(nodeId + component + generation + desiredHash)
}
