/** What is refused before anything is looked up or written, each with a sentence that names the object or query. */
import { PortError } from '../../../shared/errors'
import type { LoadedClass } from './memory'
import { longestVector } from './vectors'

const maxK = 10_000
const maxBatch = 10_000

export function checkBatch(count: number, owner: string): void {
  if (count > maxBatch) throw new PortError('too-large', `${owner}: the batch holds ${count} objects; at most 10,000 are allowed.`)
}

/** The tenant whose objects are meant; the empty name on a class without multi-tenancy. */
export function tenantOf(loaded: LoadedClass, tenant: string | undefined, owner: string): string {
  if (!loaded.state.multiTenancy) {
    if (tenant === undefined) return ''
    throw new PortError('invalid', `${owner}: the class has no tenants, and tenant ${JSON.stringify(tenant)} was named.`)
  }
  if (tenant === undefined) throw new PortError('invalid', `${owner}: the class has tenants, and none was named.`)
  if (!loaded.tenants.has(tenant)) throw new PortError('invalid', `${owner}: the class has no tenant ${JSON.stringify(tenant)}.`)
  return tenant
}

/** Ids are kept as UTF-8, which has no bytes for half of a surrogate pair. */
export function checkId(id: string, owner: string): void {
  if (id === '') throw new PortError('invalid', `${owner}: an id cannot be empty.`)
  if (!id.isWellFormed()) throw new PortError('invalid', `${owner}: the id is not valid Unicode.`)
}

export function checkK(k: number, owner: string): void {
  if (!Number.isInteger(k) || k < 1 || k > maxK) {
    throw new PortError('invalid', `${owner}: k is ${k}; it must be a whole number from 1 to 10,000.`)
  }
}

/** The class's length, finite numbers, and a direction where one is compared. */
export function checkVector(loaded: LoadedClass, vector: Float32Array, owner: string): void {
  if (vector.length === 0) throw new PortError('invalid', `${owner}: the vector is empty.`)
  if (vector.length > longestVector) {
    throw new PortError('too-large', `${owner}: the vector has length ${vector.length}; at most ${longestVector} are allowed.`)
  }
  if (loaded.dimension !== null && vector.length !== loaded.dimension) {
    throw new PortError(
      'invalid',
      `${owner}: the vector has length ${vector.length}, and every vector of this class has length ${loaded.dimension}.`,
    )
  }
  const position = vector.findIndex((value) => !Number.isFinite(value))
  if (position >= 0) throw new PortError('invalid', `${owner}: number ${position} of the vector is ${vector[position]}.`)
  if (loaded.state.distance === 'cosine' && vector.every((value) => value === 0)) {
    throw new PortError('invalid', `${owner}: a vector of zeros has no direction, which cosine compares.`)
  }
}
