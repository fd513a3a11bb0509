import type { Addresses, ServerName } from './addresses.mjs'
import type { KnownProcess } from './processes.mjs'

type Environment = Readonly<Record<string, string | undefined>>

export interface StartOptions {
  /** It outlives the process that started it. */
  readonly detached?: boolean
  readonly signal?: AbortSignal
  readonly onProcess?: (processes: readonly KnownProcess[]) => void
  /** Environment variables of the server, over those of the recipe. */
  readonly serverEnv?: Readonly<Record<string, string>>
  /** Further lines of its configuration file, where it has one (RabbitMQ). */
  readonly settings?: readonly string[] | undefined
}

export interface Instance<N extends ServerName = ServerName> {
  readonly directory: string
  readonly processes: readonly KnownProcess[]
  start(options?: StartOptions): Promise<Addresses[N]>
  kill(): Promise<void>
  remove(): Promise<void>
}

export interface Programs {
  /** Undefined while one of them is lacking. */
  find(env: Environment): Readonly<Record<string, string>> | undefined
}

export const recipes: Readonly<Record<ServerName, { readonly portCount: number; readonly programs: Programs }>>
export function createInstance<N extends ServerName>(
  name: N,
  options?: { readonly parent?: string; readonly env?: Environment },
): Promise<Instance<N>>
