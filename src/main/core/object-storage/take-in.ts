/** How a storage takes in the body of a put. */
import { PortError } from '../../../shared/errors'
import { orAborted } from '../or-aborted'
import type { Bytes } from '../ports/object-storage'

/**
 * Give each piece of a body to `take`, one after the other; resolves with the number of bytes. A body that throws rejects `invalid`,
 * or with its own `PortError`; an abort with the signal's reason, even while the body stands still; else what `take` throws. A body
 * that was not read to its end is ended.
 */
export async function takeIn(
  body: Bytes,
  resource: string,
  signal: AbortSignal,
  take: (piece: Uint8Array) => Promise<void>,
): Promise<number> {
  const pieces = body[Symbol.asyncIterator]()
  let size = 0
  let ended = false
  try {
    for (;;) {
      const step = await orAborted(pieces.next(), signal).catch((error: unknown) => {
        if (signal.aborted) throw error
        ended = true
        throw bodyError(error, resource, size)
      })
      if (step.done === true) {
        ended = true
        return size
      }
      await take(step.value)
      size += step.value.byteLength
    }
  } finally {
    // Not awaited: a body that stands still would never answer. And how it ends is of no more interest.
    if (!ended) Promise.resolve(pieces.return?.()).catch(() => undefined)
  }
}

function bodyError(error: unknown, resource: string, size: number): unknown {
  if (error instanceof PortError || error instanceof TypeError) return error
  const why = error instanceof Error ? error.message : String(error)
  return new PortError('invalid', `${resource}: the body failed after ${size} bytes: ${why}`, { cause: error })
}
