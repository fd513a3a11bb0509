/** `GET /sign-in?code=…`: turns a link into a session. */
import type { FastifyInstance } from 'fastify'
import { sendPlainPage } from './plain-page'
import type { Sessions } from './sessions'

export const signInPath = '/sign-in'

export function serveSignIn(app: FastifyInstance, sessions: Sessions): void {
  // Without HEAD: a look at the link would use it up.
  app.get<{ Querystring: { code?: unknown } }>(
    signInPath,
    { config: { open: true, page: true }, exposeHeadRoute: false },
    (request, reply) => {
      const { code } = request.query
      if (typeof code === 'string' && sessions.redeem(code)) return sendPlainPage(reply.header('set-cookie', sessions.cookie()), 'signedIn')
      // Someone who comes back to the link by reload or history is signed in by now.
      return sendPlainPage(reply, sessions.recognises(request.headers.cookie) ? 'signedIn' : 'linkUsed')
    },
  )
}
