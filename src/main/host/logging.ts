/** Structured logs on stderr: JSON lines for machines, readable ones for a person at a terminal. */
import { createRequire } from 'node:module'
import pino from 'pino'
import type { Log } from '../core/ports/log'
import type { LogLevelName } from './config'

export type NodeLog = Log

export interface LogOptions {
  readonly level: LogLevelName
  /** Whether a person reads stderr. */
  readonly terminal: boolean
}

export function createLog({ level, terminal }: LogOptions): NodeLog {
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    terminal ? readable() : pino.destination({ dest: 2, sync: true }),
  )
  return (at, message, fields) => logger[at](fields, message)
}

/** Loaded only for a terminal: an edge node never pays for it. */
function readable(): pino.DestinationStream {
  const pretty = createRequire(import.meta.url)('pino-pretty') as (options: object) => pino.DestinationStream
  return pretty({
    destination: 2,
    sync: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'component,action',
    messageFormat: '{component} {action}: {msg}',
  })
}
