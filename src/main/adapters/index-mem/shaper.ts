/** Classes, properties and tenants: made when missing, refused when they stand in another shape, never changed or removed. */
import { PortError } from '../../../shared/errors'
import type { ClassModel, PropertyModel } from '../../../shared/profile/model'
import type { IndexShaper } from '../../core/ports/vector-index'
import type { Database } from '../sqlite/database'
import type { LoadedClass, Memory } from './memory'
import type { Write } from './write'

export function indexShaper(db: Database, memory: Memory, write: Write): IndexShaper {
  const insertClass = db.prepare<[string, string, string, string, number]>(
    'INSERT INTO classes (name, vectorizer, distance, search, multi_tenancy) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING',
  )
  const insertProperty = db.prepare<[number, string, string]>('INSERT INTO properties (class, name, type) VALUES (?, ?, ?)')
  const insertTenant = db.prepare<[number, string]>('INSERT INTO tenants (class, name) VALUES (?, ?) ON CONFLICT DO NOTHING')

  function addProperties(key: number, properties: readonly PropertyModel[]): void {
    for (const { name, type } of properties) insertProperty.run(key, name, type)
  }

  function addTenants(key: number, tenants: readonly string[]): void {
    for (const tenant of tenants) insertTenant.run(key, tenant)
  }

  return {
    ensureClass: (wish, signal) =>
      write(`Class ${wish.name}`, signal, () => {
        const { name, vectorizer, distance, search } = wish
        const made = insertClass.run(name, vectorizer, distance, search, wish.tenants.length > 0 ? 1 : 0)
        if (made.changes === 0) {
          refuseOtherShape(memory.classOf(name), wish)
          return
        }
        const key = Number(made.lastInsertRowid)
        addProperties(key, wish.properties)
        addTenants(key, wish.tenants)
        memory.forgetClass(name)
      }),

    ensureProperties: (className, properties, signal) =>
      write(`Class ${className}`, signal, () => {
        const loaded = memory.classOf(className)
        refuseOtherTypes(loaded, properties)
        addProperties(
          loaded.key,
          properties.filter(({ name }) => !loaded.types.has(name)),
        )
        memory.forgetClass(className)
      }),

    ensureTenants: (className, tenants, signal) =>
      write(`Class ${className}`, signal, () => {
        const loaded = memory.classOf(className)
        refuseTenants(loaded, tenants)
        addTenants(loaded.key, tenants)
        memory.forgetClass(className)
      }),
  }
}

function refuseOtherShape(loaded: LoadedClass, wish: ClassModel): void {
  for (const field of ['distance', 'vectorizer', 'search'] as const) {
    if (loaded.state[field] === wish[field]) continue
    throw new PortError(
      'incompatible',
      `Class ${wish.name} has ${field} ${loaded.state[field]}, and cannot be given ${wish[field]} while it exists.`,
    )
  }
  refuseOtherTypes(loaded, wish.properties)
  refuseTenants(loaded, wish.tenants)
}

function refuseOtherTypes(loaded: LoadedClass, properties: readonly PropertyModel[]): void {
  for (const { name, type } of properties) {
    const existing = loaded.types.get(name)
    if (existing === undefined || existing === type) continue
    throw new PortError(
      'incompatible',
      `Class ${loaded.state.name}: property ${JSON.stringify(name)} is of type ${existing}, and cannot become ${type}.`,
    )
  }
}

function refuseTenants(loaded: LoadedClass, tenants: readonly string[]): void {
  if (tenants.length === 0 || loaded.state.multiTenancy) return
  throw new PortError('incompatible', `Class ${loaded.state.name} was made without multi-tenancy, and cannot be given tenants.`)
}
