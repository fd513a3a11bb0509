/** The page's real time. */
import type { Model, Time } from './model'

export const realTime: Time = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      function done(): void {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    }),
}

/** Move the model's clock on each second while somebody can see it, and look for a lost node when the page comes back into view. */
export function keepTime(model: Model): void {
  setInterval(() => {
    if (!document.hidden) model.tick()
  }, 1_000)
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return
    model.tick()
    model.retryNow()
  })
}
