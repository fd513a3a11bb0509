/** The index in a worker, as the main thread sees it. The worker is started by the first call, and again by the next one after it died. */
import { PortError } from '../../../shared/errors'
import { checkBatch } from '../../core/vector-index/checks'
import { refuseDeep } from '../../core/vector-index/comparison'
import { packBatch, withOwnVector } from './batches'
import { type Connection, connection } from './connection'
import type { IndexEngine } from './engine'
import type { Method } from './wire'

/** Parts of a batch that are on their way at a time: the worker need not wait for the next, and queries are not kept waiting long. */
const partsInFlight = 2

interface Remote {
  readonly engine: IndexEngine
  readonly started: () => boolean
}

export function remoteEngine(how: Parameters<typeof connection>[0]): Remote {
  const { directory } = how
  const worker: Connection = connection(how)
  let closing: Promise<void> | undefined
  const running = new Set<Promise<unknown>>()
  /** Ends with the batches that were asked for so far: a later write must not overtake the parts of one. */
  let batches: Promise<unknown> = Promise.resolve()

  /** Every call, so that those that were made before `close` still get their answer. */
  async function call<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    if (closing !== undefined) throw new PortError('unavailable', `The index in ${directory} was closed.`)
    const ended = work()
    running.add(ended)
    try {
      return await ended
    } finally {
      running.delete(ended)
    }
  }

  function read<T>(method: Method, signal: AbortSignal, args: readonly unknown[]): Promise<T> {
    return call(signal, () => worker.ask(method, args, { signal }) as Promise<T>)
  }

  function write(method: Method, signal: AbortSignal, args: readonly unknown[], transfer: readonly ArrayBuffer[] = []): Promise<void> {
    return call(signal, async () => {
      await worker.after(batches, signal)
      await worker.ask(method, args, { signal, transfer })
    })
  }

  type Answers = Awaited<ReturnType<IndexEngine['batch']>>

  async function sendParts(className: string, parts: ReturnType<typeof packBatch>, signal: AbortSignal): Promise<Answers> {
    const sent: Promise<Answers>[] = []
    try {
      for (const { objects, transfer } of parts) {
        await sent.at(-partsInFlight)
        sent.push(worker.ask('batch', [className, objects], { signal, transfer }) as Promise<Answers>)
        sent.at(-1)?.catch(() => undefined)
      }
      return (await Promise.all(sent)).flat()
    } finally {
      await Promise.allSettled(sent)
    }
  }

  const engine: IndexEngine = {
    supports: { filters: true, replacesInPlace: true },
    authoritative: true,
    async upsert(className, object, signal) {
      const own = withOwnVector(object)
      await write('upsert', signal, [className, own], [own.vector.buffer])
    },
    batch: (className, objects, signal) =>
      call(signal, () => {
        checkBatch(objects.length, `Class ${className}`)
        const parts = packBatch(objects)
        const all = worker.after(batches, signal).then(() => sendParts(className, parts, signal))
        batches = Promise.allSettled([batches, all])
        return all
      }),
    get: (className, id, tenant, signal) => read('get', signal, [className, id, tenant]),
    delete: (className, id, tenant, signal) => write('delete', signal, [className, id, tenant]),
    async query(className, query, signal) {
      // Here, since the copy that goes to the worker is made by walking down into it, too.
      if (query.filter !== undefined) refuseDeep(query.filter, `Query of class ${className}`)
      return await read('query', signal, [className, query])
    },
    memory: async () =>
      worker.started() ? ((await worker.ask('memory', [])) as { vectors: number; bytes: number }) : { vectors: 0, bytes: 0 },
    ensureClass: (wish, signal) => write('ensureClass', signal, [wish]),
    ensureProperties: (className, properties, signal) => write('ensureProperties', signal, [className, properties]),
    ensureTenants: (className, tenants, signal) => write('ensureTenants', signal, [className, tenants]),
    removeClass: (className, options, signal) => write('removeClass', signal, [className, options]),
    removeTenant: (className, tenant, options, signal) => write('removeTenant', signal, [className, tenant, options]),
    close() {
      // What was asked for before still gets its answer.
      closing ??= Promise.allSettled(running).then(() => worker.close())
      return closing
    },
  }

  return { engine, started: worker.started }
}
