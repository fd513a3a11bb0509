/**
 * The node's durable memory: what it set out to do, what came of it, what it told the world, and the profile's revisions.
 *
 * Callers may rely on: what resolved outlives a crash; calls made at the same time share one commit.
 * Adapters may rely on: a step is closed at most once, by the process that opened it; no call follows `close`.
 */
import type { Component } from '../../../shared/component'
import type { BootstrapEvent } from '../../../shared/events'
import type { Action, Backend, ChangeKind } from '../../../shared/plan'

/** Where a resource stands. What this node did in one place says nothing of any other, whatever has the same name there. */
export interface Place {
  readonly backend: Backend
  /** Which server it is, and which area of it, a vhost, say; `''` where there is but one and it has none. */
  readonly address: string
}

/** A mutation about to be made: one resource in one place. */
export interface Step extends Place {
  readonly component: Component
  readonly kind: ChangeKind
  readonly name: string
  readonly action: Action
  readonly generation: string
  /** sha256 of the canonical JSON of the resource as it is wished. */
  readonly desiredHash: string
  /** The same of the resource as it was found; absent where nothing was. */
  readonly foundHash?: string
  /** Whether the resource is not there yet, so that a step which is done has made it. */
  readonly makes: boolean
  /** The pass it belongs to. */
  readonly pass: number
  readonly at: string
}

/** `found`: the process ended before it could say; the next pass looks at the world and decides afresh. */
type Outcome = 'done' | 'failed' | 'found'

export interface Closing {
  readonly outcome: Outcome
  readonly at: string
  readonly attempts: number
  readonly message?: string
  /** The world was as wished already when the step was made: somebody else made the resource. */
  readonly already?: boolean
  /** What went with a resource that was destroyed: of that, too, nothing is remembered any more. */
  readonly forgets?: readonly Resource[]
}

export interface JournalEntry extends Step {
  readonly id: number
  readonly closing: Closing | null
}

export interface LastApply {
  readonly at: string
  readonly changes: number
  readonly generation: string
}

export interface Journal {
  /**
   * Open steps, in one commit. Ids are in the order of `steps`. A resource that is found as a wish of which it was not known whether
   * it came to pass shows that it did, and is remembered so.
   */
  begin(steps: readonly Step[]): Promise<readonly number[]>
  /** Close steps and store the events about them, in one commit. */
  close(closings: readonly { readonly id: number; readonly closing: Closing }[], events: readonly BootstrapEvent[]): Promise<void>
  /** Close as `found` every step that an earlier process left open, and return them. */
  recover(at: string): Promise<readonly JournalEntry[]>
  /** Newest first. */
  entries(limit: number): Promise<readonly JournalEntry[]>
  /** The number of the last pass that wrote something; 0 when none did. */
  lastPass(): Promise<number>
  /** Each component's last pass that changed something. */
  lastApplies(): Promise<ReadonlyMap<Component, LastApply>>
  recordApply(component: Component, apply: LastApply): Promise<void>
  /** Every resource to which this node is known to have done something. */
  remembered(component: Component, place: Place): Promise<readonly Resource[]>
  /**
   * Of deeds that an older version kept without their place: those of a component and a backend that is given here count as done in that
   * place, unless this node did something to the same resource there since. Those of others wait until their place is given.
   */
  settle(places: readonly ComponentPlace[]): Promise<void>

  /** Store events that concern no step. */
  record(events: readonly BootstrapEvent[]): Promise<void>
  /** Events not yet marked as sent, oldest first. */
  unsent(limit: number): Promise<readonly BootstrapEvent[]>
  markSent(eventIds: readonly string[]): Promise<void>
  /** Newest first; with `before`, those older than that event. */
  events(limit: number, before?: string): Promise<readonly BootstrapEvent[]>

  shutdown(): Promise<void>
}

/** What this node did to one resource, by the hashes of its wishes. */
export interface Deeds {
  /** The last wish that it is known to have brought about. */
  readonly done: string | undefined
  /** A later wish that it set out to bring about, of which it is not known whether it came to pass. */
  readonly tried: string | undefined
}

export interface ComponentPlace extends Place {
  readonly component: Component
}

/** One resource of a component in a place. */
export interface Resource {
  readonly kind: ChangeKind
  readonly name: string
}

/** What a plan may ask of the past: reads only, so that planning can hold it. */
export interface JournalView {
  /**
   * What this node itself made and has not destroyed since. Whether each is still there, the world says. A step that a crash cut
   * short counts: it began with the resource missing.
   */
  made(component: Component, place: Place): Promise<readonly Resource[]>
  deeds(component: Component, kind: ChangeKind, name: string, place: Place): Promise<Deeds>
}

/** Leave to carry out one plan that destroys, once. */
export interface Intent {
  readonly id: string
  readonly plan_hash: string
  readonly allow_destructive: true
  readonly acknowledged_by: string
  readonly created_at: string
  readonly expires_at: string
}

export interface IntentOutcome {
  readonly at: string
  /** `refused`: the plan had changed. `interrupted`: the process ended before it could say. */
  readonly status: 'used' | 'refused' | 'failed' | 'interrupted'
  readonly message?: string
}

export interface StoredIntent extends Intent {
  readonly outcome: IntentOutcome | null
}

/** Every intent stays, with what became of it. */
export interface Intents {
  addIntent(intent: Intent): Promise<void>
  /** An intent is closed once. */
  closeIntent(id: string, outcome: IntentOutcome): Promise<void>
  /** Close as `interrupted` what an earlier process left open: an intent is never taken up again. */
  interruptIntents(at: string): Promise<void>
  /** Newest first. */
  intents(limit: number): Promise<readonly StoredIntent[]>
}

export interface StoredRevision {
  readonly revision: number
  readonly at: string
  readonly author: string
  readonly generation: string
  /** The profile as it was written. */
  readonly text: string
}

export interface RevisionsView {
  current(): Promise<StoredRevision | undefined>
  get(revision: number): Promise<StoredRevision | undefined>
  /** Newest first, all of them. */
  list(): Promise<readonly StoredRevision[]>
}

/** The profile's revisions: integers from 1, never rewritten. The highest is the current one. */
export interface Revisions extends RevisionsView {
  add(revision: Omit<StoredRevision, 'revision'>): Promise<StoredRevision>
}
