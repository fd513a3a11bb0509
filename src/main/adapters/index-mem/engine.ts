/**
 * The index itself: every object in one SQLite file, searched from end to end in memory. What a query needs is read into memory the
 * first time it is asked for. It runs in whichever thread opens it.
 */
import { PortError } from '../../../shared/errors'
import type { IndexMemory, IndexRemover, IndexShaper, VectorIndex, VectorObject } from '../../core/ports/vector-index'
import { checkBatch, checkId, checkK } from '../../core/vector-index/checks'
import { type Database, fileCheck, finishOpening, openDatabase, toPortError } from '../sqlite/database'
import { closeAfterWrites, groupCommit } from '../sqlite/group-commit'
import { answerer } from './answer'
import { checkVector, tenantOf } from './checks'
import { compileFilter } from './filter'
import { type LoadedClass, memory as memoryOf } from './memory'
import { metadataText, parseMetadata } from './metadata'
import { indexFile, migrations, pageSize } from './schema'
import { indexShaper } from './shaper'
import { fromBlob, toBlob } from './vector-blob'
import type { VectorsOptions } from './vectors'
import { writer } from './write'

export type IndexEngine = VectorIndex & IndexShaper & IndexRemover & IndexMemory

export interface OpenEngine extends IndexEngine {
  /** Throws a `PortError` where the file is no longer the one that was opened. */
  requireFile(): void
}

/** Open the index in `directory`, made when missing. Throws a `UserError` for a file that is damaged or newer. */
export function openEngine(directory: string, options?: VectorsOptions): OpenEngine {
  return finishOpening(openDatabase(indexFile(directory), migrations, { pageSize }), (db) => serve(db, options))
}

function serve(db: Database, options?: VectorsOptions): OpenEngine {
  const check = fileCheck(db)
  const commit = groupCommit(db, check)
  const memory = memoryOf(db, options)
  const write = writer(commit, memory)
  const answer = answerer(db)
  const putObject = db
    .prepare<[number, string, string, Buffer, string], number>(
      `INSERT INTO objects (class, tenant, id, vector, metadata) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (class, tenant, id) DO UPDATE SET vector = excluded.vector, metadata = excluded.metadata RETURNING rowid`,
    )
    .pluck()
  const fixDimension = db.prepare<[number, number]>('UPDATE classes SET dimension = ? WHERE id = ?')
  const getObject = db.prepare<[number, string, string], { readonly vector: Buffer; readonly metadata: string }>(
    'SELECT vector, metadata FROM objects WHERE class = ? AND tenant = ? AND id = ?',
  )
  const deleteObject = db
    .prepare<[number, string, string], number>('DELETE FROM objects WHERE class = ? AND tenant = ? AND id = ? RETURNING rowid')
    .pluck()
  /** One moment of the file for all that a query reads of it. */
  const atOnce = db.transaction((work: () => unknown) => work())

  /** Inside a write: everything that can be refused is looked at before the first statement. */
  function put(loaded: LoadedClass, object: VectorObject): void {
    const owner = nameOf(loaded.state.name, object.id)
    const tenant = tenantOf(loaded, object.tenant, owner)
    checkId(object.id, owner)
    checkVector(loaded, object.vector, owner)
    const text = metadataText(object.metadata, loaded.types, owner)
    const key = putObject.get(loaded.key, tenant, object.id, toBlob(object.vector), text)
    if (key === undefined) throw new PortError('internal', `${owner} was not written.`)
    if (loaded.dimension === null) {
      fixDimension.run(object.vector.length, loaded.key)
      loaded.dimension = object.vector.length
    }
    memory.take(loaded, tenant, (objects) => objects.set(key, object.vector, object.metadata))
  }

  /** Like `put`, with a refusal as the answer. Any other failure concerns the file, and so the whole batch. */
  function tryPut(loaded: LoadedClass, object: VectorObject): { id: string; error?: { code: string; message: string } } {
    try {
      put(loaded, object)
      return { id: object.id }
    } catch (error) {
      if (!(error instanceof PortError)) throw error
      return { id: object.id, error: { code: error.code, message: error.message } }
    }
  }

  async function read<T>(resource: string, signal: AbortSignal, work: () => T): Promise<T> {
    signal.throwIfAborted()
    try {
      return atOnce(work) as T
    } catch (error) {
      throw toPortError(error, resource)
    }
  }

  return {
    ...indexShaper(db, memory, write),
    supports: { filters: true, replacesInPlace: true },
    authoritative: true,
    memory: async () => memory.size(),
    requireFile: check.require,

    async upsert(className, object, signal) {
      const copied = withOwnVector(object)
      await write(nameOf(className, object.id), signal, () => put(memory.classOf(className), copied))
    },

    async batch(className, objects, signal) {
      checkBatch(objects.length, `Class ${className}`)
      const copied = objects.map(withOwnVector)
      return await write(`Class ${className}`, signal, () => {
        const loaded = memory.classOf(className)
        return copied.map((object) => tryPut(loaded, object))
      })
    },

    get: (className, id, tenant, signal) =>
      read(nameOf(className, id), signal, () => {
        const loaded = memory.classOf(className)
        const owner = nameOf(className, id)
        const row = getObject.get(loaded.key, tenantOf(loaded, tenant, owner), id)
        if (row === undefined)
          throw new PortError('not-found', `${owner}${tenant === undefined ? '' : ` of tenant ${tenant}`} does not exist.`)
        return {
          id,
          vector: fromBlob(row.vector),
          metadata: parseMetadata(row.metadata),
          ...(tenant === undefined ? {} : { tenant }),
        }
      }),

    async delete(className, id, tenant, signal) {
      await write(nameOf(className, id), signal, () => {
        const loaded = memory.classOf(className)
        const owned = tenantOf(loaded, tenant, nameOf(className, id))
        const key = deleteObject.get(loaded.key, owned, id)
        if (key !== undefined) memory.take(loaded, owned, (objects) => objects.remove(key))
      })
    },

    query: (className, query, signal) =>
      read(`Class ${className}`, signal, () => {
        const loaded = memory.classOf(className)
        const owner = `Query of class ${className}`
        const tenant = tenantOf(loaded, query.tenant, owner)
        checkK(query.k, owner)
        checkVector(loaded, query.vector, owner)
        const selection = query.filter === undefined ? undefined : compileFilter(query.filter, loaded.types, owner)
        const objects = memory.partitionOf(loaded, tenant, selection?.fields ?? [])
        const hits = objects?.search(query.k, query.vector, selection) ?? []
        return { results: answer(loaded, tenant, hits, query.k), partial: false }
      }),

    close: () => closeAfterWrites(db, commit),
  }
}

function nameOf(className: string, id: string): string {
  return `Class ${className}, object ${JSON.stringify(id)}`
}

/** A caller may fill its vector anew while the write waits for its commit. */
function withOwnVector(object: VectorObject): VectorObject {
  return { ...object, vector: object.vector.slice() }
}
