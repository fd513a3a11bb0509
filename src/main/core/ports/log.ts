/** Where core says what it does. Constant messages; what varies goes into the fields. */
interface LogFields {
  readonly component: string
  readonly action: string
  readonly name?: string
  readonly attempt?: number
  /** True where the world already was as wished and nothing had to be done. */
  readonly idempotent?: boolean
  readonly generation?: string
  readonly duration_ms?: number
  readonly error?: string
}

type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export type Log = (level: LogLevel, message: string, fields: LogFields) => void
