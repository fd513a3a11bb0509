/**
 * How a pass looks at its components. They are independent of one another, so one that cannot be seen keeps no other waiting: all are
 * looked at once, and what may be seen yet is looked at again after everything else was brought about.
 */
import type { Component } from '../../../shared/component'
import { PortError } from '../../../shared/errors'
import { type Change, type ComponentFailure, type Plan, planOf } from '../../../shared/plan'
import type { Generations } from '../../../shared/profile/generation'
import type { Profile } from '../../../shared/profile/model'
import { type Clock, isoNow } from '../ports/clock'
import type { Log } from '../ports/log'
import type { Planner, PlanOptions } from './declaration'
import type { Look } from './pass-result'
import { type RetryPolicy, retry } from './retry'

/** A profile with its generations, computed once per revision. */
export interface Wish {
  readonly profile: Profile
  readonly generations: Generations
}

/** One look at the whole world: what `plan` answers. A component that cannot be looked at is an error of the plan, beside the rows of the others. */
export async function planAll(planners: readonly Planner[], wish: Wish, options: PlanOptions, signal: AbortSignal): Promise<Plan> {
  const looks = await Promise.all(
    planners.map(async (planner) => {
      try {
        return { rows: await planner.plan(wish.profile, options, signal), errors: [] }
      } catch (error) {
        if (!(error instanceof PortError)) throw error
        const { code, message } = error
        return { rows: [], errors: [{ component: planner.component, code, message }] }
      }
    }),
  )
  return planOf(
    wish.generations.profile,
    looks.flatMap(({ rows }) => rows),
    looks.flatMap(({ errors }) => errors),
  )
}

interface LookerParts {
  readonly planners: readonly Planner[]
  readonly clock: Clock
  readonly log: Log
  readonly retry: RetryPolicy
}

interface LookOptions extends PlanOptions {
  /** Tries that were made of this look before, and how long they took. */
  readonly after: number
  readonly spentMs: number
  /** Tries in all, those included. */
  readonly tries: number
}

/** A look, and whether another one may come to more, and is worth waiting for. */
export interface Sighting extends Look {
  readonly mayPass: boolean
}

export type Looker = (component: Component, wish: Wish, options: LookOptions, signal: AbortSignal) => Promise<Sighting>

export function createLooker({ planners, clock, log, retry: policy }: LookerParts): Looker {
  return async (component, wish, { destructive, after, spentMs, tries }, signal) => {
    const started = clock.monotonic()
    const rows: Change[] = []
    const failures: ComponentFailure[] = []
    let mayPass = false
    for (const planner of planners.filter((one) => one.component === component)) {
      const fields = { component, action: 'plan', generation: wish.generations[component] }
      const outcome = await retry(
        () => planner.plan(wish.profile, { destructive }, signal),
        { ...policy, attempts: tries - after, patienceMs: policy.patienceMs - spentMs },
        clock,
        signal,
        (error, attempt) => log('warn', 'look failed', { ...fields, attempt: attempt + after, error: `${error.code}: ${error.message}` }),
      )
      if (outcome.ok) {
        rows.push(...outcome.value)
        continue
      }
      const { code, message, transient } = outcome.error
      failures.push({ component, code, message })
      mayPass ||= transient
    }
    const durationMs = clock.monotonic() - started
    return { component, rows, failures, at: isoNow(clock), durationMs, mayPass: mayPass && 2 * durationMs <= policy.patienceMs }
  }
}

/** The looks that have come within `ms`, as they were asked for, and those that go on. Rejects as soon as one of them does. */
export async function comeWithin<T>(
  ms: number,
  looks: readonly Promise<T>[],
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<{ readonly come: readonly T[]; readonly underWay: readonly Promise<T>[] }> {
  const come = new Map<Promise<T>, T>()
  const whole = Promise.all(looks.map(async (look) => come.set(look, await look)))
  const done = new AbortController()
  const late = clock.sleep(ms, AbortSignal.any([signal, done.signal]))
  try {
    await Promise.race([whole, late])
  } finally {
    done.abort()
  }
  return { come: looks.flatMap((look) => come.get(look) ?? []), underWay: looks.filter((look) => !come.has(look)) }
}
