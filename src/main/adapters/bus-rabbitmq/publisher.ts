/**
 * Publishing over one channel with confirms, in the order of the calls.
 *
 * A publish to an exchange that is not there would close the channel and leave in doubt all that is on its way. So each exchange is
 * looked for once, on a channel of its own, before the first message goes to it; meanwhile the line behind waits. An exchange that is
 * deleted later does close the channel: what was on its way to another one then is `unavailable`, for nobody knows how it ended.
 */
import { PortError } from '../../../shared/errors'
import { exchangeIn } from '../../core/event-bus/words'
import { type Place, timedOut } from '../net/trouble'
import { openAborts } from './aborts'
import { lost, toPortError } from './answers'
import { errorOf } from './line'
import type { Lines } from './lines'
import type { Outgoing } from './messages'
import { openOverdue, type Sent } from './overdue'
import { openRoute, type Route } from './route'
import { silent, undelivered } from './undelivered'

interface Published {
  readonly messageId: string
  readonly routed: boolean
}

interface Entry extends Sent {
  readonly vhost: string
  readonly message: Outgoing
  readonly messageId: string
  /** No queue was bound for it. */
  returned: boolean
  /** Nobody waits for it any more. */
  left: boolean
  settle(outcome: Published | PortError): void
}

export interface Publisher {
  publish(vhost: string, message: Outgoing, messageId: string, signal: AbortSignal): Promise<Published>
  /** An exchange may be gone: look for it again before the next message. */
  forget(exchange: string): void
  /** The vhost that is published to has changed, perhaps: what leads to another is closed once all is done there. */
  keep(vhost: string): void
  /** Waits for what is on its way. */
  close(): Promise<void>
}

/** Messages, and bytes of them, that are on their way at one time. */
const WINDOW = 1_000
const WINDOW_BYTES = 64 * 1024 * 1024
/** Bytes a millisecond that what is under way is taken to move at least: the system takes megabytes at once, and then nobody sees them go. */
const SLOWEST = 1_024
/** A deadline is looked at so many times in its course. */
const TICKS = 4

