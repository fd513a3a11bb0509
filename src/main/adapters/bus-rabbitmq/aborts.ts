/**
 * Many calls that end with one signal. A listener for each would be looked through for every new one, which at a thousand publishes under
 * way costs more than the publishes.
 */
export interface Aborts {
  /** Call `leave` once `signal` aborts. The answer takes it back. */
  watch(signal: AbortSignal, leave: () => void): () => void
}

export function openAborts(): Aborts {
  const watched = new WeakMap<AbortSignal, Set<() => void>>()

  function begin(signal: AbortSignal): Set<() => void> {
    const leaving = new Set<() => void>()
    watched.set(signal, leaving)
    signal.addEventListener('abort', () => {
      for (const leave of leaving) leave()
      leaving.clear()
    })
    return leaving
  }

  return {
    watch(signal, leave) {
      const leaving = watched.get(signal) ?? begin(signal)
      leaving.add(leave)
      return () => leaving.delete(leave)
    },
  }
}
