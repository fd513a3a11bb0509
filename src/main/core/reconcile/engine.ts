/**
 * One engine for every component: look, diff, plan, apply, report. What differs between components is in their declarations.
 * The engine plans with `Planner`s, which can only read, and applies with `Applier`s; a dry run is given no applier at all.
 */
import { type Component, components } from '../../../shared/component'
import type { PortError } from '../../../shared/errors'
import type { BootstrapEvent } from '../../../shared/events'
import { type Change, type ComponentFailure, type Plan, type PlanSummary, planOf } from '../../../shared/plan'
import type { Generations } from '../../../shared/profile/generation'
import type { Profile } from '../../../shared/profile/model'
import { type Clock, isoNow } from '../ports/clock'
import type { Journal } from '../ports/journal'
import type { Log } from '../ports/log'
import { type Applied, applyStages } from './apply'
import type { Applier, Destroyer, Planner, PlanOptions } from './declaration'
import { desiredHash, type Reporter, reporter } from './reporting'
import { type RetryPolicy, retry } from './retry'

export interface EngineSettings {
  /** How long a look stays fresh, in milliseconds. */
  readonly driftIntervalMs: number
  readonly retry: RetryPolicy
  readonly parallel: number
}

/** A profile with its generations, computed once per revision. */
export interface Wish {
  readonly profile: Profile
  readonly generations: Generations
}

export interface ComponentResult {
  readonly generation: string
  readonly at: string
  readonly durationMs: number
  /** Rows in all, `none` included. */
  readonly resources: number
  readonly changes: number
  readonly errors: readonly ComponentFailure[]
  readonly needsMigration: readonly { readonly name: string; readonly reason: string }[]
}

export interface PassResult {
  readonly number: number
  readonly at: string
  readonly durationMs: number
  /** Of the components that were looked at. */
  readonly plan: Plan
  readonly applied: number
  /** What became of a leave to destroy; absent in a pass without one. */
  readonly leave?: 'used' | 'refused' | 'failed'
  /** Every component, with its last result where this pass skipped it. */
  readonly components: ReadonlyMap<Component, ComponentResult>
}

export interface PassOptions {
  readonly force: boolean
  readonly leave?: string
}

export interface Engine {
  /**
   * One pass. With `force`, every component is looked at; without, one whose generation is unchanged and that was looked
   * at within the drift interval is skipped. A pass that finds nothing to do writes nothing.
   *
   * With `leave`, the hash of a plan that somebody acknowledged, its `destroy` rows are carried out too, if this pass comes to exactly
   * that plan; they come last, in the reverse order of components, and not at all where anything failed before.
   */
  pass(wish: Wish, options: PassOptions, signal: AbortSignal): Promise<PassResult>
}

export interface EngineParts {
  readonly nodeId: string
  readonly planners: readonly Planner[]
  readonly appliers: readonly Applier[]
  readonly destroyers: readonly Destroyer[]
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Log
  readonly settings: EngineSettings
  /** Number of the last pass of earlier runs. */
  readonly lastPass: number
  readonly onEvents: (events: readonly BootstrapEvent[]) => void
  /** Told when a component's rows start being applied. */
  readonly onApplying: (component: Component) => void
  /** Told when a component's part of the pass has ended. */
  readonly onApplied: (component: Component) => void
}

/** A look at the whole world: what `plan` answers, and what a pass starts with. Rejects with the first port's refusal. */
export async function planAll(planners: readonly Planner[], wish: Wish, options: PlanOptions, signal: AbortSignal): Promise<Plan> {
  const rows = await Promise.all(planners.map((planner) => planner.plan(wish.profile, options, signal)))
  return planOf(wish.generations.profile, rows.flat())
}

/** What one look came to. */
interface Look {
  readonly component: Component
  readonly rows: readonly Change[]
  readonly failures: readonly ComponentFailure[]
  readonly at: string
  readonly durationMs: number
}

