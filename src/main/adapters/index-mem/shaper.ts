/** Classes, properties and tenants: made when missing, refused when they stand in another shape; removed by what removes, and by nothing else. */
import { PortError } from '../../../shared/errors'
import type { PropertyModel } from '../../../shared/profile/model'
import type { IndexRemover, IndexShaper } from '../../core/ports/vector-index'
import { refuseOtherShape, refuseOtherTypes, refuseTenants } from '../../core/vector-index/shape'
import type { Database } from '../sqlite/database'
import type { Memory } from './memory'
import type { Write } from './write'

export function indexShaper(db: Database, memory: Memory, write: Write): IndexShaper & IndexRemover {
  const insertClass = db.prepare<[string, string, string, string, number]>(
    'INSERT INTO classes (name, vectorizer, distance, search, multi_tenancy) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING',
  )
  const insertProperty = db.prepare<[number, string, string]>('INSERT INTO properties (class, name, type) VALUES (?, ?, ?)')
  const insertTenant = db.prepare<[number, string]>('INSERT INTO tenants (class, name) VALUES (?, ?) ON CONFLICT DO NOTHING')

  const findClass = db.prepare<[string], number>('SELECT id FROM classes WHERE name = ?').pluck()
  const holdsAny = db
    .prepare<[{ class: number; tenant: string | null }], 0 | 1>(
      'SELECT EXISTS (SELECT 1 FROM objects WHERE class = @class AND (@tenant IS NULL OR tenant = @tenant))',
    )
    .pluck()
  // What hangs on them goes by triggers.
  const deleteClass = db.prepare<[number]>('DELETE FROM classes WHERE id = ?')
  const deleteTenant = db.prepare<[number, string]>('DELETE FROM tenants WHERE class = ? AND name = ?')

  function addProperties(key: number, properties: readonly PropertyModel[]): void {
    for (const { name, type } of properties) insertProperty.run(key, name, type)
  }

  function addTenants(key: number, tenants: readonly string[]): void {
    for (const tenant of tenants) insertTenant.run(key, tenant)
  }

  function refuseHolding(key: number, tenant: string | null, resource: string): void {
    if (holdsAny.get({ class: key, tenant }) === 1) throw new PortError('precondition-failed', `${resource} holds objects.`)
  }

  return {
    ensureClass: (wish, signal) =>
      write(`Class ${wish.name}`, signal, () => {
        const { name, vectorizer, distance, search } = wish
        const made = insertClass.run(name, vectorizer, distance, search, wish.tenants.length > 0 ? 1 : 0)
        if (made.changes === 0) {
          refuseOtherShape(memory.classOf(name).state, wish)
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
        refuseOtherTypes(loaded.state, properties)
        addProperties(
          loaded.key,
          properties.filter(({ name }) => !loaded.types.has(name)),
        )
        memory.forgetClass(className)
      }),

    ensureTenants: (className, tenants, signal) =>
      write(`Class ${className}`, signal, () => {
        const loaded = memory.classOf(className)
        refuseTenants(loaded.state, tenants)
        addTenants(loaded.key, tenants)
        memory.forgetClass(className)
      }),

    removeClass: (className, { contents }, signal) =>
      write(`Class ${className}`, signal, () => {
        const key = findClass.get(className)
        if (key === undefined) return
        if (!contents) refuseHolding(key, null, `Class ${className}`)
        deleteClass.run(key)
        memory.forgetAll()
      }),

    removeTenant: (className, tenant, { contents }, signal) =>
      write(`Class ${className}`, signal, () => {
        const key = findClass.get(className)
        if (key === undefined) return
        if (!contents) refuseHolding(key, tenant, `Class ${className}, tenant ${JSON.stringify(tenant)}`)
        deleteTenant.run(key, tenant)
        memory.forgetAll()
      }),
  }
}
