/** A node that is set up: holds the wish, runs the passes, and answers the calls that have an effect. */
import type { Cluster } from '../../../shared/cluster'
import type { Component } from '../../../shared/component'
import { PortError, UserError } from '../../../shared/errors'
import type { BootstrapEvent } from '../../../shared/events'
import type { ApplyResult } from '../../../shared/plan'
import type { Outbox } from '../discovery/outbox'
import { createPassLoop, type Trigger } from '../discovery/pass-loop'
import { type Clock, isoNow } from '../ports/clock'
import type { Intents, Journal, LastApply, Revisions, StoredRevision } from '../ports/journal'
import type { Log } from '../ports/log'
import type { Applier, Destroyer, Planner } from '../reconcile/declaration'
import { createEngine, type EngineSettings, type PassOptions } from '../reconcile/engine'
import type { Wish } from '../reconcile/looking'
import type { ComponentResult, PassResult } from '../reconcile/pass-result'
import { applyResultOf } from './apply-result'
import { createModeTimes } from './backends'
import type { Handlers } from './handlers'
import { type Acknowledgement, underIntent } from './intents'
import type { NoticeHub } from './notices'
import { requireRevision, revisionOf } from './queries'
import { isConverged, type NodeFacts, type NodeState, statusOf } from './status'
import { type ProfileText, readRevision, wishOf } from './wish'

export interface NodeParts {
  readonly cluster: Cluster
  readonly planners: readonly Planner[]
  readonly appliers: readonly Applier[]
  readonly destroyers: readonly Destroyer[]
  readonly intents: Intents
  readonly journal: Journal
  readonly revisions: Revisions
  readonly outbox: Outbox
  readonly clock: Clock
  readonly log: Log
  readonly settings: EngineSettings
  readonly facts: NodeFacts
  readonly builtInProfile: string
  readonly startedAt: string
  readonly hub: NoticeHub
  /** Told of what nobody can answer for: a mistake in the program. */
  readonly onCrash: (error: unknown) => void
  /** What else deserves a look, in a person's words. */
  readonly warnings?: () => readonly string[]
  /** Told when somebody asked for a pass, which looks at everything anew. */
  readonly onFullLook?: () => void
}

export interface Node {
  readonly commands: Pick<Handlers, 'status' | 'apply' | 'setProfile' | 'rollback'>
  /** The vhost of the wish in force. */
  readonly vhost: () => string
  /** A first pass, then passes by themselves. Resolves after the first. Safe to call again. */
  run(): Promise<void>
  /** Tell the status again: something in it has changed that the node did not do itself. */
  announce(): void
  /** The running pass is aborted and waited for. */
  stop(): Promise<void>
}