export function createEngine(parts: EngineParts): Engine {
  const { planners, appliers, destroyers, journal, clock, log, settings } = parts
  const known = new Map<Component, { readonly lookedAt: number; readonly result: ComponentResult }>()
  /** What was last said of a component's standing troubles, so that each is said once. */
  const said = new Map<Component, string>()
  let passes = parts.lastPass

  function isFresh(component: Component, generations: Generations): boolean {
    const last = known.get(component)
    return (
      last !== undefined &&
      last.result.errors.length === 0 &&
      last.result.generation === generations[component] &&
      clock.monotonic() - last.lookedAt < settings.driftIntervalMs
    )
  }

  async function look(component: Component, wish: Wish, options: PlanOptions, signal: AbortSignal): Promise<Look> {
    const started = clock.monotonic()
    const rows: Change[] = []
    const failures: ComponentFailure[] = []
    for (const planner of planners.filter((one) => one.component === component)) {
      const fields = { component, action: 'plan', generation: wish.generations[component] }
      const outcome = await retry(
        () => planner.plan(wish.profile, options, signal),
        settings.retry,
        clock,
        signal,
        (error, attempt) => log('warn', 'look failed', { ...fields, attempt, error: `${error.code}: ${error.message}` }),
      )
      if (outcome.ok) rows.push(...outcome.value)
      else failures.push(lookFailure(component, outcome.error))
    }
    return { component, rows, failures, at: isoNow(clock), durationMs: clock.monotonic() - started }
  }

  /** Tell the standing troubles of a look, unless they are those that were told last. */
  async function tellTroubles({ component, rows, failures }: Look, reporting: Reporter): Promise<void> {
    const stuck = rows.filter((row) => row.action === 'needs-migration')
    // By name and wish alone: how much a row would take changes by the minute, and is told once.
    const text = [...stuck.map((row) => `${row.kind} ${row.name} ${desiredHash(row)}`), ...failures.map((failure) => failure.message)].join(
      '\n',
    )
    if (text === (said.get(component) ?? '')) return
    await store([
      ...stuck.map((row) => reporting.change(row, 'needs-migration')),
      ...failures.map(({ message }) => reporting.component(component, 'error', { message })),
    ])
    // Only now: what could not be stored is told by the next pass.
    said.set(component, text)
  }

  async function store(events: readonly BootstrapEvent[]): Promise<void> {
    if (events.length === 0) return
    await journal.record(events)
    parts.onEvents(events)
  }

  /** Bring about the rows of one component that `hands` are for. */
  async function carryOut(
    hands: readonly (Applier | Destroyer)[],
    { component, rows: all }: Look,
    isWanted: (row: Change) => boolean,
    { wish, reporting, pass }: Turn,
    signal: AbortSignal,
  ): Promise<Applied> {
    const rows = all.filter(isWanted)
    const nothing: Applied = { changes: [], errors: [] }
    if (rows.length === 0) return nothing
    parts.onApplying(component)
    let total = nothing
    for (const hand of hands.filter((one) => one.component === component)) {
      const own = rows.filter((row) => row.backend === hand.backend)
      const applied = await applyStages(
        hand.works(wish.profile, own),
        {
          journal,
          clock,
          log,
          reporter: reporting,
          retry: settings.retry,
          parallel: settings.parallel,
          pass,
          generation: wish.generations[component],
          stored: parts.onEvents,
        },
        signal,
      )
      total = { changes: [...total.changes, ...applied.changes], errors: [...total.errors, ...applied.errors] }
    }
    return total
  }

  async function finishComponent(look: Look, applied: Applied, wish: Wish, reporting: Reporter, duration_ms: number): Promise<void> {
    const { component } = look
    const changes = applied.changes.length
    if (changes > 0) await journal.recordApply(component, { at: isoNow(clock), changes, generation: wish.generations[component] })
    if (changes === 0 && applied.errors.length === 0) return
    const message = tally(changes, applied.errors.length)
    await store([reporting.component(component, applied.errors.length > 0 ? 'error' : 'ok', { message, duration_ms })])
  }

  return {
    async pass(wish, { force, leave }, signal) {
      const started = clock.monotonic()
      const at = isoNow(clock)
      const number = ++passes
      const reporting = reporter(parts.nodeId, wish.generations, clock)
      const due = components.filter((component) => force || !isFresh(component, wish.generations))
      const looks = await Promise.all(due.map((component) => look(component, wish, { destructive: leave !== undefined }, signal)))
      const plan = planOf(
        wish.generations.profile,
        looks.flatMap((one) => one.rows),
      )
      const destroys = plan.hash === leave ? plan.summary.destroy : 0
      const busy = plan.summary.create + plan.summary.update + destroys > 0
      if (busy) await store([reporting.pass('start', { message: intention(plan.summary, destroys) })])
      const turn: Turn = { wish, reporting, pass: number }

      let appliedRows = 0
      let failed = 0
      for (const one of looks) {
        await tellTroubles(one, reporting)
        const applyStarted = clock.monotonic()
        const applied = await carryOut(appliers, one, isAdditive, turn, signal)
        const applyMs = clock.monotonic() - applyStarted
        await finishComponent(one, applied, wish, reporting, Math.round(one.durationMs + applyMs))
        appliedRows += applied.changes.length
        failed += applied.errors.length + one.failures.length
        parts.onApplied(one.component)
        known.set(one.component, { lookedAt: clock.monotonic(), result: resultOf(one, applied, wish, one.durationMs + applyMs) })
      }

      if (destroys > 0 && failed === 0) {
        for (const one of [...looks].reverse()) {
          const destroyed = await carryOut(destroyers, one, isDestructive, turn, signal)
          await finishComponent(one, destroyed, wish, reporting, 0)
          appliedRows += destroyed.changes.length
          failed += destroyed.errors.length
          parts.onApplied(one.component)
          const before = known.get(one.component)
          if (before !== undefined) known.set(one.component, { ...before, result: withDestroyed(before.result, destroyed) })
          // What still stands may be what the rest hangs on.
          if (destroyed.errors.length > 0) break
        }
      }

      const durationMs = clock.monotonic() - started
      if (busy) {
        const message = tally(appliedRows, failed)
        await store([reporting.pass(failed > 0 ? 'error' : 'ok', { message, duration_ms: Math.round(durationMs) })])
      }
      const results = new Map([...known].map(([component, { result }]) => [component, result]))
      const base = { number, at, durationMs, plan, applied: appliedRows, components: results }
      if (leave === undefined) return base
      return { ...base, leave: plan.hash !== leave ? 'refused' : failed > 0 ? 'failed' : 'used' }
    },
  }
}

