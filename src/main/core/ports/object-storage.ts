/**
 * Bytes by bucket and key: where the node keeps artifacts.
 *
 * Two faces. Services move data through `ObjectStorage`; only reconcilers look through `StorageView` and shape through
 * `StorageShaper`. A plan is made from a view alone, so planning cannot write.
 *
 * Callers may rely on: every rejection is a `PortError` (branch on `code`) or the signal's own reason.
 * Adapters may rely on: names have passed the profile's rules, keys are valid S3 keys (1 to 1,024 bytes of UTF-8), and no
 * call follows `close`. They never retry, log or read the clock's wall time to decide: they throw.
 */
import type { LifecycleRule, Policy } from '../../../shared/profile/model'

export interface ObjectInfo {
  readonly key: string
  readonly size: number
  /** Lower-case hex sha256 of the content. */
  readonly etag: string
  /** ISO 8601, UTC. */
  readonly modified: string
  readonly contentType: string
  readonly metadata: Readonly<Record<string, string>>
  readonly version?: string
}

export interface PutOptions {
  readonly contentType?: string
  readonly metadata?: Readonly<Record<string, string>>
  /** `'*'`: only if the key is absent; else `precondition-failed`. */
  readonly ifNoneMatch?: '*'
  /** Only over the object with this etag; else `precondition-failed`. */
  readonly ifMatch?: string
}

export interface ListOptions {
  readonly prefix?: string
  /** Keys that continue past this text after the prefix are rolled up into `prefixes`. */
  readonly delimiter?: string
  /** Exclusive: only keys and prefixes after it, in UTF-8 byte order. */
  readonly after?: string
  /** 1 to 1,000; 1,000 unless told. */
  readonly limit?: number
}

export interface Listing {
  readonly objects: readonly ObjectInfo[]
  readonly prefixes: readonly string[]
  /** Pass as `after` for the rest; absent at the end. */
  readonly next?: string
}

export type Bytes = AsyncIterable<Uint8Array>

export interface ObjectStorage {
  /** What this backend offers beyond the minimum. Fixed for its life, and the only reason to skip a conformance case. */
  readonly supports: { readonly versions: boolean }
  /** Whether an absence here means absence. */
  readonly authoritative: boolean
  /** Store `body`. A reader sees the old object or the new one, never a mix; once it resolves the object outlives a crash. A body that throws leaves nothing. */
  put(bucket: string, key: string, body: Bytes, options: PutOptions, signal: AbortSignal): Promise<ObjectInfo>
  /** An object and its bytes, or those of `range` (both ends inclusive, clipped to the object; a start past the end is `invalid`). */
  get(
    bucket: string,
    key: string,
    options: { readonly range?: { readonly start: number; readonly end?: number }; readonly version?: string },
    signal: AbortSignal,
  ): Promise<{ readonly info: ObjectInfo; readonly body: Bytes }>
  head(bucket: string, key: string, options: { readonly version?: string }, signal: AbortSignal): Promise<ObjectInfo>
  /** One page, in UTF-8 byte order. */
  list(bucket: string, options: ListOptions, signal: AbortSignal): Promise<Listing>
  /** Remove an object. Removing an absent one succeeds: the wish is already true. */
  delete(bucket: string, key: string, signal: AbortSignal): Promise<void>
  /** Copy within this storage, content type and metadata included. */
  copy(from: { bucket: string; key: string }, to: { bucket: string; key: string }, signal: AbortSignal): Promise<ObjectInfo>
  /** All versions of a key, newest first. `unsupported` where `supports.versions` is false. */
  versions(bucket: string, key: string, signal: AbortSignal): Promise<readonly ObjectInfo[]>
  /** Make an old version the newest again, as a new version. */
  restore(bucket: string, key: string, version: string, signal: AbortSignal): Promise<ObjectInfo>
  /** Release what was opened. Safe to call twice. */
  close(): Promise<void>
}

/** What a plan wants to know of one bucket. What is not asked for is not looked up. */
export interface BucketQuestion {
  readonly name: string
  readonly versioning: boolean
  readonly lifecycle: boolean
  readonly tags: boolean
  readonly policy: boolean
}

/** What was found. A field that was not asked for is absent; a policy that is not set is `null`. */
export interface BucketState {
  readonly name: string
  readonly versioning?: boolean
  readonly lifecycle?: readonly LifecycleRule[]
  readonly tags?: Readonly<Record<string, string>>
  readonly policy?: Policy | null
}

export interface StorageView {
  /** The named buckets that exist, by name. Reads only. */
  describe(buckets: readonly BucketQuestion[], signal: AbortSignal): Promise<ReadonlyMap<string, BucketState>>
  close(): Promise<void>
}

/** Every `ensure` is idempotent and additive: it merges, and leaves alone what it was not told about. */
export interface StorageShaper {
  ensureBucket(bucket: string, signal: AbortSignal): Promise<void>
  ensureVersioning(bucket: string, signal: AbortSignal): Promise<void>
  /** Merge by rule id. */
  ensureLifecycle(bucket: string, rules: readonly LifecycleRule[], signal: AbortSignal): Promise<void>
  /** Merge by key. */
  ensureTags(bucket: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>
  ensurePolicy(bucket: string, policy: Policy, signal: AbortSignal): Promise<void>
}
