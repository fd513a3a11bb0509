/** What the main thread and the worker say to each other. */
import type { PortErrorCode } from '../../../shared/errors'
import type { IndexEngine } from './engine'
import type { VectorsOptions } from './vectors'

export type Method = Exclude<keyof IndexEngine, 'supports' | 'authoritative'>

/** `args` are those of the method without its signal. */
export interface Request {
  readonly id: number
  readonly method: Method
  readonly args: readonly unknown[]
}

/** Nobody waits for this answer any more: what has not begun need not. */
export interface Cancel {
  readonly cancel: number
}

export type Reply = { readonly id: number } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: PortErrorCode; readonly message: string; readonly cause: unknown }
  /** A mistake in the program. */
  | { readonly ok: false; readonly mistake: string }
)

export interface WorkerData {
  readonly directory: string
  readonly options: VectorsOptions
}
