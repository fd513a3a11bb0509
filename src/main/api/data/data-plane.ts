/**
 * The data plane: one stable address at which any local program uses storage, bus and index (contracts §8). Bodies are streamed or
 * bounded, silence is given up on, and what comes beyond a limit is told to try again rather than queued.
 *
 * The routes stand from the start; what answers them, with all its schemas, is loaded by the first request: a start has no time for it.
 */
import type { FastifyInstance } from 'fastify'
import { incomingBody, letGoOfBody } from './body'
import type { MessageHandlers } from './messages'
import { busy, type DataOptions, type Handler, type PortOptions } from './options'
import { countTraffic, type DataPlaneFigures, type DataPort, dataPorts } from './traffic'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Lasts as long as its client does, and is not counted among the requests in flight. */
    stream?: boolean
  }
}

export interface DataPlaneServer {
  /** End the streams of deliveries. */
  end(): void
  figures(): DataPlaneFigures
}

export async function serveDataPlane(app: FastifyInstance, options: DataOptions): Promise<DataPlaneServer> {
  const { limits } = options
  const traffic = { storage: countTraffic('storage'), bus: countTraffic('bus'), index: countTraffic('index') }
  let inFlight = 0
  let heldBytes = 0
  let messages: MessageHandlers | undefined

  const portOptions = (port: DataPort): PortOptions => ({
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

  /** The routes of one port, counted and limited. */
  const scopeOf = (scope: FastifyInstance, port: DataPort, routes: (scope: FastifyInstance) => void) =>
    scope.register(async (inner) => {
      inner.addHook('onRequest', async (request, reply) => {
        const counts = request.routeOptions.config?.stream !== true
        const refused = counts && inFlight >= limits.requests
        if (counts) inFlight++
        reply.raw.once('close', () => {
          if (counts) inFlight--
          traffic[port].ended(reply)
        })
        if (refused) throw busy(reply, `This node works on ${limits.requests} requests already.`)
      })
      routes(inner)
    })

  const objectHandlers = once(async () => (await import('./objects')).objectHandlers(portOptions('storage')))
  const vectorHandlers = once(async () => (await import('./vectors')).vectorHandlers(portOptions('index')))
  const messageHandlers = once(async () => {
    messages = (await import('./messages')).messageHandlers(portOptions('bus'))
    return messages
  })

  await app.register(async (scope) => {
    // Bodies are read by those who want them, as they come, whatever they call themselves.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    // Whatever was answered before all of its body came, a refusal by the guard too.
    scope.addHook('onSend', async (request, reply) => letGoOfBody(request, reply))

    const object = by(objectHandlers)
    await scopeOf(scope, 'storage', (inner) => {
      const url = '/data/storage/*'
      inner.put(url, object('put'))
      inner.get(url, { exposeHeadRoute: false }, object('get'))
      inner.head(url, object('head'))
      inner.delete(url, object('remove'))
      inner.post(url, object('restore'))
    })
    const message = by<'publish' | 'consume' | 'settle'>(messageHandlers)
    await scopeOf(scope, 'bus', (inner) => {
      inner.post('/data/bus/exchanges/*', message('publish'))
      inner.get('/data/bus/queues/*', { exposeHeadRoute: false, config: { stream: true } }, message('consume'))
      inner.post('/data/bus/queues/*', message('settle'))
    })
    const vector = by(vectorHandlers)
    await scopeOf(scope, 'index', (inner) => {
      const url = '/data/index/*'
      inner.put(url, vector('upsert'))
      inner.get(url, { exposeHeadRoute: false }, vector('get'))
      inner.delete(url, vector('remove'))
      inner.post(url, vector('post'))
    })
  })
  return {
    end: () => messages?.end(),
    figures: () => ({
      requests: inFlight,
      consumers: messages?.count() ?? 0,
      traffic: dataPorts.map((port) => traffic[port].figures()),
    }),
  }
}

/** `make`, called by the first who asks. One that failed is called again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}

/** Handlers by name, of which there may be none yet. */
function by<N extends string>(handlers: () => Promise<Readonly<Record<N, Handler>>>): (name: N) => Handler {
  return (name) => async (request, reply) => (await handlers())[name](request, reply)
}
