/**
 * One engine for every component: look, diff, plan, apply, report. What differs between components is in their declarations.
 * The engine plans with `Planner`s, which can only read, and applies with `Applier`s; a dry run is given no applier at all.
 */
import { type Component, components } from '../../../shared/component'
import { type PortError, UserError } from '../../../shared/errors'
import type { BootstrapEvent } from '../../../shared/events'
import { type Change, type ComponentFailure, type Plan, planOf } from '../../../shared/plan'
import type { Generations } from '../../../shared/profile/generation'
import type { Profile } from '../../../shared/profile/model'
import { type Clock, isoNow } from '../ports/clock'
import type { Journal } from '../ports/journal'
import type { Log } from '../ports/log'
import { type Applied, applyStages } from './apply'
import type { Applier, Destroyer, Planner, PlanOptions } from './declaration'
import {
  type ComponentResult,
  intention,
  joined,
  type Look,
  nothingApplied,
  type PassResult,
  resultOf,
  stuckRows,
  tally,
  withDestroyed,
} from './pass-result'
import { createRefusals } from './refusals'
import { desiredHash, type Reporter, reporter } from './reporting'
import { type RetryPolicy, retry } from './retry'
import { isAdditive, isDestructive, partsAmong, prepare, type Task, withoutRefused, worksOf } from './tasks'

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

/** Leave to carry out the `destroy` rows of one plan. */
export interface Leave {
  /** Told the plan before anything is changed. By throwing it refuses, and the pass ends with nothing changed at all. */
  accept(plan: Plan): Promise<void>
}

export interface PassOptions {
  readonly force: boolean
  readonly leave?: Leave
}

export interface Engine {
  /**
   * One pass. With `force`, or with leave, every component is looked at; without, one whose generation is unchanged and that was looked
   * at within the drift interval is skipped, and what was refused for good is not tried again. A pass that finds nothing to do writes
   * nothing.
   *
   * With `leave`, the `destroy` rows of the plan that it accepts are carried out too: they come last, in the reverse order of components,
   * and not at all where anything failed before. Where the world cannot be seen whole, the pass rejects with a `UserError`.
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

export function createEngine(parts: EngineParts): Engine {
  const { planners, appliers, destroyers, journal, clock, log, settings } = parts
  const known = new Map<Component, { readonly lookedAt: number; readonly result: ComponentResult }>()
  /** What was last said of a component's standing troubles, so that each is said once. */
  const said = new Map<Component, string>()
  const refusals = createRefusals()
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

  function wasUnseen(component: Component): boolean {
    return known.get(component)?.result.unseen !== undefined
  }

