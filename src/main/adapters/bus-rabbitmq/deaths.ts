/**
 * The history of a dead letter. RabbitMQ keeps it in a header of tables, `x-death`; the port has it as JSON text.
 */

/** As much as is known of one death: the fields of RabbitMQ, `time` in seconds since the epoch. */
interface Death {
  readonly queue: string
  readonly reason: string
  readonly exchange: string
  readonly 'routing-keys': readonly string[]
  readonly count: number
  readonly time: number
}

/** How amqplib writes a timestamp. */
interface Timestamp {
  readonly '!': 'timestamp'
  readonly value: number
}

function isTimestamp(value: unknown): value is Timestamp {
  return typeof value === 'object' && value !== null && '!' in value && value['!'] === 'timestamp'
}

/** Newest first, as they come. Undefined for what is no history. */
export function historyOf(header: unknown): readonly (Partial<Death> & { readonly [name: string]: unknown })[] | undefined {
  if (!Array.isArray(header) || !header.every((one) => typeof one === 'object' && one !== null && !Array.isArray(one))) return undefined
  return header.map((one: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(one).map(([name, value]) => [name, isTimestamp(value) ? value.value : value])),
  )
}

/**
 * RabbitMQ says from 4.0 on what a message died of last; before, the newest entry of the history does. Its exchange is where the message
 * came from the first time that it died so, which for a repeated death need not be the last one.
 */
export function lastDeathOf(history: readonly Partial<Death>[]): Record<string, string> {
  const [newest] = history
  const { reason, queue, exchange, count } = newest ?? {}
  if (typeof reason !== 'string' || typeof queue !== 'string') return {}
  const from = typeof exchange === 'string' && count === 1 ? { 'x-last-death-exchange': exchange } : {}
  return { 'x-last-death-reason': reason, 'x-last-death-queue': queue, ...from }
}

/**
 * A history from the text of the port, so that whoever publishes a dead letter again passes it on. Undefined for other text, and for a
 * history with fields that amqplib might fail to write.
 */
export function historyFrom(text: string): readonly object[] | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(parsed) || parsed.length === 0 || !parsed.every(isDeath)) return undefined
  return parsed.map(({ time, ...rest }) => ({ ...rest, time: { '!': 'timestamp', value: time } }))
}

function isDeath(one: unknown): one is Death {
  if (typeof one !== 'object' || one === null) return false
  const { queue, reason, exchange, count, time, 'routing-keys': keys, ...others } = one as Partial<Record<keyof Death, unknown>>
  return (
    Object.values(others).every(isPlain) &&
    [queue, reason, exchange].every((name) => typeof name === 'string') &&
    [count, time].every((number) => Number.isSafeInteger(number) && Number(number) >= 0) &&
    Array.isArray(keys) &&
    keys.every((key) => typeof key === 'string')
  )
}

/** As RabbitMQ's own further fields are, `original-expiration` for one. */
function isPlain(field: unknown): boolean {
  return typeof field === 'string' || typeof field === 'boolean' || Number.isSafeInteger(field)
}
