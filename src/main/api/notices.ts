/** `GET /api/v1/notices`: what the node pushes, as server-sent events. Each `data` is one notice in JSON. */
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { UserError } from '../../shared/errors'
import type { NodeClient, Notice } from '../../shared/node-contract'
import { heartbeat, sendEvents, untilClosed } from './event-stream'
import type { RequestLog } from './request-log'

interface NoticeStreamOptions {
  /** How often a quiet stream shows that it is alive, in milliseconds. */
  readonly heartbeatMs: number
  /** How many events wait for a slow client before it is cut off. */
  readonly capacity: number
}

interface NoticeStreams {
  /** End every stream; each client sees a regular end. */
  end(): void
}

const defaults: NoticeStreamOptions = { heartbeatMs: 15_000, capacity: 1_000 }

export function serveNotices(app: FastifyInstance, node: NodeClient, log: RequestLog): NoticeStreams {
  const open = new Set<NoticeStream>()

  app.get('/api/v1/notices', { exposeHeadRoute: false }, async (request, reply) => {
    const stream = await openNoticeStream(node, defaults, untilClosed(reply).signal, (error) => log.failure(request, reply, error))
    open.add(stream)
    stream.body.once('close', () => open.delete(stream))
    return sendEvents(reply, stream.body)
  })

  return {
    end: () => {
      for (const stream of open) stream.end()
    },
  }
}

interface NoticeStream {
  readonly body: Readable
  /** Take no more notices and end the body after those that wait. */
  end(): void
}

/**
 * The notices of a node as a byte stream. Rejects where the node refuses to tell; resolves with the first notice at hand.
 * While a client does not read, only the newest status is kept for it, and events up to `capacity`: at more, the stream
 * breaks off, since a client that knows it missed something can ask for it and one that does not know cannot.
 * `failed` hears of a source that broke.
 */
export async function openNoticeStream(
  node: NodeClient,
  options: NoticeStreamOptions,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<NoticeStream> {
  const stop = new AbortController()
  const source = node.notices(AbortSignal.any([signal, stop.signal]))[Symbol.asyncIterator]()
  const first = await source.next()

  let waiting: Notice[] = []
  let wanted = false
  /** `ending`: no more notices are taken; `over`: nor does the body take any. */
  let state: 'open' | 'ending' | 'over' = 'open'

  const body = new Readable({
    read() {
      wanted = true
      flush()
    },
    destroy(error, done) {
      close('over')
      done(error)
    },
  })

  function close(next: 'ending' | 'over'): void {
    state = next
    clearInterval(heartbeats)
    stop.abort()
  }

  function flush(): void {
    while (wanted && waiting.length > 0) wanted = body.push(`data: ${JSON.stringify(waiting.shift())}\n\n`)
    if (waiting.length > 0 || state !== 'ending') return
    state = 'over'
    body.push(null)
  }

  function take(notice: Notice): void {
    if (notice.type === 'status') waiting = waiting.filter(({ type }) => type !== 'status')
    waiting.push(notice)
    if (waiting.length > options.capacity + 1) body.destroy()
    else flush()
  }

  function end(): void {
    if (state !== 'open') return
    close('ending')
    flush()
  }

  const heartbeats = setInterval(() => {
    if (wanted) wanted = body.push(heartbeat)
  }, options.heartbeatMs)

  async function pump(): Promise<void> {
    let next = first
    for (; next.done !== true && state === 'open'; next = await source.next()) take(next.value)
    if (next.done !== true) await source.return?.()
  }

  pump()
    // A refusal in the middle means that the node goes away, which the end of the stream tells well enough.
    .catch((error: unknown) => {
      if (state === 'open' && !(error instanceof UserError)) failed(error)
    })
    .then(end)
  return { body, end }
}
