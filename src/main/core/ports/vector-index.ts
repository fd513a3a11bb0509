/**
 * Vectors with metadata, by class, tenant and id, and the nearest of them to a query.
 *
 * Callers may rely on: every rejection is a `PortError` or the signal's own reason; a write that resolved is seen by the next
 * query and outlives a crash. Scores: higher is nearer; cosine similarity, dot product, or minus the squared distance; ties by id.
 * Adapters may rely on: class and property names have passed the profile's rules, and no call follows `close`.
 */
import type { ClassModel, PropertyModel } from '../../../shared/profile/model'
import type { Amount } from './object-storage'

export type Metadata = Readonly<Record<string, string | number | boolean | readonly (string | number | boolean)[]>>

export interface VectorObject {
  readonly id: string
  /** All vectors of one class have the length of its first. Numbers that are not finite are `invalid`. */
  readonly vector: Float32Array
  /** Declared properties only; another name is `invalid`. */
  readonly metadata: Metadata
  /** Required on a class with tenants, `invalid` on one without. */
  readonly tenant?: string
}

export type Filter =
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter }
  | {
      readonly field: string
      readonly op: 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte' | 'contains' | 'exists'
      readonly value?: string | number | boolean
    }

interface VectorQuery {
  readonly vector: Float32Array
  readonly k: number
  readonly tenant?: string
  readonly filter?: Filter
}

export interface QueryResult {
  readonly results: readonly { readonly id: string; readonly score: number; readonly metadata: Metadata }[]
  /** True where objects may be missing because a backend is away. */
  readonly partial: boolean
}

export interface VectorIndex {
  readonly supports: {
    readonly filters: boolean
    /** A query beside a write that replaces an object finds the old or the new one. Where false, it may for a moment find neither. */
    readonly replacesInPlace: boolean
  }
  readonly authoritative: boolean
  upsert(className: string, object: VectorObject, signal: AbortSignal): Promise<void>
  /** Each object on its own: one that is refused does not stop the others. */
  batch(
    className: string,
    objects: readonly VectorObject[],
    signal: AbortSignal,
  ): Promise<readonly { readonly id: string; readonly error?: { readonly code: string; readonly message: string } }[]>
  get(className: string, id: string, tenant: string | undefined, signal: AbortSignal): Promise<VectorObject>
  /** Removing an absent object succeeds. */
  delete(className: string, id: string, tenant: string | undefined, signal: AbortSignal): Promise<void>
  query(className: string, query: VectorQuery, signal: AbortSignal): Promise<QueryResult>
  close(): Promise<void>
}

/**
 * A class as it stands. One that somebody else made may have what no profile can wish for, which is then told in the backend's own
 * words. Multi-tenancy is fixed when a class is made; a class that has it may still be without tenants.
 */
export interface ClassState extends Omit<ClassModel, 'distance' | 'search' | 'properties'> {
  readonly distance: string
  readonly search: string
  readonly properties: readonly { readonly name: string; readonly type: string }[]
  readonly multiTenancy: boolean
}

export interface IndexView {
  /** The named classes that exist, by name. Reads only. */
  describe(classes: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ClassState>>
  /** What a class holds, or one tenant of it. A class that does not exist holds nothing. */
  contents(className: string, tenant: string | undefined, signal: AbortSignal): Promise<Amount>
  close(): Promise<void>
}

/** Every `ensure` is idempotent and additive; one that meets another shape rejects `incompatible`. */
export interface IndexShaper {
  /** Creates the class with its properties and, when it names tenants, with multi-tenancy on. An existing class is left as it is. */
  ensureClass(wish: ClassModel, signal: AbortSignal): Promise<void>
  ensureProperties(className: string, properties: readonly PropertyModel[], signal: AbortSignal): Promise<void>
  ensureTenants(className: string, tenants: readonly string[], signal: AbortSignal): Promise<void>
}

/** What takes things away. Only the destroy rows of an acknowledged plan reach it; removing what is absent succeeds. */
export interface IndexRemover {
  /** A class that holds objects is refused `precondition-failed` unless `contents` says that they may go. */
  removeClass(className: string, options: { readonly contents: boolean }, signal: AbortSignal): Promise<void>
  removeTenant(className: string, tenant: string, options: { readonly contents: boolean }, signal: AbortSignal): Promise<void>
}

/** What an index keeps in memory, for the metrics. */
export interface IndexMemory {
  memory(): Promise<{ readonly vectors: number; readonly bytes: number }>
}