/** Takes up where the last process left: closes the steps it left open, reads the current revision (the built-in one becomes the first). */
export async function createNode(parts: NodeParts): Promise<Node> {
  const { journal, revisions, clock, log, hub, facts } = parts
  const found = await journal.recover(isoNow(clock))
  await parts.intents.interruptIntents(isoNow(clock))
  for (const { component, action, kind, name } of found) {
    log('warn', 'step found open after a restart', { component, action, name: `${kind} ${name}` })
  }

  let revision = (await revisions.current()) ?? (await addRevision(parts, { text: parts.builtInProfile }, 'built-in'))
  let lastPass: PassResult | undefined
  let lastApplies: ReadonlyMap<Component, LastApply> = await journal.lastApplies()
  let { wish, trouble } = readRevision(revision)
  if (wish !== undefined) {
    const { profile } = wish
    await journal.settle(parts.appliers.map(({ component, placeOf }) => ({ component, ...placeOf(profile) })))
  }
  let since = parts.startedAt
  let convergedBefore = false
  const applying = new Set<Component>()
  const results = new Map<Component, ComponentResult>()
  const modes = createModeTimes(facts.externals, parts.startedAt)

  const state = (): NodeState => ({
    nodeId: parts.cluster.node_id,
    role: parts.cluster.role,
    startedAt: parts.startedAt,
    modeSince: modes.since,
    since,
    wish,
    revision: revision.revision,
    lastPass,
    results,
    applying,
    lastApplies,
    trouble,
    warnings: parts.warnings?.() ?? [],
  })

  function announce(): void {
    modes.note(results, isoNow(clock))
    const converged = isConverged(state())
    if (converged !== convergedBefore) since = isoNow(clock)
    convergedBefore = converged
    hub.publish({ type: 'status', status: statusOf(state(), facts) })
  }

  function flushEvents(): void {
    parts.outbox.flush().catch(parts.onCrash)
  }

  const engine = createEngine({
    nodeId: parts.cluster.node_id,
    planners: parts.planners,
    appliers: parts.appliers,
    destroyers: parts.destroyers,
    journal,
    clock,
    log,
    settings: parts.settings,
    lastPass: await journal.lastPass(),
    onEvents(events: readonly BootstrapEvent[]) {
      for (const event of events) hub.publish({ type: 'event', event })
    },
    onApplying(component) {
      applying.add(component)
      announce()
    },
    onApplied(component, result) {
      const isNews = applying.delete(component) || !results.has(component)
      results.set(component, result)
      if (isNews) announce()
    },
  })

  async function pass(force: boolean, signal: AbortSignal): Promise<PassResult> {
    if (wish !== undefined) return passFor(wish, { force }, signal)
    announce()
    throw noProfile()
  }

  async function passFor(mine: Wish, options: PassOptions, signal: AbortSignal): Promise<PassResult> {
    try {
      lastPass = await engine.pass(mine, options, signal)
      trouble = undefined
      if (lastPass.applied > 0) lastApplies = await journal.lastApplies()
      logPass(lastPass, mine)
      return lastPass
    } catch (error) {
      // The node's own journal refused: the disk is full, say. The next pass tries again.
      if (error instanceof PortError) {
        trouble = `The last pass could not be carried through: ${error.message}`
        log('error', 'pass failed', { component: 'node', action: 'pass', generation: mine.generations.profile, error: error.message })
      }
      throw error
    } finally {
      applying.clear()
      announce()
      flushEvents()
    }
  }

  function logPass({ applied, plan, durationMs }: PassResult, { generations }: Wish): void {
    const fields = { component: 'node', action: 'pass', generation: generations.profile, duration_ms: Math.round(durationMs) }
    log(applied > 0 ? 'info' : 'debug', 'pass ended', { ...fields, idempotent: plan.summary.create + plan.summary.update === 0 })
  }

  const loop = createPassLoop({
    run: pass,
    clock,
    intervalMs: parts.settings.driftIntervalMs,
    onError(error) {
      if (!(error instanceof PortError)) parts.onCrash(error)
    },
  })

  /** Revisions are added one after the other, so that the highest is always the one in force. */
  let adopting: Promise<unknown> = Promise.resolve()
  function adopt(profile: ProfileText, author: string): Promise<StoredRevision> {
    const mine = adopting.then(() => adoptNow(profile, author))
    adopting = mine.catch(() => undefined)
    return mine
  }

  /** The text becomes the current revision, unless it already is. */
  async function adoptNow(profile: ProfileText, author: string): Promise<StoredRevision> {
    refuseMember()
    // A text that is in force has been read already.
    if (wish !== undefined && profile.text === revision.text) return revision
    const next = wishOf(profile)
    revision = await addRevision(parts, profile, author, next)
    wish = next
    trouble = undefined
    announce()
    return revision
  }

  /** Apply with leave to destroy. The profile becomes the current revision only once the plan is found to be the acknowledged one. */
  async function destroy(profile: ProfileText | undefined, acknowledged: Acknowledgement): Promise<ApplyResult> {
    refuseMember()
    const given = profile === undefined ? undefined : wishOf(profile)
    const result = await underIntent(
      parts,
      acknowledged,
      async () => {
        if (profile !== undefined) await adopt(profile, acknowledged.by)
      },
      (leave) =>
        loop.alone((signal) => {
          const wanted = given ?? wish
          if (wanted === undefined) throw noProfile()
          return passFor(wanted, { force: true, leave }, signal)
        }),
    )
    return applyResultOf(result, isConverged(state()), facts.externals)
  }

  function noProfile(): PortError {
    return new PortError('invalid', trouble ?? 'there is no profile')
  }

  function refuseMember(): void {
    if (parts.cluster.role !== 'member') return
    const supervisor = parts.cluster.supervisor?.url ?? 'its supervisor'
    throw new UserError('member', `This node is a member: its profile comes from ${supervisor}.`, {
      hint: `Change the profile at ${supervisor}.`,
    })
  }

  function wake(trigger: Trigger): void {
    loop.request(trigger).catch((error: unknown) => {
      if (!(error instanceof PortError) && !stopped) parts.onCrash(error)
    })
  }
  let stopped = false

  let firstPass: Promise<void> | undefined
  async function begin(): Promise<void> {
    flushEvents()
    await loop.request('request').catch((error: unknown) => {
      if (!(error instanceof PortError)) throw error
    })
    loop.repeat()
  }

  return {
    vhost: () => wish?.profile.spec.broker.vhost ?? '/',
    commands: {
      status: async () => statusOf(state(), facts),
      async apply({ profile, author = 'unknown', acknowledge, confirm = [] }) {
        if (acknowledge !== undefined) return destroy(profile, { hash: acknowledge, by: author, confirmed: confirm })
        if (profile !== undefined) await adopt(profile, author)
        parts.onFullLook?.()
        let applied = 0
        for (;;) {
          const mine = wish
          const result = await loop.request('request')
          applied += result.applied
          // Whoever changed the profile meanwhile, the answer is about the one that is in force.
          if (wish !== mine) continue
          return applyResultOf({ ...result, applied }, isConverged(state()), facts.externals)
        }
      },
      async setProfile({ profile, author }) {
        const stored = await adopt(profile, author ?? 'unknown')
        wake('profile')
        return revisionOf(stored, revision.revision)
      },
      async rollback({ revision: number, author }) {
        const old = await requireRevision(revisions, number)
        if (old.revision === revision.revision) {
          throw new UserError('invalid', `Revision ${number} is the current one already.`, {
            hint: 'See `thatdam profile history` for the others.',
          })
        }
        const stored = await adopt({ text: old.text, file: `revision ${number}` }, author ?? 'unknown')
        wake('profile')
        return revisionOf(stored, revision.revision)
      },
    },
    run: () => (firstPass ??= begin()),
    announce,
    async stop() {
      stopped = true
      await loop.stop()
      await parts.outbox.flush()
      await parts.outbox.stop()
    },
  }
}

async function addRevision(
  { revisions, clock }: NodeParts,
  profile: ProfileText,
  author: string,
  wish = wishOf(profile),
): Promise<StoredRevision> {
  return revisions.add({ at: isoNow(clock), author, generation: wish.generations.profile, text: profile.text })
}
