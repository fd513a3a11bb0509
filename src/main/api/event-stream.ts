/** Server-sent events, as both kinds of streams of this node send them. */
import type { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/** A comment that shows that a quiet stream is alive. */
export const heartbeat = ': still here\n\n'

/** Aborted when the connection of an answer closes, or has closed already. */
export function untilClosed({ raw }: FastifyReply): AbortController {
  const controller = new AbortController()
  if (raw.closed) controller.abort()
  else raw.once('close', () => controller.abort())
  return controller
}

/** The connection ends with its stream, so that a closing node need not wait for it to be used again. */
export function sendEvents(reply: FastifyReply, body: Readable): FastifyReply {
  return reply.headers({ 'content-type': 'text/event-stream', connection: 'close' }).send(body)
}
