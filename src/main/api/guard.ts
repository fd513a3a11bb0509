/**
 * Who may ask. Every request passes here first, and a route that says nothing about itself is closed:
 * the wrong host name is turned away (DNS rebinding), then foreign pages (CSRF), then strangers.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UserError } from '../../shared/errors'
import { sendPlainPage } from './plain-page'
import { type Sessions, sameSecret } from './sessions'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a token or a session. */
    open?: boolean
    /** A page that a link on a foreign page may lead to; what it loads and calls then comes from our own origin. */
    page?: boolean
    /** Answers programs with a named token too. The data plane does all of it. */
    program?: boolean
  }
}

/** The named tokens of programs. */
export interface ProgramTokens {
  /** Whose token this is; undefined for nobody's. */
  recognises(token: string): { readonly name: string } | undefined
}

interface GuardOptions {
  readonly port: () => number
  /** The bearer token that is good for everything. */
  readonly token: string
  readonly sessions: Sessions
  readonly programTokens: ProgramTokens
}

/** Sent with every answer. The page gets by with its own files; nothing may frame it or read answers from elsewhere. */
const headers = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

export function guard(app: FastifyInstance, options: GuardOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    refuseForeignHost(request, options.port())
    refuseForeignPage(request)
    if (request.routeOptions.config?.open === true) return
    const proof = identify(request, options)
    if (proof === undefined) return refuseStranger(request, reply)
    if (proof === 'session') refuseForgery(request)
    if (typeof proof === 'object') refuseOtherThanData(request, proof.program)
  })
}

function refuseForeignHost({ headers }: FastifyRequest, port: number): void {
  const names = ['127.0.0.1', 'localhost', '[::1]']
  const allowed = names.map((name) => `${name}:${port}`)
  // Clients leave the default port of HTTP out.
  if (port === 80) allowed.push(...names)
  if (allowed.includes(headers.host?.toLowerCase() ?? '')) return
  throw new UserError('misdirected', `This node is not ${headers.host ?? 'reachable without a Host header'}.`, {
    hint: `Ask for ${allowed[0]}.`,
  })
}

/** Browsers say where a request comes from. Programs say nothing and are judged by their token alone. */
function refuseForeignPage(request: FastifyRequest): void {
  const { origin, host } = request.headers
  if (origin !== undefined && !isOwnOrigin(origin, host))
    throw new UserError('forbidden', `A page of ${origin} may not ask this node anything.`)
  const site = request.headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return
  if (request.routeOptions.config?.page === true && isNavigation(request)) return
  throw new UserError('forbidden', 'A page from elsewhere may not ask this node anything.')
}

/** A browser adds the cookie by itself, so with one a change must also prove that our own page asked for it. */
function refuseForgery(request: FastifyRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD') return
  const { origin, host } = request.headers
  if (origin !== undefined && isOwnOrigin(origin, host)) return
  if (request.headers['sec-fetch-site'] === 'same-origin') return
  throw new UserError('forbidden', 'A session may only change something from the page of this node.', {
    hint: 'Programs send a token as `Authorization: Bearer TOKEN` instead of a cookie.',
  })
}

/** A program moves data; what this node is to be is not its business. */
function refuseOtherThanData(request: FastifyRequest, program: string): void {
  if (request.routeOptions.config?.program === true || request.routeOptions.url?.startsWith('/data/')) return
  throw new UserError('forbidden', `The token "${program}" opens the data plane, not this.`, {
    hint: 'Use the token from node.json in the data directory, or sign in.',
  })
}

function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return origin === `http://${host?.toLowerCase()}`
}

/** A whole page in a window of its own: not a frame, an image or a script, which a foreign page could look at from outside. */
function isNavigation({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}

/** How a request proves itself. A token that is wrong is not made good by a cookie. */
function identify(
  { headers }: FastifyRequest,
  { token, sessions, programTokens }: GuardOptions,
): 'token' | 'session' | { readonly program: string } | undefined {
  if (headers.authorization !== undefined) {
    const given = /^Bearer +(\S+)$/i.exec(headers.authorization)?.[1]
    if (given === undefined) return undefined
    if (sameSecret(given, token)) return 'token'
    const program = programTokens.recognises(given)
    return program === undefined ? undefined : { program: program.name }
  }
  return sessions.recognises(headers.cookie) ? 'session' : undefined
}

function refuseStranger(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (wantsPage(request)) return sendPlainPage(reply, 'signedOut')
  throw new UserError('unauthenticated', 'This node answers only those who sign in.', {
    hint: 'Programs send the token from node.json in the data directory as `Authorization: Bearer TOKEN`. In a browser, open the link that `thatdam up` prints.',
  })
}

/** Whether a person is waiting for a page, rather than a program for an answer. */
export function wantsPage({ method, headers }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && (headers.accept?.includes('text/html') ?? false)
}