interface Turn {
  readonly wish: Wish
  readonly reporting: Reporter
  readonly pass: number
}

function isAdditive({ action }: Change): boolean {
  return action === 'create' || action === 'update'
}

function isDestructive({ action }: Change): boolean {
  return action === 'destroy'
}

function intention({ create, update }: PlanSummary, destroys: number): string {
  return `${create} to create, ${update} to update${destroys > 0 ? `, ${destroys} to destroy` : ''}`
}

function withDestroyed(result: ComponentResult, { changes, errors }: Applied): ComponentResult {
  return { ...result, changes: result.changes + changes.length, errors: [...result.errors, ...errors] }
}

function resultOf(look: Look, applied: Applied, wish: Wish, durationMs: number): ComponentResult {
  return {
    generation: wish.generations[look.component],
    at: look.at,
    durationMs,
    resources: look.rows.length,
    changes: applied.changes.length,
    errors: [...look.failures, ...applied.errors],
    needsMigration: look.rows
      .filter((row) => row.action === 'needs-migration')
      .map(({ kind, name, reason }) => ({ name: `${kind} ${name}`, reason })),
  }
}

function tally(applied: number, failed: number): string {
  return failed > 0 ? `${applied} applied, ${failed} failed` : `${applied} applied`
}

function lookFailure(component: Component, { code, message }: PortError): ComponentFailure {
  return { component, code, message }
}
