/** Many calls side by side, so and so many at once. */
import { parallel } from '../../core/parallel'

/** The results in the order of the items. The first failure stops the others, and is what this rejects with once they have ended. */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const results: R[] = []
  await parallel([...items.entries()], atOnce, async ([at, item]) => {
    if (either.aborted) return false
    try {
      results[at] = await work(item, either)
    } catch (error) {
      stop.abort(error)
    }
    return true
  })
  signal.throwIfAborted()
  stop.signal.throwIfAborted()
  return results
}
