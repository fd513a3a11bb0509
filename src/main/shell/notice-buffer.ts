/**
 * Notices on their way to the window, at a bounded rate. A first apply of a thousand resources makes a thousand events in a
 * moment; the window gets them in batches. A status replaces the one before it, since only the newest is true.
 */
import type { NoticeBatch } from '../../shared/bridge'
import type { ErrorBody } from '../../shared/errors'
import type { Notice } from '../../shared/node-contract'

/** The shortest time between two batches, in milliseconds: shorter than a person can tell from at once. */
const intervalMs = 50
/** The most events a batch holds. More than the page ever shows; the node's journal has them all. */
const limit = 500

export interface NoticeBuffer {
  add(notice: Notice): void
  /** Send what waits, then `error` as the last word. */
  end(error: ErrorBody): void
  /** Drop what waits and send nothing more. */
  stop(): void
}

export function noticeBuffer(send: (batch: NoticeBatch) => void): NoticeBuffer {
  let events: Notice[] = []
  let status: Notice | undefined
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    const batch = status === undefined ? events : [...events, status]
    events = []
    status = undefined
    if (batch.length > 0) send({ ok: true, value: batch })
  }

  function rest(): void {
    timer = setTimeout(() => {
      timer = undefined
      if (events.length === 0 && status === undefined) return
      flush()
      rest()
    }, intervalMs)
  }

  function stop(): void {
    clearTimeout(timer)
    timer = undefined
    events = []
    status = undefined
  }

  return {
    add(notice) {
      if (notice.type === 'status') status = notice
      else events.push(notice)
      if (events.length > limit) events.shift()
      if (timer !== undefined) return
      flush()
      rest()
    },
    end(error) {
      flush()
      stop()
      send({ ok: false, error })
    },
    stop,
  }
}
