/** What the descriptions of commands share. */
import type { Context } from './context'

/** Do the work of a command. `file` is its FILE argument; `streams` says that it answers in lines rather than at once. */
export type Run = (
  command: { readonly file?: string | undefined; readonly streams?: boolean },
  work: (context: Context) => Promise<number>,
) => Promise<void>

/** Collects the values of an option that may be given again. */
export const many = (value: string, before: readonly string[] = []): string[] => [...before, value]
