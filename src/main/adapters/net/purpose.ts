/** How long a call may take in all, whatever it is that answers. */
import type { ClientRequest } from 'node:http'
import { timedOut } from './trouble'

/**
 * What a call is for. One with `data` may take as long as it makes progress: how much there is, its caller decides. One of `control`, a
 * look at the server or a change of its shape, also has to end: somebody waits for it, and what answers a byte a second would hold him for ever.
 */
export type Purpose = 'data' | 'control'

/** Deadlines that a call of `control` may take in all, and what the bytes of its answer add to that. */
const patience = 4
/** Bytes a millisecond: 64 KiB a second, which a server that lists a hundred thousand things exceeds also over a poor line. */
const slowest = 64

/**
 * Gives up a call of `control` that took more than its deadlines and the time in which even a slow line carries what came so far. The
 * time that it waits for a connection to become free does not count. To be called before the request has one.
 */
export function watchWhole(outgoing: ClientRequest, deadlineMs: number, giveUp: (error: Error) => void): void {
  outgoing.once('socket', (socket) => {
    const before = socket.bytesRead
    let timer: NodeJS.Timeout
    let granted = 0
    const grant = (more: number) => {
      granted += more
      // Where this process itself was busy for so long, what has arrived meanwhile is taken in first.
      timer = setTimeout(() => setImmediate(judge), more)
    }
    const judge = () => {
      if (outgoing.destroyed) return
      const due = patience * deadlineMs + (socket.bytesRead - before) / slowest
      if (due - granted >= 1) grant(due - granted)
      else giveUp(timedOut(granted, 'whole answer'))
    }
    grant(patience * deadlineMs)
    outgoing.once('close', () => clearTimeout(timer))
  })
}
