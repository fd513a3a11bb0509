/** The thread in which the index works: it opens the file that it is told of, and answers each request with one message. */
import { setImmediate } from 'node:timers'
import { parentPort, workerData } from 'node:worker_threads'
import { PortError } from '../../../shared/errors'
import { toPortError } from '../sqlite/database'
import { type IndexEngine, openEngine } from './engine'
import type { Cancel, Method, Reply, Request, WorkerData } from './wire'

const port = parentPort
if (port === null) throw new TypeError('this is the entry of a worker')

const { directory, options } = workerData as WorkerData
let engine: IndexEngine | undefined
/** Of requests that are not answered yet. */
const running = new Map<number, AbortController>()

/** These begin one in each turn of the event loop, so that a cancellation that has come meanwhile is heard before the next begins. */
const reads: ReadonlySet<Method> = new Set<Method>(['query', 'get', 'memory'])
const waiting: (() => void)[] = []

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(turn)
  })
}

function turn(): void {
  waiting[0]?.()
  waiting.shift()
  if (waiting.length > 0) setImmediate(turn)
}

async function answer({ id, method, args }: Request, signal: AbortSignal): Promise<Reply> {
  try {
    if (method === 'close') {
      await engine?.close()
      return { id, ok: true, value: undefined }
    }
    engine ??= openEngine(directory, options)
    if (reads.has(method)) await nextTurn()
    // The pairs of methods and arguments are those of one interface on both sides of the wire.
    const run = engine[method] as (...given: unknown[]) => Promise<unknown>
    return { id, ok: true, value: await run(...args, signal) }
  } catch (error) {
    const told = toPortError(error, directory)
    if (told instanceof PortError) return { id, ok: false, code: told.code, message: told.message, cause: asText(told.cause) }
    return { id, ok: false, mistake: asText(error) ?? '' }
  }
}

/** An error loses its class on the way; what it says is enough. */
function asText(error: unknown): string | undefined {
  if (error === undefined) return undefined
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

port.on('message', (message: Request | Cancel) => {
  if ('cancel' in message) {
    running.get(message.cancel)?.abort()
    return
  }
  const controller = new AbortController()
  running.set(message.id, controller)
  void answer(message, controller.signal).then((reply) => {
    running.delete(message.id)
    port.postMessage(reply)
  })
})
