/** The index in a worker, as the main thread sees it. The worker is started by the first call, and again by the next one after it died. */
import { Worker } from 'node:worker_threads'
import { PortError } from '../../../shared/errors'
import type { VectorObject } from '../../core/ports/vector-index'
import type { IndexEngine } from './engine'
import { refuseDeep } from './filter'
import type { Method, Reply, Request } from './wire'

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Remote {
  readonly engine: IndexEngine
  readonly started: () => boolean
  close(): Promise<void>
}

export function remoteEngine(directory: string, workerFile: string): Remote {
  let worker: Worker | undefined
  let lastId = 0
  let closing: Promise<void> | undefined
  const waiting = new Map<number, Waiting>()

  function start(): Worker {
    const started = new Worker(workerFile, { workerData: { directory } })
    started.on('message', settle)
    started.on('error', (error) => lose(started, error))
    started.on('exit', () => lose(started, undefined))
    // A process that has nothing else to do need not stay for a thread that waits.
    started.unref()
    return started
  }

  function settle(reply: Reply): void {
    const one = waiting.get(reply.id)
    waiting.delete(reply.id)
    // The end of a worker that was asked to close is waited for.
    if (waiting.size === 0 && closing === undefined) worker?.unref()
    if (reply.ok) one?.resolve(reply.value)
    else if ('mistake' in reply) one?.reject(new TypeError(`in the index's worker: ${reply.mistake}`))
    else one?.reject(new PortError(reply.code, reply.message))
  }

  /** Whether the last writes came to pass, nobody can say. */
  function lose(lost: Worker, cause: unknown): void {
    if (worker !== lost) return
    worker = undefined
    for (const { reject } of waiting.values()) {
      reject(
        new PortError('unavailable', `The index in ${directory} was interrupted: its worker ended.`, cause === undefined ? {} : { cause }),
      )
    }
    waiting.clear()
  }

  function ask(method: Method, args: readonly unknown[], transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      worker ??= start()
      worker.ref()
      const request: Request = { id: ++lastId, method, args }
      waiting.set(request.id, { resolve, reject })
      worker.postMessage(request, transfer)
    })
  }

  function call<T>(method: Method, signal: AbortSignal, args: readonly unknown[], transfer?: readonly ArrayBuffer[]): Promise<T> {
    signal.throwIfAborted()
    if (closing !== undefined) throw new PortError('unavailable', `The index in ${directory} was closed.`)
    const answer = ask(method, args, transfer) as Promise<T>
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(signal.reason)
      signal.addEventListener('abort', abort, { once: true })
      answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    })
  }

  const engine: IndexEngine = {
    supports: { filters: true },
    authoritative: true,
    async upsert(className, object, signal) {
      const own = withOwnVector(object)
      await call('upsert', signal, [className, own], [own.vector.buffer])
    },
    async batch(className, objects, signal) {
      const own = packed(objects)
      return call('batch', signal, [className, own.objects], own.transfer)
    },
    get: async (className, id, tenant, signal) => call('get', signal, [className, id, tenant]),
    delete: async (className, id, tenant, signal) => call('delete', signal, [className, id, tenant]),
    async query(className, query, signal) {
      // Here, since the copy that goes to the worker is made by walking down into it, too.
      if (query.filter !== undefined) refuseDeep(query.filter, `Query of class ${className}`)
      return call('query', signal, [className, query])
    },
    memory: async () => (worker === undefined ? { vectors: 0, bytes: 0 } : (ask('memory', []) as ReturnType<IndexEngine['memory']>)),
    ensureClass: async (wish, signal) => call('ensureClass', signal, [wish]),
    ensureProperties: async (className, properties, signal) => call('ensureProperties', signal, [className, properties]),
    ensureTenants: async (className, tenants, signal) => call('ensureTenants', signal, [className, tenants]),
    removeClass: async (className, options, signal) => call('removeClass', signal, [className, options]),
    removeTenant: async (className, tenant, options, signal) => call('removeTenant', signal, [className, tenant, options]),
    async close() {
      if (worker === undefined) return
      const ended = new Promise<void>((resolve) => worker?.once('exit', () => resolve()))
      await ask('close', [])
      await ended
    },
  }

  return {
    engine,
    started: () => worker !== undefined,
    close: () => (closing ??= engine.close()),
  }
}

/** A caller may fill its vector anew while the write is on its way. */
function withOwnVector(object: VectorObject): VectorObject & { readonly vector: Float32Array<ArrayBuffer> } {
  return { ...object, vector: Float32Array.from(object.vector) }
}

/** The vectors of a batch in one buffer, which is moved to the worker instead of being copied again. */
function packed(objects: readonly VectorObject[]): {
  readonly objects: readonly VectorObject[]
  readonly transfer: readonly ArrayBuffer[]
} {
  const numbers = new Float32Array(objects.reduce((sum, { vector }) => sum + vector.length, 0))
  let at = 0
  const moved = objects.map((object) => {
    const vector = numbers.subarray(at, at + object.vector.length)
    vector.set(object.vector)
    at += object.vector.length
    return { ...object, vector }
  })
  return { objects: moved, transfer: [numbers.buffer] }
}
