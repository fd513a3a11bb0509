/** The way that published messages take: a channel with confirms, and one to look for exchanges before the first message goes to them. */
import type { Channel, ConfirmChannel } from 'amqplib'
import { inTime } from './in-time'
import { dropChannel, type Line } from './line'
import type { Lines } from './lines'

export interface Route {
  readonly line: Line
  readonly channel: ConfirmChannel
  isOpen(): boolean
  /** Whether the exchange was there when it was looked for. */
  knows(exchange: string): boolean
  /** Rejects where it is not there. */
  look(exchange: string, deadlineMs: number): Promise<void>
  /** It may be gone. */
  forget(exchange: string): void
  close(): void
}

/** `onReturn` hears the id of each message for which no queue was bound. */
export async function openRoute(lines: Lines, vhost: string, onReturn: (messageId: string) => void): Promise<Route> {
  const line = await lines.to(vhost, new AbortController().signal)
  const channel = await line.openConfirmChannel().catch((error: unknown) => {
    line.release()
    throw error
  })
  /** The default exchange is always there. */
  const known = new Set([''])
  let probe: Channel | undefined
  let open = true
  channel.on('return', ({ properties }) => onReturn(properties.messageId))
  channel.on('close', () => {
    open = false
    line.release()
  })

  return {
    line,
    channel,
    isOpen: () => open,
    knows: (exchange) => known.has(exchange),
    async look(exchange, deadlineMs) {
      probe ??= await line.openChannel()
      const asked = probe
      try {
        await inTime(asked.checkExchange(exchange), deadlineMs)
        known.add(exchange)
      } catch (error) {
        probe = undefined
        dropChannel(asked)
        throw error
      }
    },
    forget(exchange) {
      if (exchange !== '') known.delete(exchange)
    },
    close() {
      if (probe !== undefined) dropChannel(probe)
      if (open) dropChannel(channel)
    },
  }
}
