/**
 * Bytes by bucket and key: where the node keeps artifacts.
 *
 * Two faces. Services move data through `ObjectStorage`; only reconcilers look through `StorageView` and shape through
 * `StorageShaper`. A plan is made from a view alone, so planning cannot write.
 *
 * Callers may rely on: every rejection is a `PortError` (branch on `code`) or the signal's own reason.
 * Adapters may rely on: names have passed the profile's rules, keys are valid S3 keys (1 to 1,024 bytes of UTF-8), and no
 * call follows `close`. They never retry, log or read the clock's wall time to decide: they throw.
 *
 * Versions follow S3. In a bucket that keeps them, a put adds a version and a delete adds a delete marker; both become the
 * newest, and nothing is lost. What was stored before the bucket kept versions stays as one of them. Version ids are opaque,
 * unique in their bucket, and never change.
 */
import type { KeyFamily } from '../../../shared/key-families'
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
  /** Present in a bucket that keeps versions, and only there. */
  readonly version?: string
}

/** One version of a key. A delete marker has size 0 and the etag `''`. */
export interface ObjectVersion extends ObjectInfo {
  readonly version: string
  readonly deleteMarker: boolean
  readonly latest: boolean
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

export interface VersionListOptions {
  /** Only the versions of exactly this key. */
  readonly key?: string
  readonly prefix?: string
  readonly delimiter?: string
  /** Exclusive: after all versions of `key` (or the rolled-up prefix of that name); with `version`, after that one of them. */
  readonly after?: { readonly key: string; readonly version?: string }
  /** 1 to 1,000; 1,000 unless told. */
  readonly limit?: number
}

export interface VersionListing {
  /** By key in UTF-8 byte order, the versions of one key newest first. */
  readonly versions: readonly ObjectVersion[]
  readonly prefixes: readonly string[]
  /** Pass as `after` for the rest; absent at the end. */
  readonly next?: { readonly key: string; readonly version?: string }
}

interface ObjectPlace {
  readonly bucket: string
  readonly key: string
}

/** How much there is of something: objects, messages or vectors, and their bytes. */
export interface Amount {
  readonly count: number
  readonly bytes: number
}

export const nothing: Amount = { count: 0, bytes: 0 }

export type Bytes = AsyncIterable<Uint8Array>

export interface ObjectStorage {
  /** What this backend offers beyond the minimum. Fixed for its life, and the only reason to skip a conformance case. */
  readonly supports: {
    readonly versions: boolean
    /** Settings that its buckets cannot have: to make sure of one is refused `unsupported`, and a look names it in `BucketState.lacks`. */
    readonly lacks: readonly BucketFeature[]
    /** Keys that it cannot hold: a put under one is refused `unsupported`, and names the key and the reason. */
    readonly refusedKeys: readonly KeyFamily[]
    /** Whether a condition and the change it guards are one step. Where not, it is looked at before, and another writer may come in between. */
    readonly atomicConditions: boolean
    /** Whether the tags of its buckets hold ASCII alone: any other is refused `unsupported`. */
    readonly asciiTags: boolean
    /** Whether `modified` in the answer to a put is what a look tells. Where not, it may differ by a second, or as long as the server took. */
    readonly exactDates: boolean
  }
  /** Whether an absence here means absence. */
  readonly authoritative: boolean
  /**
   * Store `body`. A reader sees the old object or the new one, never a mix; once it resolves the object outlives a crash. A body that
   * throws leaves nothing. `modified` in the answer is what a look tells where `supports.exactDates`.
   */
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
  /**
   * Remove an object; in a bucket that keeps versions, add a delete marker. With `version`, remove that one version (or marker)
   * for good. Removing what is absent succeeds: the wish is already true. `ifMatch`: only if the newest version has this etag,
   * else `precondition-failed`. Answers with the id of the marker that was made, or of the version that was removed.
   */
  delete(
    bucket: string,
    key: string,
    options: { readonly version?: string; readonly ifMatch?: string },
    signal: AbortSignal,
  ): Promise<{ readonly version?: string; readonly deleteMarker: boolean }>
  /**
   * Copy within this storage, as a put of the same bytes under the conditions of `options`. Content type and metadata come along,
   * except for what `options` states.
   */
  copy(from: ObjectPlace & { readonly version?: string }, to: ObjectPlace, options: PutOptions, signal: AbortSignal): Promise<ObjectInfo>
  /** One page of versions, delete markers included. `unsupported` where `supports.versions` is false. A bucket that never kept versions lists each object as its only one. */
  versions(bucket: string, options: VersionListOptions, signal: AbortSignal): Promise<VersionListing>
  /** Make an old version the newest again, as a new version with the same content, content type and metadata. A delete marker cannot be restored: `invalid`. */
  restore(bucket: string, key: string, version: string, signal: AbortSignal): Promise<ObjectInfo>
  /** Release what was opened. Safe to call twice. */
  close(): Promise<void>
}

/** What a server may lack, and a bucket then cannot have. */
export type BucketFeature = 'versioning' | 'lifecycle' | 'tags' | 'policy'

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
  /** Of what was asked for: what this server does not offer, so that the field is absent. */
  readonly lacks?: readonly BucketFeature[]
}

export interface StorageView {
  /** The named buckets that exist, by name. Reads only. */
  describe(buckets: readonly BucketQuestion[], signal: AbortSignal): Promise<ReadonlyMap<string, BucketState>>
  /** What the rule would expire at `at` (milliseconds since the epoch) by the rule of `shared/expiry`: newest versions that are no delete markers. A bucket that does not exist holds nothing. */
  expirable(bucket: string, rule: Pick<LifecycleRule, 'prefix' | 'expireDays'>, at: number, signal: AbortSignal): Promise<Amount>
  /** All that a bucket holds, every version counted, delete markers not. */
  contents(bucket: string, signal: AbortSignal): Promise<Amount>
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

/** What takes things away. Only the destroy rows of an acknowledged plan reach it; removing what is absent succeeds. */
export interface StorageRemover {
  /** A bucket that holds anything, an old version too, is refused `precondition-failed` unless `contents` says that all of it may go. */
  removeBucket(bucket: string, options: { readonly contents: boolean }, signal: AbortSignal): Promise<void>
  removeLifecycleRule(bucket: string, id: string, signal: AbortSignal): Promise<void>
  removeTag(bucket: string, key: string, signal: AbortSignal): Promise<void>
  removePolicy(bucket: string, signal: AbortSignal): Promise<void>
}

/** What a server does by itself and an embedded storage must be told to do. */
export interface StorageUpkeep {
  /**
   * Look through the directories of all buckets: adopt files that were put there by hand, note those that were changed as new
   * versions, and name the objects whose file was removed. Nothing is deleted by it.
   */
  survey(signal: AbortSignal): Promise<Survey>
  /**
   * Expire what the lifecycle rules say is due at `at`, milliseconds since the epoch: in a bucket that keeps versions by a delete
   * marker, else for good. Stops after some thousand objects; `more` says that it did, and that another call goes on.
   */
  expire(at: number, signal: AbortSignal): Promise<Amount & { readonly more: boolean }>
}

export interface Survey {
  readonly adopted: number
  readonly changed: number
  /** Objects whose file is gone, as `bucket/key`; at most 100 are named. */
  readonly missing: { readonly count: number; readonly names: readonly string[] }
}
