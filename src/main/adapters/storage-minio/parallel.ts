/** Many calls side by side, so and so many at once. */

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
  const failures: unknown[] = []
  let next = 0
  async function worker(): Promise<void> {
    for (let at = next++; at < items.length && !either.aborted; at = next++) {
      try {
        results[at] = await work(items[at] as T, either)
      } catch (error) {
        failures.push(error)
        stop.abort(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  signal.throwIfAborted()
  if (failures.length > 0) throw failures[0]
  return results
}
