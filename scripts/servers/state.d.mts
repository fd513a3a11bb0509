import type { Addresses, ServerName } from './addresses.mjs'
import type { KnownProcess } from './processes.mjs'

export interface Entry<N extends ServerName = ServerName> {
  readonly address: Addresses[N]
  /** What it keeps, gone with it. */
  readonly directory: string
  readonly processes: readonly KnownProcess[]
  readonly ready: boolean
}
export type State = { readonly [N in ServerName]?: Entry<N> }
type Environment = Readonly<Record<string, string | undefined>>
export function cacheDirectory(env?: Environment): string
export function readState(env?: Environment): State
export function writeState(state: State, env?: Environment): void
export function isRunning(entry: Entry | undefined): boolean
export function runningAddresses(env?: Environment): Partial<Addresses>
