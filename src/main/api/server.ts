/** The node's HTTP face: one server on the loopback interface (contracts §5). */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import fastify, { type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { UserError } from '../../shared/errors'
import type { NodeClient } from '../../shared/node-contract'
import type { DataPlane } from '../core/ports/data-plane'
import { serveCalls, whileAwaited } from './calls'
import { serveDataPlane } from './data/data-plane'
import { type DataLimits, defaultDataLimits } from './data/options'
import type { DataPlaneFigures } from './data/traffic'
import { guard, type ProgramTokens } from './guard'
import { serveNotices } from './notices'
import { servePage } from './page'
import { sendPlainPage } from './plain-page'
import { answerBrokenRequest, answerProblems, sendProblem } from './problems'
import { type ApiLogEntry, logRequests } from './request-log'
import { createSessions } from './sessions'
import { serveSignIn, signInPath } from './sign-in'

const host = '127.0.0.1'
const bodyLimit = 8 * 1024 * 1024
const closeGraceMs = 2_000
/** Bytes of one request's headers: 8 KiB of metadata are 24 when each byte of it is percent-encoded. */
const maxHeaderSize = 40 * 1024

export interface ApiOptions {
  readonly node: NodeClient
  readonly version: string
  /** 0 takes any free port. */
  readonly port: number
  /** Bearer token that opens everything. */
  readonly token: string
  /** Key of the browsers' sessions; keep it, and they outlive a restart. */
  readonly sessionKey: Uint8Array
  /** Directory of the built page; undefined where there is none. */
  readonly pageDir: string | undefined
  /** File of the OpenAPI document. */
  readonly openapiFile: string
  /** The ports of the data plane, once the node has opened them; rejects with `not-set-up` while it waits for its set-up. */
  readonly data: () => Promise<DataPlane>
  /** Tells the named tokens of programs, which open the data plane. */
  readonly programTokens: ProgramTokens
  readonly dataLimits?: Partial<DataLimits>
  /** The answer to `GET /metrics`, in Prometheus' text format. */
  readonly metrics: (data: DataPlaneFigures) => Promise<string> | string
  readonly log: (entry: ApiLogEntry) => void
}

export interface Api {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  /** Of this one start, as `/health` answers it. */
  readonly instance: string
  /** A link that signs one browser in, once, within ten minutes. */
  signInUrl(): string
  /** Take no more requests, end the streams of notices, give what runs two seconds, then cut it off. Safe to call twice. */
  close(): Promise<void>
}

/** Serve `node`. Rejects with a `UserError` where the port cannot be had: `port-in-use`, `port-refused`. */
export async function startApi(options: ApiOptions): Promise<Api> {
  let { port } = options
  let closing: Promise<void> | undefined
  const instance = randomUUID()
  const sessions = createSessions({ key: options.sessionKey, port: () => port, now: Date.now })

  const app = fastify({
    bodyLimit,
    http: { maxHeaderSize },
    forceCloseConnections: 'idle',
    // The library's own refusal while it closes is not a problem document; the hook below is.
    return503OnClosing: false,
    clientErrorHandler: answerBrokenRequest,
    // Named, though never used: without them the library loads a JSON Schema validator, which takes half of a cold start.
    schemaController: { compilersFactory: { buildValidator: unused, buildSerializer: unused } },
    // An address that is not even an address never reaches a route, nor the hooks of one.
    frameworkErrors: (_error, _request, reply) => {
      sendProblem(reply, { code: 'invalid', message: 'The address of this request is malformed.' })
    },
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)

  const log = logRequests(app, options.log)
  answerProblems(app, log)
  guard(app, { port: () => port, token: options.token, sessions, programTokens: options.programTokens })
  app.addHook('onRequest', async () => {
    if (closing !== undefined) throw new UserError('unavailable', 'This node is closing.')
  })
  // A connection kept alive would outlast its request and hold up the close.
  app.addHook('onSend', async (_request, reply) => {
    if (closing !== undefined) reply.header('connection', 'close')
  })

  serveSignIn(app, sessions)
  await serveCalls(app, options.node)
  const notices = serveNotices(app, options.node, log)
  const data = await serveDataPlane(app, { ports: options.data, limits: { ...defaultDataLimits, ...options.dataLimits }, log })
  app.addHook('preClose', async () => {
    notices.end()
    data.end()
  })
  servePlainRoutes(app, options, instance, data.figures)
  if (options.pageDir === undefined) app.get('/', { config: { page: true } }, (_request, reply) => sendPlainPage(reply, 'noPage'))
  else await servePage(app, options.pageDir)

  app.server.on('checkContinue', (request, response) => {
    // The data plane says so once somebody wants the body: a refusal then costs the client nothing.
    if (request.url?.startsWith('/data/') !== true) response.writeContinue()
    app.routing(request, response)
  })
  port = await listen(app, port)
  const url = `http://${host}:${port}`
  return {
    url,
    port,
    instance,
    signInUrl: () => `${url}${signInPath}?code=${sessions.issueCode()}`,
    close: () => {
      closing ??= close(app)
      return closing
    },
  }
}

function unused(): never {
  throw new TypeError('every schema of the API is a zod schema')
}

function servePlainRoutes(
  app: FastifyInstance,
  { node, version, metrics, openapiFile }: ApiOptions,
  instance: string,
  data: () => DataPlaneFigures,
): void {
  const program = { program: true } as const
  app.get('/health', { config: { open: true } }, async () => ({ status: 'ok', version, instance }))
  app.get('/internal/bootstrap/status', { config: program }, (_request, reply) => node.call('status', {}, whileAwaited(reply)))
  app.get('/metrics', { config: program }, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics(data())),
  )
  app.get('/openapi.json', { config: program }, async (_request, reply) => reply.type('application/json').send(await readFile(openapiFile)))
}

async function listen(app: FastifyInstance, port: number): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    throw listenError(error, port)
  }
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address of its own')
  return address.port
}

function listenError(error: unknown, port: number): unknown {
  const hint = 'Choose another port with --port or THATDAM_PORT; 0 takes any free one.'
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EADDRINUSE')
    return new UserError('port-in-use', `Port ${port} on ${host} is in use by another program.`, { hint, cause: error })
  if (code === 'EACCES')
    return new UserError('port-refused', `This user may not listen on port ${port} of ${host}.`, { hint, cause: error })
  return error
}

async function close(app: FastifyInstance): Promise<void> {
  const cutOff = setTimeout(() => app.server.closeAllConnections(), closeGraceMs)
  try {
    await app.close()
  } finally {
    clearTimeout(cutOff)
  }
}
