/**
 * The data plane: one stable address at which any local program uses storage, bus and index (contracts §8). Bodies are streamed or
 * bounded, silence is given up on, and what comes beyond a limit is told to try again rather than queued.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { issueDetails, UserError } from '../../../shared/errors'
import type { DataPlane } from '../../core/ports/data-plane'
import type { RequestLog } from '../request-log'
import { type IncomingBody, incomingBody, letGoOfBody } from './body'
import { type Consumers, serveMessages } from './messages'
import { serveObjects } from './objects'
import { countTraffic, dataPorts, type PortFigures, type PortTraffic } from './traffic'
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

/** What the routes of one port are served with. */
export interface PortOptions extends DataOptions {
  readonly traffic: PortTraffic
  /** The body as it comes, held by nobody. */
  streamed(request: FastifyRequest, reply: FastifyReply): IncomingBody
  /** The body of a request that is held in memory until it is answered. */
  held(request: FastifyRequest, reply: FastifyReply): IncomingBody
}

export interface DataPlaneServer {
  /** End the streams of deliveries. */
  end(): void
  readonly consumers: () => number
  readonly requests: () => number
  readonly traffic: () => readonly PortFigures[]
}

export async function serveDataPlane(app: FastifyInstance, options: DataOptions): Promise<DataPlaneServer> {
  const { limits } = options
  const traffic = { storage: countTraffic('storage'), bus: countTraffic('bus'), index: countTraffic('index') }
  let inFlight = 0
  let heldBytes = 0
  let consumers: Consumers | undefined

  const portOptions = (port: keyof typeof traffic): PortOptions => ({
    ...options,
    traffic: traffic[port],
    streamed: (request, reply) => incomingBody(request, reply, { stallMs: limits.stallMs, received: traffic[port].received }),
    held(request, reply) {
      let own = 0
      reply.raw.once('close', () => {
        heldBytes -= own
      })
      const received = (bytes: number) => {
        traffic[port].received(bytes)
        own += bytes
        heldBytes += bytes
        if (heldBytes > limits.heldBytes) throw busy(reply, `This node holds ${heldBytes} bytes of other requests already.`)
      }
      return incomingBody(request, reply, { stallMs: limits.stallMs, received })
    },
  })

  const serve = (scope: FastifyInstance, port: keyof typeof traffic, routes: (scope: FastifyInstance, options: PortOptions) => void) =>
    scope.register(async (inner) => {
      inner.addHook('onRequest', async (request, reply) => {
        traffic[port].follow(reply)
        if (request.routeOptions.config?.stream === true) return
        if (inFlight >= limits.requests) throw busy(reply, `This node works on ${inFlight} requests already.`)
        inFlight++
        reply.raw.once('close', () => inFlight--)
      })
      routes(inner, portOptions(port))
    })

  await app.register(async (scope) => {
    // Bodies are read by those who want them, as they come, whatever they call themselves.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    // Whatever was answered before all of its body came, a refusal by the guard too.
    scope.addHook('onSend', async (request, reply) => letGoOfBody(request, reply))
    await serve(scope, 'storage', serveObjects)
    await serve(scope, 'bus', (inner, port) => {
      consumers = serveMessages(inner, port)
    })
    await serve(scope, 'index', serveVectors)
  })
  return {
    end: () => consumers?.end(),
    consumers: () => consumers?.count() ?? 0,
    requests: () => inFlight,
    traffic: () => dataPorts.map((port) => traffic[port].figures()),
  }
}

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
