/** Questions to the worker and their answers. It is started by the first question, and by the next one after it died. */
import { Worker } from 'node:worker_threads'
import { PortError } from '../../../shared/errors'
import type { VectorsOptions } from './vectors'
import type { Cancel, Method, Reply, Request, WorkerData } from './wire'

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Asking {
  /** Where it aborts, the question is given up at once, with its reason; what has not begun by then is not done. */
  readonly signal?: AbortSignal
  readonly transfer?: readonly ArrayBuffer[]
}

export interface Connection {
  /** Rejects `unavailable` where the worker ends before it has answered: whether a write came to pass, nobody can say then. */
  ask(method: Method, args: readonly unknown[], how?: Asking): Promise<unknown>
  /** Waits for `before`, which must not reject, but no longer than the signal lets it. */
  after(before: Promise<unknown>, signal: AbortSignal): Promise<void>
  started(): boolean
  /** Let the worker close the file and end. Every question must be answered, and none may follow. */
  close(): Promise<void>
}

interface Settings {
  readonly directory: string
  readonly workerFile: string
  readonly options: VectorsOptions
  /** Throws where the file is no longer the one that was opened: a worker would make another. */
  readonly requireFile: () => void
}

export function connection({ directory, workerFile, options, requireFile }: Settings): Connection {
  let worker: Worker | undefined
  let lastId = 0
  const waiting = new Map<number, Waiting>()

  function start(): Worker {
    requireFile()
    const data: WorkerData = { directory, options }
    const started = new Worker(workerFile, { workerData: data })
    started.on('message', settle)
    started.on('messageerror', (error) => lose(started, error))
    started.on('error', (error) => lose(started, error))
    started.on('exit', () => lose(started, undefined))
    return started
  }

  function settle(reply: Reply): void {
    const one = waiting.get(reply.id)
    forget(reply.id)
    if (reply.ok) one?.resolve(reply.value)
    else if ('mistake' in reply) one?.reject(new TypeError(`in the index's worker: ${reply.mistake}`))
    else one?.reject(new PortError(reply.code, reply.message, reply.cause === undefined ? {} : { cause: reply.cause }))
  }

  /** A process that has nothing else to do need not stay for a thread that waits. */
  function forget(id: number): void {
    waiting.delete(id)
    if (waiting.size === 0) worker?.unref()
  }

  function lose(lost: Worker, cause: unknown): void {
    if (worker !== lost) return
    worker = undefined
    const message = `The index in ${directory} was interrupted: its worker ended.`
    for (const { reject } of waiting.values()) reject(new PortError('unavailable', message, cause === undefined ? {} : { cause }))
    waiting.clear()
  }

  function ask(method: Method, args: readonly unknown[], { signal, transfer = [] }: Asking = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      worker ??= start()
      const id = ++lastId
      const request: Request = { id, method, args }
      worker.postMessage(request, transfer)
      worker.ref()
      const abort = () => {
        const cancel: Cancel = { cancel: id }
        worker?.postMessage(cancel)
        reject(signal?.reason)
      }
      const settled = () => signal?.removeEventListener('abort', abort)
      signal?.addEventListener('abort', abort, { once: true })
      waiting.set(id, {
        resolve(value) {
          settled()
          resolve(value)
        },
        reject(error) {
          settled()
          reject(error)
        },
      })
    })
  }

  return {
    ask,
    after(before, signal) {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const abort = () => reject(signal.reason)
        signal.addEventListener('abort', abort, { once: true })
        void before.then(() => {
          signal.removeEventListener('abort', abort)
          resolve()
        })
      })
    },
    started: () => worker !== undefined,
    async close() {
      const last = worker
      if (last === undefined) return
      try {
        await ask('close', [])
      } finally {
        // Its end is waited for, even where nothing else keeps the process.
        last.ref()
        await last.terminate()
      }
    },
  }
}
