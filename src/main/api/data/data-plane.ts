/**
 * The data plane: one stable address at which any local program uses storage, bus and index (contracts §8). Bodies are streamed or
 * bounded, silence is given up on, and what comes beyond a limit is told to try again rather than queued.
 */
import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import { issueDetails, UserError } from '../../../shared/errors'
import type { DataPlane } from '../../core/ports/data-plane'
import { type Consumers, serveMessages } from './messages'
import { serveObjects } from './objects'
import { serveVectors } from './vectors'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Lasts as long as its client does, and is not counted among the requests in flight. */
    stream?: boolean
  }
}

export interface DataLimits {
  /** How long a client may send nothing of a body, in milliseconds. */
  readonly stallMs: number
  /** How long a client may take nothing of an answer, in milliseconds. */
  readonly readerMs: number
  /** How often a quiet stream of deliveries shows that it is alive, in milliseconds. */
  readonly heartbeatMs: number
  /** Requests worked on at once; one more is `unavailable`. */
  readonly requests: number
  /** Open streams of deliveries. */
  readonly consumers: number
}

export const defaultDataLimits: DataLimits = {
  stallMs: 60_000,
  readerMs: 300_000,
  heartbeatMs: 15_000,
  requests: 256,
  consumers: 1_000,
}

export interface DataOptions {
  /** The ports, once the node has opened them. Rejects with `not-set-up` where it waits for its set-up. */
  readonly ports: () => Promise<DataPlane>
  readonly limits: DataLimits
}

export interface DataPlaneServer {
  /** End the streams of deliveries. */
  end(): void
  readonly consumers: () => number
  readonly requests: () => number
}

export async function serveDataPlane(app: FastifyInstance, options: DataOptions): Promise<DataPlaneServer> {
  let inFlight = 0
  let consumers: Consumers | undefined
  await app.register(async (scope) => {
    // Bodies are read by those who want them, as they come, whatever they call themselves.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    scope.addHook('onRequest', async (request, reply) => {
      if (request.routeOptions.config?.stream === true) return
      if (inFlight >= options.limits.requests) {
        reply.headers({ 'retry-after': '1', connection: 'close' })
        throw new UserError('unavailable', `This node works on ${inFlight} requests already.`, { hint: 'Try again in a moment.' })
      }
      inFlight++
      reply.raw.once('close', () => inFlight--)
    })
    serveObjects(scope, options)
    consumers = serveMessages(scope, options)
    serveVectors(scope, options)
  })
  return { end: () => consumers?.end(), consumers: () => consumers?.count() ?? 0, requests: () => inFlight }
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
