/** What the main thread and the worker say to each other. An abort does not travel: whoever gave up no longer waits for the answer. */
import type { PortErrorCode } from '../../../shared/errors'
import type { IndexEngine } from './engine'

export type Method = Exclude<keyof IndexEngine, 'supports' | 'authoritative'>

/** `args` are those of the method without its signal. */
export interface Request {
  readonly id: number
  readonly method: Method
  readonly args: readonly unknown[]
}

export type Reply = { readonly id: number } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: PortErrorCode; readonly message: string }
  /** A mistake in the program. */
  | { readonly ok: false; readonly mistake: string }
)
