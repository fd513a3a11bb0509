export interface KnownProcess {
  readonly pid: number
  readonly started: string
}
export function identify(pid: number): KnownProcess | undefined
export function isAlive(one: KnownProcess): boolean
export function signal(one: KnownProcess, name: NodeJS.Signals): boolean
export function end(processes: readonly KnownProcess[], options?: { readonly patienceMs?: number }): Promise<void>
