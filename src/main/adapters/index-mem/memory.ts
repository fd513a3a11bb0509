/** What the index keeps in memory of its file: classes as they were last read, and the partitions that were asked for. */
import { PortError } from '../../../shared/errors'
import type { ClassState } from '../../core/ports/vector-index'
import type { Database } from '../sqlite/database'
import { classReader } from './classes'
import type { PropertyTypes } from './metadata'
import { type Partition, partition } from './partition'
import { fromBlob } from './vector-blob'

export interface LoadedClass {
  readonly key: number
  readonly state: ClassState
  readonly types: PropertyTypes
  readonly tenants: ReadonlySet<string>
  /** Length of the class's vectors; null until it holds its first. */
  dimension: number | null
  /** By tenant; the empty name on a class without multi-tenancy. */
  readonly partitions: Map<string, Partition>
}

export interface Memory {
  /** The class as the file has it now; `not-found` when it has none of that name. */
  classOf(name: string): LoadedClass
  /** A partition with everything the file holds of it, read on first use. Undefined while the class holds no vector. */
  partitionOf(loaded: LoadedClass, tenant: string): Partition | undefined
  /** What all partitions take together. */
  size(): { readonly vectors: number; readonly bytes: number }
  /** Read this class again when next asked. Its objects are not concerned. */
  forgetClass(name: string): void
  /** Read everything again when next asked. */
  forgetAll(): void
}

interface ObjectRow {
  readonly id: string
  readonly vector: Buffer
  readonly metadata: string
}

export function memory(db: Database): Memory {
  const classes = new Map<string, LoadedClass>()
  /** By the class's number. */
  const partitions = new Map<number, Map<string, Partition>>()
  const readClasses = classReader(db)
  const dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck()
  const countObjects = db.prepare<[number, string], number>('SELECT count(*) FROM objects WHERE class = ? AND tenant = ?').pluck()
  const readObjects = db.prepare<[number, string], ObjectRow>('SELECT id, vector, metadata FROM objects WHERE class = ? AND tenant = ?')
  let seenVersion = dataVersion.get()

  function forgetAll(): void {
    classes.clear()
    partitions.clear()
  }

  function partitionsOf(key: number): Map<string, Partition> {
    const known = partitions.get(key)
    if (known !== undefined) return known
    const made = new Map<string, Partition>()
    partitions.set(key, made)
    return made
  }

  return {
    classOf(name) {
      // Moves when another connection, such as a person's sqlite3, has committed to the file.
      const version = dataVersion.get()
      if (version !== seenVersion) {
        forgetAll()
        seenVersion = version
      }
      const known = classes.get(name)
      if (known !== undefined) return known
      const stored = readClasses([name]).get(name)
      if (stored === undefined) throw new PortError('not-found', `Class ${name} does not exist.`)
      const loaded: LoadedClass = {
        key: stored.key,
        state: stored.state,
        types: new Map(stored.state.properties.map((property) => [property.name, property.type])),
        tenants: new Set(stored.state.tenants),
        dimension: stored.dimension,
        partitions: partitionsOf(stored.key),
      }
      classes.set(name, loaded)
      return loaded
    },

    partitionOf(loaded, tenant) {
      const known = loaded.partitions.get(tenant)
      if (known !== undefined || loaded.dimension === null) return known
      const objects = partition(loaded.dimension, countObjects.get(loaded.key, tenant) ?? 0)
      for (const { id, vector, metadata } of readObjects.iterate(loaded.key, tenant)) {
        if (vector.length !== loaded.dimension * Float32Array.BYTES_PER_ELEMENT) {
          throw new PortError(
            'internal',
            `Class ${loaded.state.name}, object ${JSON.stringify(id)}: ${vector.length} bytes are stored for a vector of length ${loaded.dimension}.`,
          )
        }
        objects.set(id, fromBlob(vector), metadata)
      }
      loaded.partitions.set(tenant, objects)
      return objects
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