  async function look(component: Component, wish: Wish, options: LookOptions, signal: AbortSignal): Promise<Look> {
    // What could not be seen by the last pass is not waited for again: the others would wait with it, and the next pass looks anyway.
    const policy = !options.force && wasUnseen(component) ? { ...settings.retry, attempts: 1 } : settings.retry
    const started = clock.monotonic()
    const rows: Change[] = []
    const failures: ComponentFailure[] = []
    for (const planner of planners.filter((one) => one.component === component)) {
      const fields = { component, action: 'plan', generation: wish.generations[component] }
      const outcome = await retry(
        () => planner.plan(wish.profile, options, signal),
        policy,
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
  async function tellTroubles(look: Look, reporting: Reporter): Promise<void> {
    const { component, failures } = look
    const stuck = stuckRows(look)
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

  async function carryOut(tasks: readonly Task[], { wish, reporting, pass }: Turn, signal: AbortSignal): Promise<Applied> {
    let total = nothingApplied
    for (const { component, backend, stages, wholesOf } of tasks.filter((task) => worksOf(task).length > 0)) {
      parts.onApplying(component)
      const applied = await applyStages(
        stages,
        {
          journal,
          clock,
          log,
          reporter: reporting,
          retry: settings.retry,
          parallel: settings.parallel,
          pass,
          generation: wish.generations[component],
          refusals,
          partsOf: wholesOf === undefined ? () => [] : partsAmong(await journal.remembered(component, backend), wholesOf),
          stored: parts.onEvents,
        },
        signal,
      )
      total = joined(total, applied)
    }
    return total
  }

  async function finishComponent({ component }: Look, applied: Applied, { wish, reporting }: Turn, duration_ms: number): Promise<void> {
    const changes = applied.changes.length
    if (changes > 0) await journal.recordApply(component, { at: isoNow(clock), changes, generation: wish.generations[component] })
    if (changes === 0 && applied.errors.length === 0) return
    const message = tally(changes, applied.errors.length)
    await store([reporting.component(component, applied.errors.length > 0 ? 'error' : 'ok', { message, duration_ms })])
  }

  /** The `destroy` rows that were accepted, last component first. Stops at the first that fails: the rest may hang on it. */
  async function destroyAll(tasks: readonly (readonly [Look, readonly Task[]])[], turn: Turn, signal: AbortSignal): Promise<Applied> {
    let total = nothingApplied
    for (const [look, own] of [...tasks].reverse()) {
      const destroyed = await carryOut(own, turn, signal)
      await finishComponent(look, destroyed, turn, 0)
      total = joined(total, destroyed)
      parts.onApplied(look.component)
      const before = known.get(look.component)
      if (before !== undefined) known.set(look.component, { ...before, result: withDestroyed(before.result, destroyed) })
      if (destroyed.errors.length > 0) break
    }
    return total
  }

  return {
    async pass(wish, { force, leave }, signal) {
      const started = clock.monotonic()
      const at = isoNow(clock)
      const all = force || leave !== undefined
      const due = components.filter((component) => all || !isFresh(component, wish.generations))
      const looks = await Promise.all(
        due.map((component) => look(component, wish, { destructive: leave !== undefined, force: all }, signal)),
      )
      const plan = planOf(
        wish.generations.profile,
        looks.flatMap((one) => one.rows),
      )
      if (leave !== undefined) {
        refuseBlind(looks)
        await leave.accept(plan)
      }
      for (const { component, rows } of looks) refusals.keep(component, rows)
      const additions = looks.map((one) => {
        const tasks = prepare(appliers, one, isAdditive, wish.profile)
        return { look: one, ...(all ? { tasks, errors: [] } : withoutRefused(tasks, refusals)) }
      })
      const destroys = leave === undefined ? [] : looks.map((one) => [one, prepare(destroyers, one, isDestructive, wish.profile)] as const)

      const tried = [...additions.flatMap((one) => one.tasks), ...destroys.flatMap(([, tasks]) => tasks)].flatMap(worksOf)
      const reporting = reporter(parts.nodeId, wish.generations, clock)
      const turn: Turn = { wish, reporting, pass: ++passes }
      if (tried.length > 0) await store([reporting.pass('start', { message: intention(tried.flatMap((work) => work.rows)) })])

      let applied = 0
      let failed = 0
      for (const { look: one, tasks, errors } of additions) {
        await tellTroubles(one, reporting)
        const applyStarted = clock.monotonic()
        const done = await carryOut(tasks, turn, signal)
        const durationMs = one.durationMs + clock.monotonic() - applyStarted
        await finishComponent(one, done, turn, Math.round(durationMs))
        applied += done.changes.length
        failed += done.errors.length + one.failures.length
        parts.onApplied(one.component)
        const result = resultOf(one, done, errors, wish.generations[one.component], durationMs)
        known.set(one.component, { lookedAt: clock.monotonic(), result })
      }
      if (leave !== undefined && failed === 0) {
        const destroyed = await destroyAll(destroys, turn, signal)
        applied += destroyed.changes.length
        failed += destroyed.errors.length
      }

      const durationMs = clock.monotonic() - started
      if (tried.length > 0) {
        const message = tally(applied, failed)
        await store([reporting.pass(failed > 0 ? 'error' : 'ok', { message, duration_ms: Math.round(durationMs) })])
      }
      const results = new Map([...known].map(([component, { result }]) => [component, result]))
      const outcome = leave === undefined ? {} : { leave: failed > 0 ? ('failed' as const) : ('used' as const) }
      return { number: turn.pass, at, durationMs, plan, applied, components: results, ...outcome }
    },
  }
}

interface LookOptions extends PlanOptions {
  readonly force: boolean
}

/** What cannot be seen may be what was acknowledged. */
function refuseBlind(looks: readonly Look[]): void {
  const [failure] = looks.flatMap((one) => one.failures)
  if (failure === undefined) return
  throw new UserError(failure.code, `${failure.component} could not be looked at, so nothing was changed: ${failure.message}`)
}

interface Turn {
  readonly wish: Wish
  readonly reporting: Reporter
  readonly pass: number
}

function lookFailure(component: Component, { code, message }: PortError): ComponentFailure {
  return { component, code, message }
}
