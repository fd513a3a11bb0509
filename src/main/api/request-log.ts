/** One line a request, and one for each failure that nobody foresaw. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** A line of the log. It never holds a token, a code, a cookie or a body. */
export interface ApiLogEntry {
  /** `debug` for each request; `error` for a failure that nobody foresaw, which then has `error`. */
  readonly level: 'debug' | 'error'
  readonly component: 'api'
  readonly action: 'request' | 'failure'
  readonly message: string
  readonly method: string
  /** The route's pattern, never the address that was asked for: that may hold a sign-in code. */
  readonly route: string
  readonly status: number
  readonly duration_ms: number
  readonly error?: unknown
}

export interface RequestLog {
  /** Report a failure that its answer does not explain. */
  failure(request: FastifyRequest, reply: FastifyReply, error: unknown): void
}

export function logRequests(app: FastifyInstance, log: (entry: ApiLogEntry) => void): RequestLog {
  function entryOf({ method, routeOptions }: FastifyRequest, reply: FastifyReply) {
    return {
      component: 'api',
      method,
      route: routeOptions.url ?? 'none',
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime * 10) / 10,
    } as const
  }

  app.addHook('onRequest', async (request, reply) => {
    // `close` comes after every answer and also where the client did not wait for one.
    reply.raw.once('close', () => {
      const message = reply.raw.writableFinished ? 'answered' : 'broken off'
      log({ level: 'debug', action: 'request', message, ...entryOf(request, reply) })
    })
  })

  return {
    failure(request, reply, error) {
      const message = error instanceof Error ? error.message : String(error)
      log({ level: 'error', action: 'failure', message, ...entryOf(request, reply), error })
    },
  }
}