export function openPublisher(lines: Lines, place: Place, deadlineMs: number): Publisher {
  let waiting: Entry[] = []
  /** Of `waiting`, how many have been taken from its front. */
  let taken = 0
  /** By message id: a return names a message by nothing else, so that one id is on its way only once at a time. */
  const underWay = new Map<string, Entry>()
  let bytes = 0
  let route: Route | undefined
  /** Something is being opened or looked for, and the line waits for it. */
  let preparing: Promise<void> | undefined
  let watch: NodeJS.Timeout | undefined
  let silentTicks = 0
  let sentBefore = 0
  let wanted: string | undefined
  const overdue = openOverdue(TICKS)
  let idle: (() => void) | undefined
  const aborts = openAborts()

  function head(): Entry | undefined {
    for (let next = waiting[taken]; next !== undefined; next = waiting[taken]) {
      if (!next.left) return next
      taken += 1
    }
    clearWaiting()
    return undefined
  }

  function clearWaiting(): void {
    if (waiting.length > 0) waiting = []
    taken = 0
  }

  function pump(): void {
    if (taken > WINDOW) {
      waiting = waiting.slice(taken)
      taken = 0
    }
    while (preparing === undefined) {
      const next = head()
      if (next === undefined) break
      if (route === undefined || !route.isOpen() || route.line.vhost !== next.vhost) {
        // Another vhost has its turn once all is done in this one.
        if (underWay.size === 0) prepare(next, begin(next.vhost), (other) => other.vhost === next.vhost)
        break
      }
      if (underWay.size >= WINDOW || (bytes > 0 && bytes + next.message.content.length > WINDOW_BYTES)) break
      if (underWay.has(next.messageId)) break
      if (!route.knows(next.message.exchange)) {
        const { exchange } = next.message
        prepare(next, route.look(exchange, deadlineMs), (other) => other.vhost === next.vhost && other.message.exchange === exchange)
        break
      }
      taken += 1
      send(route, next)
    }
    if (isIdle()) {
      leaveOthers()
      idle?.()
    }
  }

  function isIdle(): boolean {
    return underWay.size === 0 && head() === undefined && preparing === undefined
  }

  function leaveOthers(): void {
    if (route !== undefined && route.line.vhost !== wanted) dropRoute()
  }

  /** The line waits for `work`. Those in it for whom it is done fail with it. */
  function prepare(first: Entry, work: Promise<void>, concerns: (entry: Entry) => boolean): void {
    preparing = work
      .catch((error: unknown) => {
        const failure = toPortError(error, exchangeIn(first.vhost, first.message.exchange), place)
        for (const entry of waiting.slice(taken).filter(concerns)) {
          entry.settle(failure)
          entry.left = true
        }
      })
      .then(() => {
        preparing = undefined
        pump()
      })
  }

  async function begin(vhost: string): Promise<void> {
    dropRoute()
    route = await openRoute(lines, vhost, (messageId) => {
      const entry = underWay.get(messageId)
      if (entry !== undefined) entry.returned = true
    })
  }

  function dropRoute(): void {
    route?.close()
    route = undefined
  }

  function send({ channel, line }: Route, entry: Entry): void {
    const { exchange, routingKey, content, options } = entry.message
    if (underWay.size === 0) {
      silentTicks = 0
      sentBefore = line.sent()
    }
    overdue.sent(entry)
    underWay.set(entry.messageId, entry)
    bytes += content.length
    watch ??= setInterval(tick, Math.ceil(deadlineMs / TICKS))
    line.gather()
    try {
      channel.publish(exchange, routingKey, content, options, (error: unknown) => {
        finish(entry, error)
        // Where the channel is closing, it does not say so yet.
        if (error === null) pump()
        else queueMicrotask(pump)
      })
    } catch (error) {
      // Nothing of it was written. Either the channel has just gone, or amqplib could not encode it.
      finish(entry, error)
    }
  }

  function finish(entry: Entry, error: unknown): void {
    underWay.delete(entry.messageId)
    bytes -= entry.message.content.length
    silentTicks = 0
    if (error === null) overdue.confirmed(entry)
    if (underWay.size === 0) {
      clearInterval(watch)
      watch = undefined
    }
    entry.settle(
      error === null || error === undefined
        ? { messageId: entry.messageId, routed: !entry.returned }
        : undelivered(entry, error, { place, line: route?.line, closedFor: route && errorOf(route.channel) }),
    )
  }

  function tick(): void {
    if (route === undefined) return
    for (const entry of overdue.tick(underWay.values())) {
      entry.left = true
      entry.settle(lost(timedOut(deadlineMs), place))
    }
    const sent = route.line.sent()
    if (sent !== sentBefore) silentTicks = 0
    sentBefore = sent
    silentTicks += 1
    if (silentTicks <= TICKS * (1 + bytes / (SLOWEST * deadlineMs))) return
    const error = silent(route.line, place, deadlineMs)
    // Whoever stands in line would wait as long again.
    for (const entry of waiting.slice(taken)) entry.settle(error)
    clearWaiting()
    route.line.destroy(error)
  }

  return {
    publish: (vhost, message, messageId, signal) =>
      new Promise((resolve, reject) => {
        const entry: Entry = {
          vhost,
          message,
          messageId,
          returned: false,
          left: false,
          place: 0,
          ticks: 0,
          settle(outcome) {
            stay()
            if (outcome instanceof PortError) reject(outcome)
            else resolve(outcome)
          },
        }
        const stay = aborts.watch(signal, () => {
          entry.left = true
          reject(signal.reason)
        })
        wanted = vhost
        waiting.push(entry)
        pump()
      }),
    forget: (exchange) => route?.forget(exchange),
    keep(vhost) {
      wanted = vhost
      lines.keep(vhost)
      if (isIdle()) leaveOthers()
    },
    async close() {
      if (!isIdle()) {
        await new Promise<void>((resolve) => {
          idle = resolve
        })
      }
      dropRoute()
    },
  }
}
