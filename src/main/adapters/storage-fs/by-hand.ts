/**
 * What a person did in a bucket's directory. A file that was dropped in becomes an object; one that was changed becomes a new version
 * of its object. Nothing is ever deleted because of what a hand did: an object whose file is gone stays, and says so when it is read.
 *
 * A file is taken only once nobody seems to write to it any more: its time stamp is two seconds old, or it is the same at a second
 * look. The key of a file is what its path decodes to; a path that no key is written as is taken literally. What is adopted counts as
 * stored at that moment, as an upload would, so that no lifecycle rule takes an old file the minute it was dropped in.
 */
import { closeSync, fstatSync, lstatSync, openSync, type Stats } from 'node:fs'
import { extname } from 'node:path'
import { PortError } from '../../../shared/errors'
import type { BucketRow, ObjectRow } from './catalogue'
import { contentTypes } from './content-types'
import { hashOf } from './file-body'
import { exists, moveIntoPlace } from './files'
import { foldPath, keyOf, pathOf } from './key-path'
import { longestKey, looksUntouched } from './objects'
import { pathFor } from './place'
import type { Store } from './store'

export interface ByHand {
  /** Adopt the file that lies where this key's would, if there is one. */
  adopt(bucket: string, key: string, signal: AbortSignal): Promise<boolean>
  /** Adopt the file at a path in the bucket's directory. */
  adoptFile(bucket: string, file: string, signal: AbortSignal): Promise<boolean>
  /** Make what lies in an object's place its newest version. Rejects `unavailable` while it is being written. */
  change(bucket: string, key: Buffer, signal: AbortSignal): Promise<void>
}

const settledAfterMs = 2_000

/** Files that systems and programs leave lying about, and those that are not complete yet. */
const passing = /^\.|^(?:thumbs\.db|desktop\.ini)$|^~\$|\.(?:part|partial|crdownload|download)$/i

export function isPassing(file: string): boolean {
  return file.split('/').some((name) => passing.test(name))
}

interface Content {
  readonly size: number
  readonly etag: string
  readonly mtime: number
}

export function byHand(store: Store): ByHand {
  const { layout, catalogue, commit } = store
  /** Of files that were too young when last looked at: what they looked like then. */
  const young = new Map<string, string>()

  /** Whether nobody writes to a file any more, as far as one can see. */
  function isSettled(path: string, stats: Stats): boolean {
    const age = store.now() - stats.mtimeMs
    const look = `${stats.size} ${stats.mtimeMs} ${stats.ino}`
    if (age >= settledAfterMs || young.get(path) === look) {
      young.delete(path)
      return true
    }
    young.set(path, look)
    return false
  }

  /** What a plain file holds, or undefined for what is none, or is not settled. */
  async function contentOf(path: string, resource: string, signal: AbortSignal): Promise<Content | undefined> {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined || !stats.isFile() || !isSettled(path, stats)) return undefined
    const descriptor = openSync(path, 'r')
    try {
      const before = fstatSync(descriptor)
      const etag = await hashOf(descriptor, before.size, resource, signal)
      const after = fstatSync(descriptor)
      if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) return undefined
      return { size: after.size, etag, mtime: Math.trunc(after.mtimeMs) }
    } finally {
      closeSync(descriptor)
    }
  }

  async function adoptFile(bucketName: string, file: string, signal: AbortSignal): Promise<boolean> {
    if (isPassing(file)) return false
    const key = keyOf(file)
    const stored = Buffer.from(key)
    if (stored.length > longestKey || !key.isWellFormed()) return false
    const resource = `${bucketName}/${key}`
    return store.locked(resource, async () => {
      if (!isNew(store.bucket(bucketName), file, stored)) return false
      const content = await contentOf(layout.object(bucketName, file), resource, signal)
      if (content === undefined) return false
      const moved = await commit(() => {
        const bucket = store.bucket(bucketName)
        if (!isNew(bucket, file, stored)) return undefined
        const row = rowFor(bucketName, bucket, key, file, content)
        catalogue.save(bucket.id, row)
        return row
      })
      if (moved?.incoming != null) {
        const { incoming } = moved
        const changed = moveIntoPlace(layout, { bucket: bucketName, file: moved.file, incoming })
        store.afterwards(changed, () => catalogue.settle(incoming))
      }
      return moved !== undefined
    })
  }

  /** Neither does an object have this file, nor is there one of this key, which a file elsewhere belongs to. */
  function isNew({ id }: BucketRow, file: string, key: Buffer): boolean {
    return catalogue.findByFile(id, file, foldPath(file)) === undefined && catalogue.find(id, key) === undefined
  }

  /** A file whose name some file system could take for another one's is renamed as if its key had been put. */
  function rowFor(bucketName: string, { id }: BucketRow, key: string, file: string, content: Content): ObjectRow {
    const folded = foldPath(file)
    const taken = catalogue.isFile(id, folded) || catalogue.isDirectory(id, folded)
    const place = taken ? pathFor(store, id, { bucket: bucketName, key, resource: `${bucketName}/${key}` }, undefined) : file
    return {
      ...content,
      key: Buffer.from(key),
      version: store.versionId(),
      file: place,
      folded: foldPath(place),
      modified: Math.trunc(store.now()),
      contentType: contentTypes[extname(file).toLowerCase()] ?? 'application/octet-stream',
      metadata: '{}',
      incoming: place === file ? null : `${bucketName}/${file}`,
    }
  }

  async function change(bucketName: string, key: Buffer, signal: AbortSignal): Promise<void> {
    const resource = `${bucketName}/${key.toString()}`
    await store.locked(resource, async () => {
      const { id } = store.bucket(bucketName)
      const row = catalogue.find(id, key)
      if (row === undefined || (row.incoming !== null && exists(layout.arrival(row.incoming)))) return
      const path = layout.object(bucketName, row.file)
      const stats = lstatSync(path, { throwIfNoEntry: false })
      if (stats === undefined || looksUntouched(stats, row)) return
      const content = await contentOf(path, resource, signal)
      if (content === undefined)
        throw new PortError('unavailable', `${resource}: ${path} is being changed by hand at this moment; try again.`)
      await commit(() => {
        const bucket = store.bucket(bucketName)
        if (content.etag === row.etag) catalogue.touch(id, key, content.mtime)
        else {
          // What it held before went with the hand that wrote over it; that there was such a version is still known.
          if (bucket.versioning === 1)
            catalogue.addVersion(id, { ...row, file: layout.version(bucketName, row.file, row.version), comingFrom: null })
          catalogue.save(id, { ...row, ...content, version: store.versionId(), modified: Math.trunc(store.now()), incoming: null })
        }
      })
    })
  }

  return {
    adopt: (bucket, key, signal) => {
      const file = pathOf(key)
      return file === undefined || !exists(layout.object(bucket, file)) ? Promise.resolve(false) : adoptFile(bucket, file, signal)
    },
    adoptFile,
    change,
  }
}
