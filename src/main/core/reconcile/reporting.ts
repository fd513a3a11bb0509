/** The events of a pass, made in one place so that every one of them has the same fields. */
import type { Component } from '../../../shared/component'
import { type BootstrapEvent, idempotencyKey } from '../../../shared/events'
import { hashOf } from '../../../shared/hash'
import type { Change } from '../../../shared/plan'
import type { Generations } from '../../../shared/profile/generation'
import { type Clock, isoNow } from '../ports/clock'

type Extras = Pick<BootstrapEvent, 'message' | 'duration_ms' | 'attempt'>

export interface Reporter {
  /** About one row. A row planned as needs-migration is reported as such; else `status` says how applying it went. */
  change(row: Change, status: 'ok' | 'error' | 'needs-migration', extras?: Extras): BootstrapEvent
  /** About a component's part of the pass. */
  component(component: Component, status: 'ok' | 'error', extras?: Extras): BootstrapEvent
  /** About the pass as a whole. */
  pass(status: 'start' | 'ok' | 'error', extras?: Extras): BootstrapEvent
}

export function reporter(nodeId: string, generations: Generations, clock: Clock): Reporter {
  function event(
    component: BootstrapEvent['component'],
    action: BootstrapEvent['action'],
    status: BootstrapEvent['status'],
    generation: string,
    desiredHash: string,
    extras: Extras = {},
  ): BootstrapEvent {
    return {
      event_id: clock.uuid(),
      node_id: nodeId,
      component,
      action,
      status,
      generation,
      at: isoNow(clock),
      idempotency_key: idempotencyKey(nodeId, component, generation, desiredHash),
      ...extras,
    }
  }

  return {
    change(row, status, extras = {}) {
      const action = row.action === 'needs-migration' || row.action === 'none' ? 'plan' : row.action
      const message = extras.message ?? describe(row)
      return event(row.component, action, status, generations[row.component], desiredHash(row), { ...extras, message })
    },
    component: (component, status, extras) =>
      // A component's generation is the hash of its section, which is what an event about the whole concerns.
      event(component, 'pass', status, generations[component], generations[component], extras),
    pass: (status, extras) => event('node', 'pass', status, generations.profile, generations.profile, extras),
  }
}

/** sha256 of the canonical JSON of the resource as a row wishes it. */
export function desiredHash(row: Change): string {
  return hashOf(row.after ?? null)
}

const verbs: Record<Change['action'], string> = {
  create: 'created',
  update: 'updated',
  destroy: 'destroyed',
  none: 'as wished',
  'needs-migration': 'needs a migration',
}

/** One row in a reader's words: "bucket media-raw created (missing)". */
function describe(row: Change): string {
  return `${row.kind.replace('-', ' ')} ${row.name} ${verbs[row.action]} (${row.reason})`
}
