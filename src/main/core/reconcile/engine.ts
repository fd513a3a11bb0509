/**
 * One engine for every component: look, diff, plan, apply, report. What differs between components is in their declarations.
 * The engine plans with `Planner`s, which can only read, and applies with `Applier`s; a dry run is given no applier at all.
 */
import { type Component, components } from '../../../shared/component'
import { UserError } from '../../../shared/errors'
import type { BootstrapEvent } from '../../../shared/events'
import { type Plan, planOf } from '../../../shared/plan'
import type { Generations } from '../../../shared/profile/generation'
import { type Clock, isoNow } from '../ports/clock'
import type { Journal } from '../ports/journal'
import type { Log } from '../ports/log'
import { type Applied, applyStages } from './apply'
import type { Applier, Destroyer, Planner } from './declaration'
import { comeWithin, createLooker, type Sighting, type Wish } from './looking'
import {
  type ComponentResult,
  intention,
  joined,
  type Look,
  nothingApplied,
  type PassResult,
  resultOf,
  tally,
  withDestroyed,
} from './pass-result'
import { createRefusals } from './refusals'
import { type Reporter, reporter } from './reporting'
import type { RetryPolicy } from './retry'
import { createTroubles } from './standing-troubles'
import { isAdditive, isDestructive, partsAmong, prepare, type Task, withoutRefused, worksOf } from './tasks'

export interface EngineSettings {
  /** How long a look stays fresh, in milliseconds. */
  readonly driftIntervalMs: number
  /** How long what was seen already waits for the looks at the other components before it is brought about, in milliseconds. */
  readonly togetherMs: number
  readonly retry: RetryPolicy
  readonly parallel: number
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
   * One pass. What cannot be seen at once is looked at again after the rest was brought about, and a look that takes long is waited for
   * then. With `force`, or with leave, every component is looked at; without, one whose generation is unchanged and that was looked at
   * within the drift interval is skipped, and what was refused for good is not tried again. A pass that finds nothing to do writes nothing.
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
  /** Told when a component's part of the pass has ended, with what it came to. */
  readonly onApplied: (component: Component, result: ComponentResult) => void
}

