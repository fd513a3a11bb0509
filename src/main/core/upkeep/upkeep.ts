/**
 * What a storage server does by itself, done for the embedded storage: its directories are looked through for what a person changed
 * by hand, and what its lifecycle rules say is due is expired.
 */
import { PortError } from '../../../shared/errors'
import { createPassLoop, type PassLoop } from '../discovery/pass-loop'
import type { Clock } from '../ports/clock'
import type { Log } from '../ports/log'
import type { StorageUpkeep, Survey } from '../ports/object-storage'
import type { Tick, Ticks } from '../ports/ticks'
import { judge } from './expiry-clock'

interface UpkeepSettings {
  /** How often the directories are looked through, in milliseconds. */
  readonly surveyMs: number
  /** How often what is due is expired, in milliseconds. */
  readonly expireMs: number
}

export interface UpkeepParts {
  readonly storage: StorageUpkeep
  readonly ticks: Ticks
  readonly clock: Clock
  readonly log: Log
  readonly settings: UpkeepSettings
  /** Told when `warnings` says something else than before. */
  readonly onWarnings: () => void
  /** Told of a mistake in the program. */
  readonly onCrash: (error: unknown) => void
}

export interface Upkeep {
  /** A first survey and a first expiry, then both by themselves. Safe to call again. */
  run(): void
  /** Look through the directories soon, not only when it is time. */
  surveySoon(): void
  /** What deserves a look, in a person's words. */
  warnings(): readonly string[]
  /** What runs is aborted and waited for. */
  stop(): Promise<void>
}

export function createUpkeep({ storage, ticks, clock, log, settings, onWarnings, onCrash }: UpkeepParts): Upkeep {
  const said = { survey: '', expiry: '' }
  let last: { readonly tick: Tick; readonly monotonic: number } | undefined
  let running = false

  function say(about: keyof typeof said, warning: string): void {
    if (said[about] === warning) return
    said[about] = warning
    onWarnings()
  }

  async function survey(signal: AbortSignal): Promise<void> {
    const started = clock.monotonic()
    const found = await storage.survey(signal)
    say('survey', missingText(found))
    if (found.adopted + found.changed === 0) return
    const { adopted, changed } = found
    log('info', `${adopted} files adopted, ${changed} changed by hand`, {
      component: 'storage',
      action: 'survey',
      duration_ms: Math.round(clock.monotonic() - started),
    })
  }

  /** Judged before anything is expired, and stored then: a process that dies in between has seen this time. */
  async function mayExpire(): Promise<boolean> {
    const monotonic = clock.monotonic()
    const reading = { now: clock.now(), passed: last === undefined ? undefined : monotonic - last.monotonic }
    const { tick, trusted, reason } = judge(last?.tick ?? (await ticks.read()), reading)
    await ticks.write(tick)
    last = { tick, monotonic }
    say('expiry', reason === undefined ? '' : `Expiry of objects is paused: ${reason}. It goes on once the clock has run well for a day.`)
    return trusted
  }

  async function expire(signal: AbortSignal): Promise<void> {
    if (!(await mayExpire())) return
    const started = clock.monotonic()
    const at = clock.now()
    let count = 0
    let bytes = 0
    for (let more = true; more; ) {
      const step = await storage.expire(at, signal)
      count += step.count
      bytes += step.bytes
      more = step.more
    }
    if (count === 0) return
    log('info', `${count} objects expired, ${bytes} bytes`, {
      component: 'storage',
      action: 'expire',
      duration_ms: Math.round(clock.monotonic() - started),
    })
  }

  /** A store that fails is told and tried again when it is time. */
  async function attempt(action: string, work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await work(signal)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof PortError)) return onCrash(error)
      log('error', `${action} failed`, { component: 'storage', action, error: `${error.code}: ${error.message}` })
    }
  }

  function loopOf(action: string, work: (signal: AbortSignal) => Promise<void>, intervalMs: number): PassLoop<void> {
    return createPassLoop({ run: (_force, signal) => attempt(action, work, signal), clock, intervalMs, onError: onCrash })
  }
  const surveys = loopOf('survey', survey, settings.surveyMs)
  const expiries = loopOf('expire', expire, settings.expireMs)

  function now(loop: PassLoop<void>): void {
    // Rejects with a stop alone: what the work meets it has told by then.
    loop.request('request').catch(() => undefined)
  }

  return {
    run() {
      if (running) return
      running = true
      for (const loop of [surveys, expiries]) {
        now(loop)
        loop.repeat()
      }
    },
    surveySoon() {
      if (running) now(surveys)
    },
    warnings: () => Object.values(said).filter((warning) => warning !== ''),
    async stop() {
      await Promise.all([surveys.stop(), expiries.stop()])
    },
  }
}

function missingText({ missing: { count, names } }: Survey): string {
  if (count === 0) return ''
  const [first = ''] = names
  const which = count === 1 ? first : `${first} and ${count - 1} more`
  return `${which} ${count === 1 ? 'has' : 'have'} no file any more: removed by hand. Put it back or upload it again; delete the object if it may go.`
}
