/** What happens in the node, for everyone who watches. A watcher that does not keep up loses the oldest events, never a status. */
import type { Notice } from '../../../shared/node-contract'
import type { Status } from '../../../shared/status'

export interface NoticeHub {
  publish(notice: Notice): void
  /** From now on, the current status first. Ends when `signal` aborts or the hub closes. */
  subscribe(signal: AbortSignal): AsyncIterable<Notice>
  close(): void
}

const maxWaiting = 1000

interface Watcher {
  status: Status | undefined
  events: Notice[]
  wake: () => void
}

export function createNoticeHub(currentStatus: () => Promise<Status>): NoticeHub {
  const watchers = new Set<Watcher>()
  let closed = false

  async function* subscribe(signal: AbortSignal): AsyncIterable<Notice> {
    const watcher: Watcher = { status: undefined, events: [], wake: () => {} }
    const onAbort = () => watcher.wake()
    signal.addEventListener('abort', onAbort)
    watchers.add(watcher)
    try {
      const first = await currentStatus()
      watcher.status ??= first
      while (!signal.aborted && !closed) {
        const notice = next(watcher)
        if (notice !== undefined) {
          yield notice
          continue
        }
        await new Promise<void>((resolve) => {
          watcher.wake = resolve
        })
      }
    } finally {
      watchers.delete(watcher)
      signal.removeEventListener('abort', onAbort)
    }
  }

  return {
    subscribe,
    publish(notice) {
      for (const watcher of watchers) {
        if (notice.type === 'status') watcher.status = notice.status
        else if (watcher.events.push(notice) > maxWaiting) watcher.events.shift()
        watcher.wake()
      }
    },
    close() {
      closed = true
      for (const watcher of watchers) watcher.wake()
    },
  }
}

/** The newest status goes before the events that wait: it is what the page must not be wrong about. */
function next(watcher: Watcher): Notice | undefined {
  const { status } = watcher
  if (status === undefined) return watcher.events.shift()
  watcher.status = undefined
  return { type: 'status', status }
}
