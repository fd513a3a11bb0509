/** Which backend serves each port, and how it was when it was last looked at. */
import { type Component, type PortComponent, portComponents } from '../../../shared/component'
import type { ChangeKind } from '../../../shared/plan'
import type { BackendStatus, Mode } from '../../../shared/status'
import type { ComponentResult, Uncertain } from '../reconcile/pass-result'

/** A server of the owner's that serves instead of the embedded backend. */
export interface External {
  /** `MinIO`, `RabbitMQ`, `Weaviate`. */
  readonly server: string
  /** Without credentials. */
  readonly address: string
}

/** By component; absent where the embedded backend serves. */
export type Externals = Readonly<Partial<Record<PortComponent, External>>>

/** What each component came to when it was last looked at. */
export type Results = ReadonlyMap<Component, ComponentResult>

/** An external counts as away until it was looked at: nothing is known of it before. */
export function modeOf(external: External | undefined, result: ComponentResult | undefined): Mode {
  if (external === undefined) return 'local'
  return result === undefined || result.unseen !== undefined ? 'degraded' : 'forward'
}

/** Since when each port has been in its mode. */
export interface ModeTimes {
  /** Take note of how the components stand at `at`. */
  note(results: Results, at: string): void
  since(component: PortComponent): string
}

export function createModeTimes(externals: Externals, startedAt: string): ModeTimes {
  const last = new Map(portComponents.map((name) => [name, { mode: modeOf(externals[name], undefined), since: startedAt }]))
  return {
    note(results, at) {
      for (const name of portComponents) {
        const mode = modeOf(externals[name], results.get(name))
        if (mode !== last.get(name)?.mode) last.set(name, { mode, since: at })
      }
    },
    since: (component) => last.get(component)?.since ?? startedAt,
  }
}

export function backendStatus(external: External | undefined, result: ComponentResult | undefined, since: string): BackendStatus {
  return {
    mode: modeOf(external, result),
    held: false,
    since,
    external: external?.address ?? null,
    last_error: external === undefined ? null : (result?.unseen ?? null),
    backlog: { items: 0, bytes: 0 },
    rate: 0,
    eta_s: null,
    conflicts: 0,
    kept_here: 0,
  }
}

const nouns: Readonly<Partial<Record<ChangeKind, readonly [singular: string, plural: string]>>> = {
  versioning: ['bucket that should keep versions', 'buckets that should keep versions'],
  'lifecycle-rule': ['lifecycle rule', 'lifecycle rules'],
  tag: ['tag', 'tags'],
  policy: ['bucket policy', 'bucket policies'],
  binding: ['binding', 'bindings'],
  'queue-policy': ['policy of a queue', 'policies of queues'],
}

/** `3 lifecycle rules are not enforced by versitygw at http://…: the server has no lifecycle rules.` */
export function uncertainText({ kind, what, count, reason }: Uncertain, external: External | undefined): string {
  const [one, many] = nouns[kind] ?? [kind, `${kind}s`]
  const subject = count === 1 ? `1 ${one}` : `${count} ${many}`
  const where = external === undefined ? 'this computer' : `${external.server} at ${external.address}`
  if (what === 'not-seen') return `${subject} cannot be seen at ${where}: ${reason}.`
  return `${subject} ${count === 1 ? 'is' : 'are'} not enforced by ${where}: ${reason}.`
}

/** What looks found that a server cannot enforce, or cannot show. */
export function uncertainTexts(results: Results, externals: Externals): readonly string[] {
  return portComponents.flatMap((name) => (results.get(name)?.uncertain ?? []).map((one) => uncertainText(one, externals[name])))
}
