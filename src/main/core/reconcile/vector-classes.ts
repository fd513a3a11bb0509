/** Vector classes, their properties and tenants. */
import type { ClassModel } from '../../../shared/profile/model'
import type { ClassState, IndexRemover, IndexShaper, IndexView } from '../ports/vector-index'
import type { Declaration, Sight } from './declaration'
import { grouped, ownerOf, partOf, type Row, removals, row, unnamedHolding, wishByName, withContents } from './rows'

interface IndexState {
  readonly classes: ReadonlyMap<string, ClassState>
  /** `destroy` rows of what this node made and the profile names no longer. Properties are not among them: no backend can drop one in place. */
  readonly leftovers: readonly Row[]
}

export const indexDeclaration: Declaration<IndexView, IndexState, IndexShaper, IndexRemover> = {
  component: 'index',

  async look(profile, sight, signal) {
    const wishes = profile.spec.indices.weaviate.classes
    const names = new Set([...wishes.map(({ name }) => name), ...sight.made.map(({ name }) => ownerOf(name))])
    const classes = await sight.view.describe([...names], signal)
    return { classes, leftovers: await leftoversOf(wishes, classes, sight, signal) }
  },

  diff(profile, { classes, leftovers }) {
    const wished = profile.spec.indices.weaviate.classes.flatMap((wish) => {
      const is = classes.get(wish.name)
      return [classRow(wish, is), ...propertyRows(wish, is), ...tenantRows(wish, is)]
    })
    return [...wished, ...leftovers]
  },

  wholesOf: ({ kind, name }) => (kind === 'class' ? [] : [{ kind: 'class', name: ownerOf(name) }]),

  destroys(_profile, rows, { remover }) {
    return [
      removals(rows, 'tenant', (one, signal) => remover.removeTenant(ownerOf(one.name), partOf(one.name), withContents(one), signal)),
      removals(rows, 'class', (one, signal) => remover.removeClass(one.name, withContents(one), signal)),
    ]
  },

  works(profile, rows, shaper) {
    const wishFor = wishByName(profile.spec.indices.weaviate.classes, (wish) => wish.name)
    const created = new Set(rows.filter((one) => one.kind === 'class').map((one) => one.name))
    // A new class comes with its properties and tenants in one call, so their rows belong to that call.
    const byClass = Map.groupBy(rows, (one) => ownerOf(one.name))
    const later = rows.filter((one) => !created.has(ownerOf(one.name)))
    return [
      [...created].map((name) => ({
        rows: byClass.get(name) ?? [],
        async run(signal: AbortSignal) {
          const wish = wishFor(name)
          await shaper.ensureClass(wish, signal)
          // Somebody else may have made the class meanwhile, with properties of their own.
          await shaper.ensureProperties(name, wish.properties, signal)
          if (wish.tenants.length > 0) await shaper.ensureTenants(name, wish.tenants, signal)
        },
      })),
      [
        ...grouped(later, 'property', (name, group, signal) => {
          const names = new Set(group.map((one) => one.name))
          const properties = wishFor(name).properties.filter((property) => names.has(`${name}/${property.name}`))
          return shaper.ensureProperties(name, properties, signal)
        }),
        ...grouped(later, 'tenant', (name, group, signal) => {
          const names = new Set(group.map((one) => one.name))
          return shaper.ensureTenants(
            name,
            wishFor(name).tenants.filter((tenant) => names.has(`${name}/${tenant}`)),
            signal,
          )
        }),
      ],
    ]
  },
}

async function leftoversOf(
  wishes: readonly ClassModel[],
  classes: ReadonlyMap<string, ClassState>,
  { view, made }: Sight<IndexView>,
  signal: AbortSignal,
): Promise<Row[]> {
  const wishOf = new Map(wishes.map((wish) => [wish.name, wish]))
  const rows = await Promise.all(
    made.map(async ({ kind, name }): Promise<Row[]> => {
      const className = ownerOf(name)
      const found = classes.get(className)
      if (found === undefined) return []
      if (kind === 'class' && !wishOf.has(name)) {
        const holds = await view.contents(name, undefined, signal)
        return [row.remove('class', name, shape(found), unnamedHolding(holds, 'object'), holds)]
      }
      const tenant = partOf(name)
      const classStays = wishOf.has(className) || !made.some((one) => one.kind === 'class' && one.name === className)
      if (kind !== 'tenant' || !classStays || !found.tenants.includes(tenant)) return []
      if (wishOf.get(className)?.tenants.includes(tenant) === true) return []
      const holds = await view.contents(className, tenant, signal)
      return [row.remove('tenant', name, tenant, unnamedHolding(holds, 'object'), holds)]
    }),
  )
  return rows.flat()
}

/** What a class is made with and keeps: none of it can be changed in place, on any backend. */
const fixedFields = ['vectorizer', 'distance', 'search'] as const

function classRow(wish: ClassModel, is: ClassState | undefined): Row {
  const after = shape(wish)
  if (is === undefined) return row.create('class', wish.name, after)
  const differing = fixedFields.filter((field) => is[field] !== wish[field])
  if (differing.length === 0) return row.same('class', wish.name)
  const reason = differing.map((field) => `${field} is ${is[field]}, wanted ${wish[field]}`).join('; ')
  return row.needsMigration('class', wish.name, shape(is), after, reason)
}

function shape({ name, vectorizer, distance, search }: Pick<ClassState, 'name' | 'vectorizer' | 'distance' | 'search'>) {
  return { name, vectorizer, distance, search }
}

function propertyRows(wish: ClassModel, is: ClassState | undefined): Row[] {
  const have = new Map(is?.properties.map((property) => [property.name, property.type]))
  return wish.properties.map(({ name, type }) => {
    const path = `${wish.name}/${name}`
    const found = have.get(name)
    if (found === undefined) return row.create('property', path, { name, type })
    if (found === type) return row.same('property', path)
    return row.needsMigration('property', path, { name, type: found }, { name, type }, `the property is ${found}, wanted ${type}`)
  })
}

function tenantRows(wish: ClassModel, is: ClassState | undefined): Row[] {
  const have = new Set(is?.tenants)
  return wish.tenants.map((tenant) => {
    const path = `${wish.name}/${tenant}`
    if (have.has(tenant)) return row.same('tenant', path)
    if (is !== undefined && !is.multiTenancy) {
      return row.needsMigration('tenant', path, null, tenant, 'the class was made without tenants, and cannot be given any in place')
    }
    return row.create('tenant', path, tenant)
  })
}
