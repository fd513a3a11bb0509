/** What the index keeps in memory of its file: classes as they were last read, and the partitions that were asked for. */
import { PortError } from '../../../shared/errors'
import type { Metadata } from '../../core/ports/vector-index'
import type { PropertyTypes } from '../../core/vector-index/metadata'
import type { Database } from '../sqlite/database'
import { arena } from './arena'
import { classReader, type OwnClass } from './classes'
import { parseMetadata } from './metadata'
import { type Partition, partition } from './partition'
import { fromBlob } from './vector-blob'
import type { VectorsOptions } from './vectors'

export interface LoadedClass {
  readonly key: number
  readonly state: OwnClass
  readonly types: PropertyTypes
  readonly tenants: ReadonlySet<string>
  /** Length of the class's vectors; null until it holds its first. */
  dimension: number | null
}

export interface Memory {
  /** The class as the file has it now; `not-found` when it has none of that name. */
  classOf(name: string): LoadedClass
  /**
   * A partition with everything the file holds of it and, of the metadata, `fields`; read on first use. Undefined while the class
   * holds no vector. `unavailable` where there is no memory for it.
   */
  partitionOf(loaded: LoadedClass, tenant: string, fields: Iterable<string>): Partition | undefined
  /** Bring what is in memory up to what was just written. A partition for which there is no more memory is let go of. */
  take(loaded: LoadedClass, tenant: string, change: (objects: Partition) => void): void
  /** What all partitions take together. */
  size(): { readonly vectors: number; readonly bytes: number }
  /** Read this class again when next asked. Its objects are not concerned. */
  forgetClass(name: string): void
  /** Read everything again when next asked. */
  forgetAll(): void
}

export function memory(db: Database, options?: VectorsOptions): Memory {
  const classes = new Map<string, LoadedClass>()
  /** By the class's number, then by tenant; the empty name on a class without multi-tenancy. */
  const partitions = new Map<number, Map<string, Partition>>()
  const blocks = arena()
  const readClasses = classReader(db)
  const dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck()
  const countObjects = db.prepare<[number, string], number>('SELECT count(*) FROM objects WHERE class = ? AND tenant = ?').pluck()
  // By number, for that is how they lie in the file: by id, each would be read from another place.
  const these = 'FROM objects WHERE rowid IN (SELECT rowid FROM objects WHERE class = ? AND tenant = ?)'
  const readVectors = db.prepare<[number, string], [number, Buffer]>(`SELECT rowid, vector ${these}`).raw()
  const readMetadata = db.prepare<[number, string], [number, string]>(`SELECT rowid, metadata ${these}`).raw()
  const idOf = db.prepare<[number], string>('SELECT id FROM objects WHERE rowid = ?').pluck()
  let seenVersion = dataVersion.get()

  function forgetAll(): void {
    classes.clear()
    for (const byTenant of partitions.values()) for (const one of byTenant.values()) one.free()
    partitions.clear()
  }

  function known(loaded: LoadedClass, tenant: string): Partition | undefined {
    return partitions.get(loaded.key)?.get(tenant)
  }

  function forget(loaded: LoadedClass, tenant: string): void {
    known(loaded, tenant)?.free()
    partitions.get(loaded.key)?.delete(tenant)
  }

  function load(loaded: LoadedClass, tenant: string, dimension: number): Partition {
    const objects = partition(blocks, loaded.state.distance, dimension, countObjects.get(loaded.key, tenant) ?? 0, options)
    try {
      for (const [key, blob] of readVectors.iterate(loaded.key, tenant)) {
        if (blob.length !== dimension * Float32Array.BYTES_PER_ELEMENT) {
          throw new PortError(
            'internal',
            `Class ${loaded.state.name}, object ${JSON.stringify(idOf.get(key))}: ${blob.length} bytes are stored for a vector of length ${dimension}.`,
          )
        }
        objects.set(key, fromBlob(blob), {})
      }
    } catch (error) {
      objects.free()
      throw error
    }
    const byTenant = partitions.get(loaded.key) ?? new Map<string, Partition>()
    partitions.set(loaded.key, byTenant.set(tenant, objects))
    return objects
  }

  function* metadataOf(loaded: LoadedClass, tenant: string): Iterable<readonly [number, Metadata]> {
    for (const [key, text] of readMetadata.iterate(loaded.key, tenant)) yield [key, parseMetadata(text)]
  }

  return {
    classOf(name) {
      // Moves when another connection, such as a person's sqlite3, has committed to the file.
      const version = dataVersion.get()
      if (version !== seenVersion) {
        forgetAll()
        seenVersion = version
      }
      const found = classes.get(name)
      if (found !== undefined) return found
      const stored = readClasses([name]).get(name)
      if (stored === undefined) throw new PortError('not-found', `Class ${name} does not exist.`)
      const loaded: LoadedClass = {
        key: stored.key,
        state: stored.state,
        types: new Map(stored.state.properties.map((property) => [property.name, property.type])),
        tenants: new Set(stored.state.tenants),
        dimension: stored.dimension,
      }
      classes.set(name, loaded)
      return loaded
    },

    partitionOf(loaded, tenant, fields) {
      if (loaded.dimension === null) return undefined
      try {
        const objects = known(loaded, tenant) ?? load(loaded, tenant, loaded.dimension)
        const lacking = [...fields].filter((field) => !objects.knows(field))
        if (lacking.length > 0) objects.learn(lacking, loaded.types, metadataOf(loaded, tenant))
        return objects
      } catch (error) {
        if (!isOutOfMemory(error)) throw error
        forget(loaded, tenant)
        throw new PortError('unavailable', `Class ${loaded.state.name}: there is not enough memory to search what it holds.`, {
          cause: error,
        })
      }
    },

    take(loaded, tenant, change) {
      const objects = known(loaded, tenant)
      if (objects === undefined) return
      try {
        change(objects)
      } catch (error) {
        // What was written stays so. The next query reads it again, or says that it cannot.
        if (!isOutOfMemory(error)) throw error
        forget(loaded, tenant)
      }
    },

    size() {
      const sizes = [...partitions.values()].flatMap((byTenant) => [...byTenant.values()].map((one) => one.size()))
      return sizes.reduce((sum, one) => ({ vectors: sum.vectors + one.vectors, bytes: sum.bytes + one.bytes }), { vectors: 0, bytes: 0 })
    },

    forgetClass(name) {
      classes.delete(name)
    },
    forgetAll,
  }
}

/** So WebAssembly and the engine's typed arrays say that there is no room. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof RangeError
}
