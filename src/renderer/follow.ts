/** Stays in touch with the node: reads its notices and, when it goes away, tries again with growing pauses. */
import { type ErrorBody, toErrorBody, UserError } from '../shared/errors'
import type { NodeClient, Notice } from '../shared/node-contract'

/** The code with which a node turns away a browser it does not know. */
const signedOutCode = 'unauthenticated'

const firstPauseMs = 500
const longestPauseMs = 10_000

export interface Listener {
  notice(notice: Notice): void
  /** The node went away or never answered; another attempt follows. */
  lost(error: ErrorBody): void
  /** The node does not know this browser; no attempt follows. */
  signedOut(error: ErrorBody): void
}

/**
 * Tell `listener` what the node says, until `signal` aborts or the node turns this browser away. Never rejects.
 * `pause` waits for so many milliseconds, or less when there is reason to try at once.
 */
export async function follow(
  client: NodeClient,
  listener: Listener,
  pause: (ms: number, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    let error: ErrorBody
    try {
      for await (const notice of client.notices(signal)) {
        failures = 0
        listener.notice(notice)
      }
      error = toErrorBody(new UserError('unavailable', 'The node no longer sends notices.'))
    } catch (thrown) {
      error = toErrorBody(thrown)
    }
    if (signal.aborted) return
    if (error.code === signedOutCode) {
      listener.signedOut(error)
      return
    }
    listener.lost(error)
    await pause(Math.min(firstPauseMs * 2 ** failures, longestPauseMs), signal)
    failures++
  }
}
