/** What the embedded index refuses, over the checks that every backend shares. */
import { checkTenantNamed, checkVector as checkVectorOf, noSuchTenant } from '../../core/vector-index/checks'
import type { LoadedClass } from './memory'
import { longestVector } from './vectors'

/** The tenant whose objects are meant; the empty name on a class without multi-tenancy. */
export function tenantOf(loaded: LoadedClass, tenant: string | undefined, owner: string): string {
  checkTenantNamed(loaded.state, tenant, owner)
  if (tenant === undefined) return ''
  if (!loaded.tenants.has(tenant)) throw noSuchTenant(tenant, owner)
  return tenant
}

export function checkVector(loaded: LoadedClass, vector: Float32Array, owner: string): void {
  checkVectorOf({ distance: loaded.state.distance, dimension: loaded.dimension }, vector, longestVector, owner)
}
