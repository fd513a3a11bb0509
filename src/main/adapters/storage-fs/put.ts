/**
 * Putting. The commit is what counts: before it nothing has happened, and what lies around is swept up; after it the renames are
 * always completed, by the next start if need be.
 *
 * In a bucket that keeps versions, the commit also gives the version that was the newest a place of its own. Its file is moved there
 * before the new one takes the old place, in this order on every file system that keeps the order of renames.
 */
import { PortError } from '../../../shared/errors'
import type { ObjectInfo, ObjectStorage, PutOptions } from '../../core/ports/object-storage'
import type { ByHand } from './by-hand'
import { type BucketRow, contentOf, type ObjectRow, type VersionRow } from './catalogue'
import { exists, moveAside, moveIntoPlace, placeOf } from './files'
import { discard, type Incoming, receive } from './incoming'
import { foldPath } from './key-path'
import { infoOf, keyBytes } from './objects'
import { pathFor } from './place'
import type { Store } from './store'

interface Target {
  readonly bucket: string
  readonly key: string
  readonly stored: Buffer
  readonly options: PutOptions
  /** How messages name it. */
  readonly resource: string
}

interface Placed {
  readonly bucket: BucketRow
  readonly before: ObjectRow | undefined
  readonly row: ObjectRow
  readonly aside: Omit<VersionRow, 'id'> | undefined
}

export function putter(store: Store, byHand: ByHand): ObjectStorage['put'] {
  const { layout, catalogue, commit } = store

  return (bucket, key, body, options, callerSignal) => {
    const resource = `${bucket}/${key}`
    return store.call(resource, callerSignal, async (signal) => {
      store.file.require()
      const target: Target = { bucket, key, stored: keyBytes(key), options, resource }
      const { id, versioning } = store.bucket(bucket)
      // A file that was dropped in counts where it makes a difference. Else it stays what it is, and the object gets another place.
      if ((versioning === 1 || isConditional(options)) && catalogue.find(id, target.stored) === undefined) {
        await byHand.adopt(bucket, key, signal)
      }
      // Judged for good in the commit; here, so that no body is taken in for nothing.
      checkConditions(target, catalogue.find(id, target.stored))
      const incoming = await receive(layout.incoming, body, resource, signal)
      return store.locked(resource, () => place(target, incoming, signal))
    })
  }

  /** Commit and rename. Where a rename fails, the rows are as they were before the error is answered. */
  async function place(target: Target, incoming: Incoming, signal: AbortSignal): Promise<ObjectInfo> {
    const placed = await decide(target, incoming, signal).catch(async (error: unknown) => {
      await discard(layout.incoming, incoming.name)
      throw error
    })
    const { bucket, row, before, aside } = placed
    let changed: readonly string[]
    try {
      changed = [
        ...(aside === undefined ? [] : moveAside(layout, aside)),
        ...moveIntoPlace(layout, { bucket: target.bucket, file: row.file, incoming: incoming.name }),
      ]
    } catch (error) {
      await commit(() => withdraw(target, placed))
      await discard(layout.incoming, incoming.name)
      throw error
    }
    if (aside === undefined) await discard(layout.incoming, before?.incoming)
    store.afterwards(changed, () => {
      catalogue.settle(incoming.name)
      if (aside !== undefined) catalogue.settleVersion(bucket.id, aside.key, aside.version)
    })
    return infoOf(row, bucket)
  }

  async function decide(target: Target, incoming: Incoming, signal: AbortSignal): Promise<Placed> {
    await store.steady(target.bucket, target.stored)
    return commit(() => {
      signal.throwIfAborted()
      return record(target, incoming)
    })
  }

  function record(target: Target, incoming: Incoming): Placed {
    const bucket = store.bucket(target.bucket)
    const before = catalogue.find(bucket.id, target.stored)
    checkConditions(target, before)
    const row = rowFor(target, incoming, pathFor(store, bucket.id, target, before))
    const aside = before !== undefined && bucket.versioning === 1 ? setAside(store, target.bucket, before) : undefined
    if (aside !== undefined) catalogue.addVersion(bucket.id, aside)
    catalogue.save(bucket.id, row)
    return { bucket, before, row, aside }
  }

  /** The old version may have been moved before the new one could not be: it is then where its row says, and read from there. */
  function withdraw({ stored }: Target, { bucket, before, aside }: Placed): void {
    if (before === undefined) catalogue.drop(bucket.id, stored)
    else if (aside?.file != null && exists(layout.under(aside.file))) catalogue.save(bucket.id, { ...before, incoming: aside.file })
    else catalogue.save(bucket.id, before)
    const added = aside === undefined ? undefined : catalogue.findVersion(bucket.id, stored, aside.version)
    if (added !== undefined) catalogue.dropVersion(added.id)
  }

  function rowFor({ stored, options }: Target, incoming: Incoming, file: string): ObjectRow {
    return {
      key: stored,
      version: store.versionId(),
      file,
      folded: foldPath(file),
      size: incoming.size,
      etag: incoming.etag,
      modified: Math.trunc(store.now()),
      mtime: incoming.mtime,
      contentType: options.contentType ?? 'application/octet-stream',
      metadata: JSON.stringify(options.metadata ?? {}),
      incoming: incoming.name,
    }
  }
}

/** The row of a version that stops being the newest. */
export function setAside({ layout }: Store, bucket: string, row: ObjectRow): Omit<VersionRow, 'id'> {
  const file = layout.version(bucket, row.file, row.version)
  const comingFrom = placeOf(layout, bucket, row)
  return { ...contentOf(row), file, comingFrom: comingFrom === file ? null : comingFrom }
}

function isConditional({ ifMatch, ifNoneMatch }: PutOptions): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined
}

export function checkConditions(
  { options, resource }: { options: Pick<PutOptions, 'ifMatch' | 'ifNoneMatch'>; resource: string },
  row: Pick<ObjectRow, 'etag'> | undefined,
): void {
  if (options.ifNoneMatch !== undefined && row !== undefined) {
    throw new PortError('precondition-failed', `${resource} exists already, with etag ${row.etag}`)
  }
  if (options.ifMatch !== undefined && options.ifMatch !== row?.etag) {
    const found = row === undefined ? 'it does not exist' : `its etag is ${row.etag}`
    throw new PortError('precondition-failed', `${resource} does not have etag ${options.ifMatch}: ${found}`)
  }
}
