/** Carries out the planned rows of one component: stage by stage, side by side, each step journalled, retried and reported. */
import { PortError } from '../../../shared/errors'
import type { BootstrapEvent } from '../../../shared/events'
import { hashOf } from '../../../shared/hash'
import type { Change, ComponentFailure } from '../../../shared/plan'
import { parallel } from '../parallel'
import { type Clock, isoNow } from '../ports/clock'
import type { Closing, Journal, Place, Resource, Step } from '../ports/journal'
import type { Log } from '../ports/log'
import type { Refusals } from './refusals'
import { desiredHash, type Reporter } from './reporting'
import { type Attempted, type RetryPolicy, retry } from './retry'
import type { Work } from './rows'

export interface ApplyTools {
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Log
  readonly reporter: Reporter
  readonly retry: RetryPolicy
  /** How many steps run at once. */
  readonly parallel: number
  readonly pass: number
  readonly generation: string
  readonly place: Place
  readonly refusals: Refusals
  /** What goes along with what a row deletes, of all that the journal remembers. */
  readonly partsOf: (row: Change) => readonly Resource[]
  /** Told of events once they are stored. */
  readonly stored: (events: readonly BootstrapEvent[]) => void
}

export interface Applied {
  /** Rows brought about. */
  readonly changes: readonly Change[]
  readonly errors: readonly ComponentFailure[]
}

/**
 * Run the stages in order. A step that a backend refuses for good is an error of its own and the others go on; one that
 * is still failing after its last attempt fails the component closed: no further step is started.
 */
export async function applyStages(stages: readonly (readonly Work[])[], tools: ApplyTools, signal: AbortSignal): Promise<Applied> {
  const changes: Change[] = []
  const errors: ComponentFailure[] = []
  let open = true

  async function step(work: Work): Promise<boolean> {
    const outcome = await runStep(work, tools, signal)
    if (outcome.ok) {
      changes.push(...work.rows)
    } else {
      for (const row of work.rows) {
        const failure = failureOf(row, outcome.error)
        errors.push(failure)
        tools.refusals.note(row, outcome.error.code, failure)
      }
      if (outcome.error.transient) open = false
    }
    return open
  }

  for (const stage of stages) {
    if (!open) break
    await parallel(stage, tools.parallel, step)
  }
  return { changes, errors }
}

/** A step may have worked long and well before the connection broke, a bucket being emptied, say: it always gets another call. */
const leastAttempts = 2

async function runStep(work: Work, tools: ApplyTools, signal: AbortSignal): Promise<Attempted<boolean>> {
  const { journal, clock, log } = tools
  const [first] = work.rows
  if (first === undefined) throw new TypeError('a step needs at least one row')
  const fields = { component: first.component, action: first.action, name: `${first.kind} ${first.name}`, generation: tools.generation }
  const started = clock.monotonic()
  const ids = await journal.begin(work.rows.map((row) => stepOf(row, tools)))
  let outcome: Attempted<boolean>
  try {
    outcome = await retry(
      () => bringAbout(work, signal),
      { ...tools.retry, leastAttempts },
      clock,
      signal,
      (error, attempt) => log('warn', 'step failed', { ...fields, attempt, error: `${error.code}: ${error.message}` }),
    )
  } catch (error) {
    await close(ids, { outcome: 'failed', at: isoNow(clock), attempts: 1, message: `interrupted: ${String(error)}` }, [], tools)
    throw error
  }
  const duration_ms = Math.round(clock.monotonic() - started)
  const { attempts } = outcome
  if (outcome.ok) {
    log('info', 'step done', { ...fields, attempt: attempts, idempotent: !outcome.value, duration_ms })
    const events = work.rows.map((row) => tools.reporter.change(row, 'ok', { duration_ms, attempt: attempts }))
    const forgets = work.rows.flatMap((row) => tools.partsOf(row))
    await close(ids, { outcome: 'done', at: isoNow(clock), attempts, already: !outcome.value, forgets }, events, tools)
  } else {
    const { error } = outcome
    const status = error.code === 'incompatible' ? 'needs-migration' : 'error'
    const events = work.rows.map((row) =>
      tools.reporter.change(row, status, { message: `${row.kind} ${row.name}: ${error.message}`, duration_ms, attempt: attempts }),
    )
    await close(ids, { outcome: 'failed', at: isoNow(clock), attempts, message: `${error.code}: ${error.message}` }, events, tools)
  }
  return outcome
}

/** True when the call made a difference; false when the world was already so, which is as good. */
async function bringAbout(work: Work, signal: AbortSignal): Promise<boolean> {
  try {
    await work.run(signal)
    return true
  } catch (error) {
    if (error instanceof PortError && error.code === 'already-exists') return false
    throw error
  }
}

async function close(ids: readonly number[], closing: Closing, events: readonly BootstrapEvent[], tools: ApplyTools): Promise<void> {
  await tools.journal.close(
    ids.map((id) => ({ id, closing })),
    events,
  )
  tools.stored(events)
}

function stepOf(row: Change, { pass, generation, place, clock }: ApplyTools): Step {
  const { component, kind, name, action, before, after } = row
  const hashes = { desiredHash: desiredHash(row), ...(before === undefined ? {} : { foundHash: hashOf(before) }) }
  return {
    component,
    kind,
    name,
    ...place,
    action,
    generation,
    ...hashes,
    makes: before === undefined && after !== undefined,
    pass,
    at: isoNow(clock),
  }
}

function failureOf({ component, kind, name }: Change, { code, message }: PortError): ComponentFailure {
  return { component, kind, name, code, message }
}
