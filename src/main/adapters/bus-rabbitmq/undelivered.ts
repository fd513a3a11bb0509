/** Why a message that was on its way did not arrive, or may not have. */
import { PortError } from '../../../shared/errors'
import { exchangeIn } from '../../core/event-bus/words'
import { type Place, timedOut } from '../net/trouble'
import { lost, replyCode, replyText, toPortError } from './answers'
import type { Line } from './line'
import type { Outgoing } from './messages'

/** What is known of the way it took. */
interface Way {
  readonly place: Place
  readonly line: Line | undefined
  /** What RabbitMQ closed the channel for, if it did. */
  readonly closedFor: unknown
}

/** `error` is what amqplib says: of a channel that was closed nothing but that, whichever message it was for. */
export function undelivered(
  { vhost, message }: { readonly vhost: string; readonly message: Outgoing },
  error: unknown,
  { place, line, closedFor }: Way,
): PortError {
  const { exchange, content } = message
  const to = exchangeIn(vhost, exchange)
  if (error instanceof Error && error.message === 'message nacked') {
    return new PortError('unavailable', `RabbitMQ did not take a message for ${to}: a queue is full or failing.`, { cause: error })
  }
  if (error instanceof RangeError) {
    return new PortError('too-large', `The headers of a message for ${to} are too large.`, { cause: error })
  }
  if (replyCode(closedFor) === undefined) return lost(line?.cause() ?? error, place)
  const text = replyText(closedFor)
  if (text.includes(`exchange '${exchange}' in vhost`)) return toPortError(closedFor, to, place)
  if (text.includes(`message size ${content.length} `)) {
    return new PortError('too-large', `RabbitMQ refused a message for ${to}: ${text}.`, { cause: closedFor })
  }
  const doubt = `It is not known whether a message for ${to} arrived: RabbitMQ closed the channel because of another (${text}).`
  return new PortError('unavailable', doubt, { cause: closedFor })
}

/** Nothing moved for the whole deadline. */
export function silent(line: Line, place: Place, deadlineMs: number): PortError {
  const reason = line.blocked()
  if (reason === undefined) return lost(timedOut(deadlineMs), place)
  return new PortError(
    'unavailable',
    `RabbitMQ at ${place.address} blocks publishers (${reason}): free memory or disk space at the server.`,
  )
}
