/** The process around a command, as far as a command may see it: so that a test can stand in for it. */
export type StopSignal = 'SIGINT' | 'SIGTERM'

export interface Terminal {
  /** Where a relative FILE argument starts. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Name of the person at work, for the history of profiles; undefined where the system does not know. */
  readonly user: string | undefined
  /** Whether a person is at the other end of the stream, rather than a program or a file. */
  readonly interactive: { readonly in: boolean; readonly out: boolean; readonly err: boolean }
  /** What the command answers. Dropped once nobody reads any more. */
  out(text: string): void
  /** Bytes of an answer; resolves once there is room for more. */
  write(bytes: Uint8Array): Promise<void>
  /** What is said beside the answer: errors and advice. */
  err(text: string): void
  /** Standard input as it comes; breaks off with an error when `signal` aborts. */
  input(signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Aborts when the reader of standard output has gone, as in `thatdam up | head -1`. */
  readonly readerGone: AbortSignal
  now(): Date
  /** Call `listener` for each signal that asks the process to stop, until the returned function is called. */
  onSignal(listener: (signal: StopSignal) => void): () => void
  /** Leave at once, whatever is open. */
  exit(status: number): void
}
