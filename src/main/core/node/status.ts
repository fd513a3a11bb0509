/** The status surface as a pure function of what the node knows. */
import { type Component, components, type PortComponent, portComponents } from '../../../shared/component'
import type { BackendStatus, ComponentStatus, Role, Status } from '../../../shared/status'
import type { LastApply } from '../ports/journal'
import type { Wish } from '../reconcile/looking'
import type { ComponentResult, PassResult } from '../reconcile/pass-result'
import { backendStatus, type Externals, modeOf, type Results, uncertainTexts } from './backends'

export interface NodeState {
  readonly nodeId: string
  readonly role: Role
  readonly startedAt: string
  /** Since when a port has been in its mode. */
  readonly modeSince: (component: PortComponent) => string
  /** When `converged` last changed. */
  readonly since: string
  readonly wish: Wish | undefined
  readonly revision: number | undefined
  readonly lastPass: PassResult | undefined
  /** What each component came to, in the pass that runs where it has got so far. */
  readonly results: Results
  /** Components whose rows are being applied at this moment. */
  readonly applying: ReadonlySet<Component>
  readonly lastApplies: ReadonlyMap<Component, LastApply>
  /** Why the last pass could not be carried through, in a person's words. */
  readonly trouble: string | undefined
  /** What else deserves a look. */
  readonly warnings: readonly string[]
}

export interface NodeFacts {
  readonly version: string
  readonly dataDir: string
  readonly adapters: Readonly<Record<Component, string>>
  readonly externals: Externals
}

/** Nothing is left that the node can do: the last pass was for this wish, and nothing failed or waits. */
export function isConverged({ wish, lastPass, applying, trouble }: NodeState): boolean {
  if (wish === undefined || lastPass === undefined || trouble !== undefined || applying.size > 0) return false
  return components.every((component) => {
    const result = lastPass.components.get(component)
    return result !== undefined && result.errors.length === 0 && result.generation === wish.generations[component]
  })
}

export function statusOf(state: NodeState, facts: NodeFacts): Status {
  const { lastPass, results, wish } = state
  const anyError = portComponents.some((name) => (results.get(name)?.errors.length ?? 0) > 0)
  const backend = (name: PortComponent): BackendStatus => backendStatus(facts.externals[name], results.get(name), state.modeSince(name))
  const component = (name: Component): ComponentStatus => componentStatus(name, state, facts, name === 'services' && anyError)
  return {
    node_id: state.nodeId,
    version: facts.version,
    role: state.role,
    converged: isConverged(state),
    since: state.since,
    generation: wish?.generations.profile ?? null,
    revision: state.revision ?? null,
    resources: sum([...results.values()], (result) => result.resources),
    data_dir: facts.dataDir,
    started_at: state.startedAt,
    pass: lastPass === undefined ? null : { number: lastPass.number, at: lastPass.at, duration_ms: round(lastPass.durationMs) },
    components: {
      storage: component('storage'),
      broker: component('broker'),
      index: component('index'),
      services: component('services'),
    },
    backends: { storage: backend('storage'), bus: backend('broker'), index: backend('index') },
    warnings: warningsOf(state, facts),
  }
}

function componentStatus(name: Component, state: NodeState, facts: NodeFacts, waits: boolean): ComponentStatus {
  const result = state.results.get(name)
  return {
    status: state.applying.has(name) ? 'applying' : waits || result === undefined ? 'waiting' : statusWord(result),
    generation: result?.generation ?? null,
    at: result?.at ?? null,
    duration_ms: round(result?.durationMs ?? 0),
    adapter: facts.adapters[name],
    mode: name === 'services' ? 'local' : modeOf(facts.externals[name], result),
    changes: result?.changes ?? 0,
    errors: (result?.errors ?? []).map(({ kind, name: resource, code, message }) => ({
      ...(resource === undefined ? {} : { name: kind === undefined ? resource : `${kind} ${resource}` }),
      code,
      message,
    })),
    needs_migration: [...(result?.needsMigration ?? [])],
    last_apply: state.lastApplies.get(name) ?? null,
  }
}

function statusWord(result: ComponentResult): ComponentStatus['status'] {
  if (result.errors.length > 0) return 'error'
  return result.needsMigration.length > 0 ? 'needs-migration' : 'ok'
}

function warningsOf({ trouble, wish, warnings, results }: NodeState, { externals }: NodeFacts): string[] {
  const services = Object.keys(wish?.profile.spec.services ?? {})
  return [
    ...(trouble === undefined ? [] : [trouble]),
    ...warnings,
    ...uncertainTexts(results, externals),
    ...services.map((name) => `Service ${name} is in the profile, but this version does not start services yet.`),
  ]
}

function sum<T>(items: readonly T[], sizeOf: (item: T) => number): number {
  return items.reduce((total, item) => total + sizeOf(item), 0)
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
