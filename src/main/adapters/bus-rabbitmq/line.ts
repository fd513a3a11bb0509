/** One connection to a vhost, and the channels on it. */
import type { Duplex } from 'node:stream'
import amqp, { type Channel, type ChannelModel, type ConfirmChannel } from 'amqplib'
import { PortError } from '../../../shared/errors'
import { timedOut } from '../net/trouble'
import type { Broker } from './address'
import { connectError, lost } from './answers'
import { inTime } from './in-time'

export interface Line {
  readonly vhost: string
  readonly product: ChannelModel['connection']['serverProperties']
  isOpen(): boolean
  /** Why RabbitMQ takes no publishes from this connection at the moment, if it does not. */
  blocked(): string | undefined
  /** Why it was lost. */
  cause(): unknown
  /** Bytes that the network took so far. */
  sent(): number
  /** What is written from now on goes out together, in a moment: amqplib alone makes a call to the system of each frame. */
  gather(): void
  /** A line that nobody holds is closed once another vhost is spoken to. */
  hold(): void
  release(): void
  openChannel(signal?: AbortSignal): Promise<Channel>
  openConfirmChannel(signal?: AbortSignal): Promise<ConfirmChannel>
  /** End it at once, for `reason`. */
  destroy(reason: Error): void
  /** End it in an orderly way, or at once where that does not work within the deadline. */
  close(): Promise<void>
}

/** Seconds between signs of life; a line is given up after two that did not come. */
const HEARTBEAT = 5
/** Deadlines within which a connection is opened: it takes several answers. */
export const OPENING = 2

/** What amqplib keeps to itself: there is no other way to end a connection that no longer answers, or to see that it makes progress. */
function socketOf(model: ChannelModel): Duplex & { readonly bytesWritten?: number } {
  return (model as unknown as { readonly connection: { readonly stream: Duplex } }).connection.stream
}

interface Means {
  readonly deadlineMs: number
  readonly ca: string | undefined
}

/** Rejects as a connection fails. `on` hears when the last who held it let go, and when it was lost. */
export async function openLine(
  broker: Broker,
  vhost: string,
  { deadlineMs, ca }: Means,
  on: { released(line: Line): void; lost(): void },
): Promise<Line> {
  const { host, port, tls, user, password, place } = broker
  const target = {
    protocol: tls ? 'amqps' : 'amqp',
    hostname: host,
    port,
    username: user,
    password,
    vhost: encodeURIComponent(vhost),
    heartbeat: HEARTBEAT,
  }
  let model: ChannelModel
  // amqplib's own deadline starts anew with each byte: what drips would hold the connection, and its end, for ever.
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(timedOut(deadlineMs * OPENING)), deadlineMs * OPENING)
  const options = {
    noDelay: true,
    timeout: deadlineMs,
    clientProperties: { connection_name: 'ThatDAM' },
    // Of the socket, which gets all of these.
    signal: late.signal,
    ...(ca === undefined ? {} : { ca }),
  }
  try {
    model = await amqp.connect(target, options)
  } catch (error) {
    throw connectError(late.signal.aborted ? late.signal.reason : error, { user, vhost, place })
  } finally {
    clearTimeout(timer)
  }

  const socket = socketOf(model)
  let blockedFor: string | undefined
  let open = true
  let cause: unknown
  let users = 0
  let gathering = false
  let closing: Promise<void> | undefined
  model.on('error', (error) => {
    cause ??= error
  })
  model.on('blocked', (reason) => {
    blockedFor = reason
  })
  model.on('unblocked', () => {
    blockedFor = undefined
  })
  model.on('close', (error) => {
    cause ??= error
    open = false
    socket.destroy()
    on.lost()
  })

  async function shutDown(): Promise<void> {
    if (!open) return
    try {
      await inTime(model.close(), deadlineMs)
    } catch (error) {
      socket.destroy(error instanceof Error ? error : undefined)
    }
    socket.destroy()
  }

  /** A connection on which not even a channel opens is of no use to anybody. */
  async function channel<T extends Channel>(opening: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const opened = inTime(opening, deadlineMs, signal).catch((error: unknown) => {
      if (signal?.aborted && error === signal.reason) {
        // It opens all the same, and nobody will close it.
        opening.then(dropChannel, () => undefined)
        throw error
      }
      if (open && error instanceof Error && error.message.startsWith('No channels left')) {
        const message = `${place.server} at ${place.address} allows no more channels on one connection: end some of the streams, or raise channel_max there.`
        throw new PortError('unavailable', message, { cause: error })
      }
      const failure = lost(cause ?? error, place)
      // One that is being closed ends by itself, once the server has answered.
      if (closing === undefined) line.destroy(failure)
      throw failure
    })
    return opened
  }

  const line: Line = {
    vhost,
    product: model.connection.serverProperties,
    isOpen: () => open,
    blocked: () => blockedFor,
    cause: () => cause,
    sent: () => (socket.bytesWritten ?? 0) - socket.writableLength,
    gather() {
      if (gathering) return
      gathering = true
      socket.cork()
      // amqplib hands on in the next round of the event loop what it was given in this one.
      setImmediate(() =>
        setImmediate(() => {
          gathering = false
          socket.uncork()
        }),
      )
    },
    hold() {
      users += 1
    },
    release() {
      users -= 1
      if (users === 0 && open) on.released(line)
    },
    openChannel: (signal) => channel(listening(model.createChannel()), signal),
    openConfirmChannel: (signal) => channel(listening(model.createConfirmChannel()), signal),
    destroy(reason) {
      cause ??= reason
      // amqplib hears of the error and ends every channel.
      socket.destroy(reason)
    },
    close() {
      closing ??= shutDown()
      return closing
    },
  }
  return line
}

const channelErrors = new WeakMap<Channel, unknown>()

/** An error of a channel that nobody listens to would end the connection. Whoever uses the channel hears of its end by `close`. */
async function listening<T extends Channel>(opening: Promise<T>): Promise<T> {
  const channel = await opening
  channel.on('error', (error) => channelErrors.set(channel, error))
  return channel
}

/** What RabbitMQ closed a channel for. */
export function errorOf(channel: Channel): unknown {
  return channelErrors.get(channel)
}

/** Close a channel that is of no more use, without waiting. */
export function dropChannel(channel: Channel): void {
  // It throws, or rejects, where it has closed already.
  void (async () => channel.close())().catch(() => undefined)
}
