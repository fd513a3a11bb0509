/** Classes as they stand in the file: the one reading that the view, the shaper and the data plane share. */

import type { ClassModel, PropertyModel } from '../../../shared/profile/model'
import type { Database } from '../sqlite/database'

/** A `ClassState` that only this node can have made. */
export interface OwnClass extends ClassModel {
  readonly multiTenancy: boolean
}

export interface StoredClass {
  /** The row's number, by which everything else refers to it. */
  readonly key: number
  readonly state: OwnClass
  /** Length of the class's vectors; null until it holds its first. */
  readonly dimension: number | null
}

interface ClassRow extends Pick<OwnClass, 'name' | 'vectorizer' | 'distance' | 'search'> {
  readonly key: number
  readonly multiTenancy: number
  readonly dimension: number | null
}

/** A function that finds the named classes that exist, with properties and tenants by name in UTF-8 byte order. */
export function classReader(db: Database): (names: readonly string[]) => ReadonlyMap<string, StoredClass> {
  const classes = db.prepare<[string], ClassRow>(
    `SELECT id AS key, name, vectorizer, distance, search, multi_tenancy AS multiTenancy, dimension
     FROM classes WHERE name IN (SELECT value FROM json_each(?))`,
  )
  const properties = db.prepare<[string], PropertyModel & { readonly class: number }>(
    'SELECT class, name, type FROM properties WHERE class IN (SELECT value FROM json_each(?)) ORDER BY class, name',
  )
  const tenants = db.prepare<[string], { readonly class: number; readonly name: string }>(
    'SELECT class, name FROM tenants WHERE class IN (SELECT value FROM json_each(?)) ORDER BY class, name',
  )
  // One transaction, so that the three reads see one moment.
  return db.transaction((names: readonly string[]) => {
    const rows = classes.all(JSON.stringify(names))
    const keys = JSON.stringify(rows.map((row) => row.key))
    const propertiesOf = Map.groupBy(properties.all(keys), (row) => row.class)
    const tenantsOf = Map.groupBy(tenants.all(keys), (row) => row.class)
    return new Map(
      rows.map((row) => {
        const state: OwnClass = {
          name: row.name,
          vectorizer: row.vectorizer,
          distance: row.distance,
          search: row.search,
          properties: (propertiesOf.get(row.key) ?? []).map(({ name, type }) => ({ name, type })),
          tenants: (tenantsOf.get(row.key) ?? []).map(({ name }) => name),
          multiTenancy: row.multiTenancy === 1,
        }
        return [row.name, { key: row.key, state, dimension: row.dimension }]
      }),
    )
  })
}
