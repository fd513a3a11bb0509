import type { KnownProcess } from './processes.mjs'

type Environment = Readonly<Record<string, string | undefined>>
export interface LauncherOptions {
  readonly directory: string
  readonly detached: boolean
  readonly onProcess: (one: KnownProcess) => void
  readonly signal?: AbortSignal
  readonly env?: Environment
  readonly deadlineMs?: number
}
export interface Launcher {
  launch(program: string, args: readonly string[], env?: Environment): void
  run(program: string, args: readonly string[], env?: Environment): Promise<string>
  until(isReady: () => Promise<boolean>): Promise<void>
}
export function launcher(options: LauncherOptions): Launcher
