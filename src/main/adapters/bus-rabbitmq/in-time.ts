/** Waiting for an answer, but not for ever and not for somebody who left. */
import { timedOut } from '../net/trouble'

/** Settles as `work` does; rejects with the reason of the signal once that aborts, and with the error of a deadline after `deadlineMs`. */
export function inTime<T>(work: Promise<T>, deadlineMs: number, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(timedOut(deadlineMs))), deadlineMs)
    const abort = () => end(() => reject(signal?.reason))
    function end(settle: () => void): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      settle()
    }
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
    work.then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    )
  })
}

/** The same without a deadline, for `work` that has its own. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