export function createEngine(parts: EngineParts): Engine {
  const { planners, appliers, destroyers, journal, clock, log, settings } = parts
  const known = new Map<Component, { readonly lookedAt: number; readonly result: ComponentResult }>()
  const refusals = createRefusals()
  const tellTroubles = createTroubles(store)
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

  const looker = createLooker({ planners, clock, log, retry: settings.retry })

  /** A timed pass looks once at what the pass before could not see: the next looks anyway, and whoever asks for one waits for this. */
  function triesOf(component: Component, asked: boolean): number {
    const wasSeen = known.get(component)?.result.unseen === undefined
    return asked || wasSeen ? settings.retry.attempts : 1
  }

  async function store(events: readonly BootstrapEvent[]): Promise<void> {
    if (events.length === 0) return
    await journal.record(events)
    parts.onEvents(events)
  }

  async function carryOut(tasks: readonly Task[], { wish, reporting, pass }: Turn, signal: AbortSignal): Promise<Applied> {
    let total = nothingApplied
    for (const { component, place, stages, wholesOf } of tasks.filter((task) => worksOf(task).length > 0)) {
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
          place,
          refusals,
          partsOf: wholesOf === undefined ? () => [] : partsAmong(await journal.remembered(component, place), wholesOf),
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
      const before = known.get(look.component)
      if (before !== undefined) {
        const result = withDestroyed(before.result, destroyed)
        known.set(look.component, { ...before, result })
        parts.onApplied(look.component, result)
      }
      if (destroyed.errors.length > 0) break
    }
    return total
  }

  /** What is to be added, component by component. `more` is what this pass will try besides. */
  async function bringAbout(looks: readonly Look[], more: readonly Task[], turn: Turn, course: Course, signal: AbortSignal): Promise<void> {
    const { wish, reporting, all } = turn
    for (const { component, rows } of looks) refusals.keep(component, rows)
    const additions = looks.map((one) => {
      const tasks = prepare(appliers, one, isAdditive, wish.profile)
      return { look: one, ...(all ? { tasks, errors: [] } : withoutRefused(tasks, refusals)) }
    })
    const tried = [...additions.flatMap((one) => one.tasks), ...more].flatMap(worksOf)
    if (tried.length > 0 && !course.told) {
      await store([reporting.pass('start', { message: intention(tried.flatMap((work) => work.rows)) })])
      course.told = true
    }
    for (const { look: one, tasks, errors } of additions) {
      await tellTroubles(one, reporting)
      const applyStarted = clock.monotonic()
      const done = await carryOut(tasks, turn, signal)
      const durationMs = one.durationMs + clock.monotonic() - applyStarted
      await finishComponent(one, done, turn, Math.round(durationMs))
      course.applied += done.changes.length
      course.failed += done.errors.length + one.failures.length
      const result = resultOf(one, done, errors, wish.generations[one.component], durationMs)
      known.set(one.component, { lookedAt: clock.monotonic(), result })
      parts.onApplied(one.component, result)
    }
  }

  return {
    async pass(wish, { force, leave }, signal) {
      const started = clock.monotonic()
      const at = isoNow(clock)
      const all = force || leave !== undefined
      const due = components.filter((component) => all || !isFresh(component, wish.generations))
      const lookAt = (component: Component, tries: number, { after, spentMs } = { after: 0, spentMs: 0 }) =>
        looker(component, wish, { destructive: leave !== undefined, after, spentMs, tries }, signal)
      const turn: Turn = { wish, reporting: reporter(parts.nodeId, wish.generations, clock), pass: ++passes, all }
      const course: Course = { told: false, applied: 0, failed: 0 }
      const planFrom = (looks: readonly Look[]) =>
        planOf(
          wish.generations.profile,
          looks.flatMap((one) => one.rows),
          looks.flatMap((one) => one.failures),
        )

      let looks: readonly Look[]
      if (leave === undefined) {
        const firsts = due.map((component) => lookAt(component, 1))
        const { come, underWay } = await comeWithin(settings.togetherMs, firsts, clock, signal)
        const isLate = ({ component, mayPass }: Sighting) => mayPass && triesOf(component, all) > 1
        const seen = come.filter((one) => !isLate(one))
        await bringAbout(seen, [], turn, course, signal)
        // A look that took so long is not made again in this pass.
        const late = await Promise.all([
          ...come
            .filter(isLate)
            .map(({ component, durationMs }) => lookAt(component, triesOf(component, all), { after: 1, spentMs: durationMs })),
          ...underWay,
        ])
        await bringAbout(late, [], turn, course, signal)
        looks = [...seen, ...late]
      } else {
        looks = await Promise.all(due.map((component) => lookAt(component, settings.retry.attempts)))
        refuseBlind(looks)
        await leave.accept(planFrom(looks))
        const destroys = looks.map((one) => [one, prepare(destroyers, one, isDestructive, wish.profile)] as const)
        await bringAbout(
          looks,
          destroys.flatMap(([, tasks]) => tasks),
          turn,
          course,
          signal,
        )
        if (course.failed === 0) {
          const destroyed = await destroyAll(destroys, turn, signal)
          course.applied += destroyed.changes.length
          course.failed += destroyed.errors.length
        }
      }

      const { applied, failed } = course
      const durationMs = clock.monotonic() - started
      if (course.told) {
        const message = tally(applied, failed)
        await store([turn.reporting.pass(failed > 0 ? 'error' : 'ok', { message, duration_ms: Math.round(durationMs) })])
      }
      const results = new Map([...known].map(([component, { result }]) => [component, result]))
      const outcome = leave === undefined ? {} : { leave: failed > 0 ? ('failed' as const) : ('used' as const) }
      return { number: turn.pass, at, durationMs, plan: planFrom(looks), applied, components: results, ...outcome }
    },
  }
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
  /** Whether somebody asked for it. */
  readonly all: boolean
}

/** How far a pass has come. */
interface Course {
  /** Whether its start was told. */
  told: boolean
  applied: number
  failed: number
}
