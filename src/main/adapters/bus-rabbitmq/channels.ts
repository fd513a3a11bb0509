/** Channels for questions and declarations, on connections that neither publish nor consume: what is refused there harms nobody else. */
import type { Channel } from 'amqplib'
import type { Place } from '../net/trouble'
import { replyCode, toPortError } from './answers'
import { inTime } from './in-time'
import { dropChannel, errorOf, type Line } from './line'
import type { Lines } from './lines'

export interface Channels {
  /**
   * Do `work` on a channel that nobody else uses meanwhile. Rejects with a `PortError` about `resource`, whose cause is what the server
   * said, or with the reason of the signal. A channel on which anything failed is not used again.
   */
  use<T>(vhost: string, resource: string, signal: AbortSignal, work: (channel: Channel) => Promise<T>): Promise<T>
}

/** So many calls at one time; more wait. */
const MOST = 16

export function openChannels(lines: Lines, place: Place, deadlineMs: number): Channels {
  const idle = new WeakMap<Line, Channel[]>()
  const waiting: (() => void)[] = []
  let busy = 0

  async function turn(signal: AbortSignal): Promise<void> {
    if (busy < MOST) {
      busy += 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', abort)
        resolve()
      }
      const abort = () => {
        waiting.splice(waiting.indexOf(begin), 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', abort, { once: true })
      waiting.push(begin)
    })
  }

  function endTurn(): void {
    const next = waiting.shift()
    if (next === undefined) busy -= 1
    else next()
  }

  async function on<T>(line: Line, signal: AbortSignal, work: (channel: Channel) => Promise<T>): Promise<T> {
    const free = idle.get(line) ?? []
    idle.set(line, free)
    const channel = free.pop() ?? (await line.openChannel(signal))
    try {
      const result = await inTime(work(channel), deadlineMs, signal)
      free.push(channel)
      return result
    } catch (error) {
      dropChannel(channel)
      if (signal.aborted && error === signal.reason) throw error
      if (replyCode(error) !== undefined) throw error
      throw errorOf(channel) ?? line.cause() ?? error
    }
  }

  return {
    async use(vhost, resource, signal, work) {
      signal.throwIfAborted()
      await turn(signal)
      try {
        const line = await lines.to(vhost, signal)
        try {
          return await on(line, signal, work)
        } catch (error) {
          throw signal.aborted && error === signal.reason ? error : toPortError(error, resource, place)
        } finally {
          line.release()
        }
      } finally {
        endTurn()
      }
    },
  }
}
