/** What the routes of the data plane are served with, and the refusals that they share. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { issueDetails, UserError } from '../../../shared/errors'
import type { DataPlane } from '../../core/ports/data-plane'
import type { RequestLog } from '../request-log'
import type { IncomingBody } from './body'
import type { PortTraffic } from './traffic'

export interface DataLimits {
  /** How long a client may send nothing of a body, in milliseconds. */
  readonly stallMs: number
  /** How long a client may take nothing of an answer, in milliseconds. */
  readonly readerMs: number
  /** How often a quiet stream of deliveries shows that it is alive, in milliseconds. */
  readonly heartbeatMs: number
  /** Requests worked on at once; one more is `unavailable`. */
  readonly requests: number
  /** Open streams of deliveries; one more is `unavailable`. */
  readonly consumers: number
  /** Bytes of messages and vectors on their way in, of all requests together; a body beyond it is `unavailable`. Objects are never held. */
  readonly heldBytes: number
}

export const defaultDataLimits: DataLimits = {
  stallMs: 60_000,
  readerMs: 300_000,
  heartbeatMs: 15_000,
  requests: 256,
  consumers: 1_000,
  heldBytes: 512 * 1024 * 1024,
}

export interface DataOptions {
  /** The ports, once the node has opened them. Rejects with `not-set-up` where it waits for its set-up. */
  readonly ports: () => Promise<DataPlane>
  readonly limits: DataLimits
  readonly log: RequestLog
}

/** What the handlers of one port are made with. */
export interface PortOptions extends DataOptions {
  readonly traffic: PortTraffic
  /** The body as it comes, held by nobody. */
  streamed(request: FastifyRequest, reply: FastifyReply): IncomingBody
  /** The body of a request that is held in memory until it is answered. */
  held(request: FastifyRequest, reply: FastifyReply): IncomingBody
}

/** What answers a request. */
export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

/** A refusal that a moment later may be none. */
export function busy(reply: FastifyReply, message: string): UserError {
  reply.header('retry-after', '1')
  return new UserError('unavailable', message, { hint: 'Try again in a moment.' })
}

/** `value` as `schema` has it, or a refusal that names the fields at fault. */
export function checked<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const details = issueDetails(result.error)
  const [first] = details
  throw new UserError('invalid', `${what}: ${first?.path ? `${first.path}: ` : ''}${first?.message ?? 'the body is not valid'}`, {
    details,
  })
}
