import type { Addresses, ServerName } from './addresses.mjs'
import type { KnownProcess } from './processes.mjs'

type Environment = Readonly<Record<string, string | undefined>>
export interface Outcome {
  readonly name: ServerName
  readonly how: 'named' | 'running' | 'started' | 'failed'
  readonly address?: Addresses[ServerName]
  readonly error?: string
}
export interface BringUpOptions {
  readonly env?: Environment
  readonly say?: (sentence: string) => void
  readonly install?: boolean
  readonly signal?: AbortSignal
}
export interface Report {
  readonly name: ServerName
  readonly how: 'named' | 'running' | 'absent' | 'broken'
  readonly address?: Addresses[ServerName]
  readonly processes?: readonly KnownProcess[]
  readonly directory?: string
}
export function bringUp(names: readonly ServerName[], options?: BringUpOptions): Promise<Outcome[]>
export function takeDown(names: readonly ServerName[], options?: { readonly env?: Environment }): Promise<ServerName[]>
export function report(env?: Environment): Report[]
