/** Messages as the port has them and as amqplib does. */
import type { ConsumeMessage, Options } from 'amqplib'
import { PortError } from '../../../shared/errors'
import type { Delivery, OutgoingMessage } from '../../core/ports/event-bus'
import { historyFrom, historyOf, lastDeathOf } from './deaths'
import { checkName, checkShort } from './names'

/** The port's own limit, far below the 128 MiB of RabbitMQ. */
const MAX_BODY = 16 * 1024 * 1024
/** amqplib encodes the properties of a message into a buffer of 64 KiB; what is not a header needs at most four short strings of it. */
const MAX_HEADERS = 64 * 1024 - 2_048
/** RabbitMQ keeps a time to live in 32 bits. */
export const MAX_TTL_MS = 4_294_967_295
/** Headers in which RabbitMQ looks for further routing keys; text in them is an error that would close the channel for everybody. */
const ROUTING_HEADERS: ReadonlySet<string> = new Set(['CC', 'BCC'])

export interface Outgoing {
  readonly exchange: string
  readonly routingKey: string
  readonly content: Buffer
  readonly options: Options.Publish
}

/** Throws what the port says for a message that cannot be sent, before anything of it is. */
export function outgoing(exchange: string, routingKey: string, message: OutgoingMessage, messageId: string): Outgoing {
  const { body, contentType, headers = {}, ttlMs } = message
  checkName('The name of an exchange', exchange)
  checkShort('The routing key', routingKey)
  checkShort('The idempotency key', messageId)
  if (body.byteLength > MAX_BODY) {
    throw new PortError(
      'too-large',
      `A message for exchange ${JSON.stringify(exchange)} has ${body.byteLength} bytes, and ${MAX_BODY} is the most.`,
    )
  }
  if (ttlMs !== undefined && !(Number.isInteger(ttlMs) && ttlMs >= 0 && ttlMs <= MAX_TTL_MS)) {
    throw new PortError('invalid', `The TTL of a message is an integer of milliseconds from 0 to ${MAX_TTL_MS}, not ${ttlMs}.`)
  }
  if (contentType !== undefined) checkShort('The content type', contentType)
  return {
    exchange,
    routingKey,
    content: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    options: {
      persistent: true,
      // A return tells that no queue was bound, whoever asks.
      mandatory: true,
      messageId,
      headers: outgoingHeaders(headers),
      ...(contentType === undefined ? {} : { contentType }),
      ...(ttlMs === undefined ? {} : { expiration: String(ttlMs) }),
    },
  }
}

function outgoingHeaders(headers: Readonly<Record<string, string>>): Record<string, unknown> {
  const written: Record<string, unknown> = {}
  let bytes = 0
  for (const [name, text] of Object.entries(headers)) {
    if (ROUTING_HEADERS.has(name)) {
      throw new PortError('invalid', `RabbitMQ takes header ${name} for further routing keys: a message cannot carry one of its own.`)
    }
    checkShort('The name of a header', name)
    bytes += name.length + text.length + 6
    // Counted in full only where it could matter.
    if (bytes * 3 > MAX_HEADERS) checkHeaders(headers)
    written[name] = (name === 'x-death' ? historyFrom(text) : undefined) ?? text
  }
  return written
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  const bytes = Object.entries(headers).reduce((sum, [name, text]) => sum + Buffer.byteLength(name) + Buffer.byteLength(text) + 6, 0)
  if (bytes > MAX_HEADERS)
    throw new PortError('too-large', `The headers of a message have ${bytes} bytes, and RabbitMQ takes ${MAX_HEADERS}.`)
}

/** A message that came, under the id it has on its stream. */
export function delivered({ fields, properties, content }: ConsumeMessage, delivery: string): Delivery {
  return {
    delivery,
    exchange: fields.exchange,
    routingKey: fields.routingKey,
    headers: incomingHeaders(properties.headers),
    // Somebody else's message may have none.
    idempotencyKey: typeof properties.messageId === 'string' ? properties.messageId : '',
    redelivered: fields.redelivered,
    contentType: typeof properties.contentType === 'string' ? properties.contentType : 'application/octet-stream',
    body: content,
  }
}

/** Text as it is; numbers and truth values as they are written in JSON; everything else as JSON text. */
function incomingHeaders(headers: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  const read: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (name !== 'x-death') {
      read[name] = textOf(value)
      continue
    }
    const history = historyOf(value)
    if (history !== undefined) Object.assign(read, lastDeathOf(history), ownLastDeath(headers))
    read[name] = history === undefined ? textOf(value) : JSON.stringify(history)
  }
  return read
}

/** What RabbitMQ itself says of the last death goes before what the history tells. */
function ownLastDeath(headers: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  const own = Object.entries(headers ?? {}).filter(([name]) => name.startsWith('x-last-death-'))
  return Object.fromEntries(own.map(([name, value]) => [name, textOf(value)]))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
