/** Every refusal of the API as RFC 9457 problem details. The code decides the status; only what nobody foresaw is logged. */
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { type ErrorBody, type ErrorDetail, PortError, toErrorBody, UserError } from '../../shared/errors'
import { type Problem, problemMediaType } from '../../shared/problem'
import type { RequestLog } from './request-log'

// Importing node:http as a module makes all that it exports, and with it a web client that nobody here uses: 20 ms of every start.
const { STATUS_CODES } = process.getBuiltinModule('node:http')

/** Contracts §11 for the codes of ports; below them the codes that only the API and the node have. */
const statusByCode: Readonly<Record<string, number>> = {
  invalid: 400,
  unauthorized: 502,
  'not-found': 404,
  'already-exists': 409,
  'precondition-failed': 412,
  incompatible: 409,
  unsupported: 501,
  'too-large': 413,
  'no-space': 507,
  unavailable: 503,
  internal: 500,

  unauthenticated: 401,
  forbidden: 403,
  'method-not-allowed': 405,
  'unsupported-media-type': 415,
  misdirected: 421,
  'headers-too-large': 431,
  'invalid-profile': 422,
  'not-set-up': 409,
  'plan-changed': 409,
  'confirmation-needed': 409,
  'intent-expired': 409,
  timeout: 408,
  locked: 409,
  member: 409,
}

/** What the HTTP library itself refuses, by its status. */
const codeByStatus: Readonly<Record<number, string>> = {
  400: 'invalid',
  403: 'forbidden',
  404: 'not-found',
  413: 'too-large',
  414: 'invalid',
  415: 'unsupported-media-type',
  503: 'unavailable',
}

const messageByLibraryCode: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is larger than 8 MiB.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE:
    'The Content-Type is none that this address takes: calls take application/json, the data plane whatever reads type/subtype.',
}

/** Answer every failure of `app` with a problem, and log the ones that nobody foresaw. */
export function answerProblems(app: FastifyInstance, log: RequestLog): void {
  const methodsByPath = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByPath.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    methodsByPath.set(url, methods)
  })

  /** Of the route that takes whatever follows. */
  function methodsUnder(path: string): Set<string> | undefined {
    for (const [url, methods] of methodsByPath) if (url !== '/*' && url.endsWith('*') && path.startsWith(url.slice(0, -1))) return methods
    return undefined
  }

  app.setErrorHandler((error, request, reply) => {
    const body = errorBodyOf(error)
    sendProblem(reply, body)
    // A refusal tells its reader all there is to know; a failure of the node deserves a line in the log.
    if (statusOf(body) === 500) log.failure(request, reply, error)
    return reply
  })

  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request)
    const methods = methodsByPath.get(path) ?? methodsUnder(path)
    if (methods === undefined || methods.has(request.method as HTTPMethods)) {
      return sendProblem(reply, { code: 'not-found', message: `There is nothing at ${path}.`, hint: 'What there is, /openapi.json lists.' })
    }
    const allowed = [...methods].join(', ')
    reply.header('allow', allowed)
    return sendProblem(reply, { code: 'method-not-allowed', message: `${path} does not answer ${request.method}, only ${allowed}.` })
  })
}

/** The path that was asked for, without its query: a query may hold a sign-in code, which no answer or log may repeat. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? ''
}

/** `status` where HTTP has a narrower one than the code's own. */
export function sendProblem(reply: FastifyReply, body: ErrorBody, status = statusOf(body)): FastifyReply {
  const problem = toProblem(body, status)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="ThatDAM"')
  return reply.code(problem.status).type(problemMediaType).send(JSON.stringify(problem))
}

/** A code that has no status of its own is a failure of the node: its data are damaged, say. */
function statusOf({ code }: ErrorBody): number {
  return statusByCode[code] ?? 500
}

export function toProblem(body: ErrorBody, status = statusOf(body)): Problem {
  const { code, message, hint, details } = body
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    code,
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  }
}

/** The travelling form of a failure, whether it came from the node, from a schema or from the HTTP library. */
function errorBodyOf(error: unknown): ErrorBody {
  if (error instanceof UserError || error instanceof PortError) return toErrorBody(error)
  if (hasZodFastifySchemaValidationErrors(error)) {
    return { code: 'invalid', message: 'The input does not have the form that this call takes.', details: error.validation.map(detailOf) }
  }
  const code = codeByStatus[libraryStatus(error) ?? 500]
  if (code === undefined) return toErrorBody(error)
  const { code: libraryCode, message } = error as { code?: string; message: string }
  return { code, message: messageByLibraryCode[libraryCode ?? ''] ?? message }
}

function detailOf({ instancePath, message }: { instancePath: string; message?: string | undefined }): ErrorDetail {
  const path = instancePath.split('/').filter((key) => key !== '')
  return { path: path.join('.'), message: message ?? 'This value is not valid.' }
}

function libraryStatus(error: unknown): number | undefined {
  const status = error instanceof Error ? (error as { statusCode?: unknown }).statusCode : undefined
  return typeof status === 'number' ? status : undefined
}

/** The answer to bytes that never became a request, so there is nothing to route. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const problem = toProblem(
    error.code === 'HPE_HEADER_OVERFLOW'
      ? { code: 'headers-too-large', message: 'The headers of the request are too large.' }
      : { code: 'invalid', message: 'This is not a valid HTTP request.' },
  )
  const body = JSON.stringify(problem)
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      `Content-Type: ${problemMediaType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}
