/** The thread in which the index works: it opens the file that it is told of, and answers one message with one message. */
import { parentPort, workerData } from 'node:worker_threads'
import { PortError } from '../../../shared/errors'
import { toPortError } from '../sqlite/database'
import { type IndexEngine, openEngine } from './engine'
import type { Reply, Request } from './wire'

const port = parentPort
if (port === null) throw new TypeError('this is the entry of a worker')

const { directory } = workerData as { readonly directory: string }
/** Nobody aborts here. */
const never = new AbortController().signal
let engine: IndexEngine | undefined

async function answer({ id, method, args }: Request): Promise<Reply> {
  try {
    if (method === 'close') {
      await engine?.close()
      return { id, ok: true, value: undefined }
    }
    engine ??= openEngine(directory)
    // The pairs of methods and arguments are those of one interface on both sides of the wire.
    const run = engine[method] as (...given: unknown[]) => Promise<unknown>
    return { id, ok: true, value: await run(...args, never) }
  } catch (error) {
    const told = toPortError(error, directory)
    if (told instanceof PortError) return { id, ok: false, code: told.code, message: told.message }
    return { id, ok: false, mistake: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

port.on('message', (request: Request) => {
  void answer(request).then((reply) => {
    port.postMessage(reply)
    if (request.method === 'close') port.close()
  })
})
