/**
 * What lies where under the storage's root: `BUCKET/…` are plain files that a person can open; everything of ours is under
 * `.thatdam/`, a name that no bucket can have.
 */
import { lstatSync } from 'node:fs'
import { join } from 'node:path'

export interface Layout {
  readonly root: string
  /** The catalogue: which objects there are, and where each one's file lies. */
  readonly catalogue: string
  /** Files on their way in. */
  readonly incoming: string
  bucket(name: string): string
  /** A file of a bucket, from its path there. */
  object(bucket: string, file: string): string
}

export function layoutOf(root: string): Layout {
  const ours = join(root, '.thatdam')
  return {
    root,
    catalogue: join(ours, 'storage.db'),
    incoming: join(ours, 'tmp'),
    bucket: (name) => join(root, name),
    object: (bucket, file) => join(root, bucket, file),
  }
}

export function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** What a path answers that no file can be made at: too long or too odd for this disk, or with a file on the way. */
const noRoom: ReadonlySet<string | undefined> = new Set(['ENOTDIR', 'ENAMETOOLONG', 'EILSEQ', 'EINVAL', 'ELOOP'])

/** What lies at a path: a plain file, nothing (a file can be made there), or what no file can replace. */
export function whatIsAt(path: string): 'file' | 'nothing' | 'obstacle' {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return 'nothing'
    return stats.isFile() ? 'file' : 'obstacle'
  } catch (error) {
    if (noRoom.has((error as NodeJS.ErrnoException).code)) return 'obstacle'
    throw error
  }
}
