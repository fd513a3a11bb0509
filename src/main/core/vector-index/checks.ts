/** What is refused before anything is looked up or written, each with a sentence that names the object or query. */
import { PortError } from '../../../shared/errors'
import type { ClassState } from '../ports/vector-index'

const maxK = 10_000
const maxBatch = 10_000

/** What a vector must fit. */
export interface VectorShape {
  readonly distance: string
  /** Length of the class's vectors; null until it holds its first. */
  readonly dimension: number | null
}

export function checkBatch(count: number, owner: string): void {
  if (count > maxBatch) throw new PortError('too-large', `${owner}: the batch holds ${count} objects; at most 10,000 are allowed.`)
}

/** A tenant is named where the class has tenants, and nowhere else. Whether the class has this one, only the backend knows. */
export function checkTenantNamed({ multiTenancy }: Pick<ClassState, 'multiTenancy'>, tenant: string | undefined, owner: string): void {
  if (!multiTenancy && tenant !== undefined) {
    throw new PortError('invalid', `${owner}: the class has no tenants, and tenant ${JSON.stringify(tenant)} was named.`)
  }
  if (multiTenancy && tenant === undefined) throw new PortError('invalid', `${owner}: the class has tenants, and none was named.`)
}

export function noSuchTenant(tenant: string, owner: string, cause?: unknown): PortError {
  return new PortError('invalid', `${owner}: the class has no tenant ${JSON.stringify(tenant)}.`, { cause })
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

/** The class's length, finite numbers, and a direction where one is compared. `longest` is what the backend can keep. */
export function checkVector({ distance, dimension }: VectorShape, vector: Float32Array, longest: number, owner: string): void {
  if (vector.length === 0) throw new PortError('invalid', `${owner}: the vector is empty.`)
  if (vector.length > longest) {
    throw new PortError('too-large', `${owner}: the vector has length ${vector.length}; at most ${longest} are allowed.`)
  }
  if (dimension !== null && vector.length !== dimension) {
    throw new PortError(
      'invalid',
      `${owner}: the vector has length ${vector.length}, and every vector of this class has length ${dimension}.`,
    )
  }
  const position = vector.findIndex((value) => !Number.isFinite(value))
  if (position >= 0) throw new PortError('invalid', `${owner}: number ${position} of the vector is ${vector[position]}.`)
  if (distance === 'cosine' && vector.every((value) => value === 0)) {
    throw new PortError('invalid', `${owner}: a vector of zeros has no direction, which cosine compares.`)
  }
}
