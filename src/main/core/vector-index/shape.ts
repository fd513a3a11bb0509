/** What an existing class cannot be made to be: `incompatible`, with a sentence that names the class and both shapes. */
import { PortError } from '../../../shared/errors'
import type { ClassModel, PropertyModel } from '../../../shared/profile/model'
import type { ClassState } from '../ports/vector-index'

export function refuseOtherShape(is: ClassState, wish: ClassModel): void {
  for (const field of ['distance', 'vectorizer', 'search'] as const) {
    if (is[field] === wish[field]) continue
    throw new PortError('incompatible', `Class ${wish.name} has ${field} ${is[field]}, and cannot be given ${wish[field]} while it exists.`)
  }
  refuseOtherTypes(is, wish.properties)
  refuseTenants(is, wish.tenants)
}

export function refuseOtherTypes(is: ClassState, properties: readonly PropertyModel[]): void {
  const types = new Map(is.properties.map(({ name, type }) => [name, type]))
  for (const { name, type } of properties) {
    const existing = types.get(name)
    if (existing === undefined || existing === type) continue
    throw new PortError(
      'incompatible',
      `Class ${is.name}: property ${JSON.stringify(name)} is of type ${existing}, and cannot become ${type}.`,
    )
  }
}

export function refuseTenants(is: ClassState, tenants: readonly string[]): void {
  if (tenants.length === 0 || is.multiTenancy) return
  throw new PortError('incompatible', `Class ${is.name} was made without multi-tenancy, and cannot be given tenants.`)
}
