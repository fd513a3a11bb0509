/**
 * When the next pass is. A trigger carries no payload (the pass reads the world), so equal triggers coalesce: however many
 * arrive while a pass runs, one more pass answers them all. Passes never overlap.
 */
import type { Clock } from '../ports/clock'

/** `tick`: time has passed. `profile`: the wish changed. `request`: somebody asked, and wants a fresh look. */
export type Trigger = 'tick' | 'profile' | 'request'

export interface PassLoop<R> {
  /** Ask for a pass. Resolves or rejects with the first one that begins after this call. */
  request(trigger: Trigger): Promise<R>
  /** Run a pass of another make, which answers nobody but its caller, when no other runs. */
  alone<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Begin to repeat by itself, each time `intervalMs` plus up to a fifth after the last pass. */
  repeat(): void
  /** No pass begins any more; the running one is aborted, and waited for. */
  stop(): Promise<void>
}

export interface PassLoopParts<R> {
  readonly run: (force: boolean, signal: AbortSignal) => Promise<R>
  readonly clock: Clock
  readonly intervalMs: number
  /** Told of a repeated pass that threw, for which nobody else is waiting. */
  readonly onError: (error: unknown) => void
}

interface Waiting<R> {
  force: boolean
  readonly resolve: ((result: R) => void)[]
  readonly reject: ((error: unknown) => void)[]
}

export function createPassLoop<R>({ run, clock, intervalMs, onError }: PassLoopParts<R>): PassLoop<R> {
  const stopping = new AbortController()
  let waiting: Waiting<R> | undefined
  const single: (() => Promise<void>)[] = []
  let running: Promise<void> | undefined
  let timer: AbortController | undefined
  let repeating = false

  async function drain(): Promise<void> {
    while (waiting !== undefined || single.length > 0) {
      const batch = waiting
      waiting = undefined
      if (batch !== undefined) await runFor(batch)
      await single.shift()?.()
    }
    running = undefined
    schedule()
  }

  async function runFor({ force, resolve, reject }: Waiting<R>): Promise<void> {
    try {
      stopping.signal.throwIfAborted()
      const result = await run(force, stopping.signal)
      for (const tell of resolve) tell(result)
    } catch (error) {
      for (const tell of reject) tell(error)
    }
  }

  function request(trigger: Trigger): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (stopping.signal.aborted) {
        reject(stopping.signal.reason)
        return
      }
      waiting ??= { force: false, resolve: [], reject: [] }
      waiting.force ||= trigger === 'request'
      waiting.resolve.push(resolve)
      waiting.reject.push(reject)
      timer?.abort()
      running ??= drain()
    })
  }

  function alone<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      single.push(async () => {
        try {
          stopping.signal.throwIfAborted()
          resolve(await work(stopping.signal))
        } catch (error) {
          reject(error)
        }
      })
      timer?.abort()
      running ??= drain()
    })
  }

  function schedule(): void {
    if (!repeating || stopping.signal.aborted) return
    timer?.abort()
    const mine = new AbortController()
    timer = mine
    // Jitter keeps the passes of many nodes apart.
    clock.sleep(intervalMs * (1 + clock.random() / 5), mine.signal).then(
      () => request('tick').catch((error: unknown) => (stopping.signal.aborted ? undefined : onError(error))),
      () => undefined,
    )
  }

  return {
    request,
    alone,
    repeat() {
      repeating = true
      if (running === undefined) schedule()
    },
    async stop() {
      stopping.abort(new Error('the node is stopping'))
      timer?.abort()
      await running
    },
  }
}
