/** What AMQP can carry as a name. */
import { PortError } from '../../../shared/errors'

/** AMQP writes the length of a short string into one byte. */
const MAX_SHORT = 255
/** A UTF-16 unit is at most three bytes of UTF-8, so that most names need no counting. */
const SURELY_SHORT = 85

/** RabbitMQ takes line ends out of the name of a queue or an exchange that it declares, and would make another one. */
export function checkName(what: string, name: string): void {
  if (/[\r\n]/.test(name)) throw new PortError('invalid', `${what} holds a line end, which RabbitMQ does not keep: ${JSON.stringify(name)}`)
  checkShort(what, name)
}

/** Refuse what amqplib would fail to write down: it would leave the channel waiting for ever. */
export function checkShort(what: string, text: string): void {
  if (text.length <= SURELY_SHORT || Buffer.byteLength(text) <= MAX_SHORT) return
  throw new PortError('invalid', `${what} is longer than the ${MAX_SHORT} bytes that AMQP can carry: ${JSON.stringify(text.slice(0, 40))}…`)
}
