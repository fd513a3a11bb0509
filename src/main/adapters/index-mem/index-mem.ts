/**
 * The embedded vector index: one SQLite file, searched in memory, off the main thread.
 *
 * The file has one writer at a time. While only classes are shaped, that is this thread: a node that converges and holds no vector
 * never starts another one. The first call about an object starts a worker, and from then on everything is done there, in the order
 * in which it was asked for, so that a query sees every write that was answered before it. This thread's connection stays open but
 * idle: while it does, nobody takes SQLite's helper files away from under the worker.
 */
import type { IndexEngine } from './engine'
import { openEngine } from './engine'
import { remoteEngine } from './remote'
import type { VectorsOptions } from './vectors'

export interface IndexMemOptions extends VectorsOptions {
  /** The built worker. Without one, all is done in this thread. */
  readonly workerFile?: string
}

/** Open the index in `directory`, made when missing. Throws a `UserError` for a file that is damaged or newer. */
export function openIndexMem(directory: string, { workerFile, ...options }: IndexMemOptions = {}): IndexEngine {
  const here = openEngine(directory, options)
  if (workerFile === undefined) return here
  const there = remoteEngine({ directory, workerFile, options, requireFile: here.requireFile })
  /** Who shapes: the worker, once there is one. */
  const writer = () => (there.started() ? there.engine : here)

  return {
    ...there.engine,
    memory: () => writer().memory(),
    ensureClass: (...given) => writer().ensureClass(...given),
    ensureProperties: (...given) => writer().ensureProperties(...given),
    ensureTenants: (...given) => writer().ensureTenants(...given),
    async close() {
      try {
        await there.engine.close()
      } finally {
        await here.close()
      }
    },
  }
}
