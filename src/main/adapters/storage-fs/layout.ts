/**
 * What lies where under the storage's root: `BUCKET/…` are plain files that a person can open; everything of ours is under
 * `.thatdam/`, a name that no bucket can have.
 */
import { lstatSync } from 'node:fs'
import { basename, extname, join, posix } from 'node:path'

export interface Layout {
  readonly root: string
  /** The catalogue: which objects there are, and where each one's file lies. */
  readonly catalogue: string
  /** Files on their way in. */
  readonly incoming: string
  /** Room that is kept for deleting. */
  readonly reserve: string
  /** Directories of removed buckets on their way out. */
  readonly trash: string
  /** A path under the root, as the catalogue has it. */
  under(path: string): string
  bucket(name: string): string
  /** A file of a bucket, from its path there. */
  object(bucket: string, file: string): string
  /** Where an object's content lies until it is in its place: see `arrivalOf`. */
  arrival(incoming: string): string
  /** The place of an old version, as a path under the root: recognisable by the name that it had as the newest. */
  version(bucket: string, file: string, version: string): string
}

export function layoutOf(root: string): Layout {
  const ours = join(root, '.thatdam')
  return {
    root,
    catalogue: join(ours, 'storage.db'),
    incoming: join(root, incomingDirectory),
    reserve: join(ours, 'reserve'),
    trash: join(ours, 'trash'),
    under: (path) => join(root, path),
    bucket: (name) => join(root, name),
    object: (bucket, file) => join(root, bucket, file),
    arrival: (incoming) => join(root, arrivalOf(incoming)),
    version(bucket, file, version) {
      const name = basename(file)
      const extension = extname(name)
      return `${versionsOf(bucket)}/${posix.dirname(file)}/${name.slice(0, name.length - extension.length)}~${version}${extension}`
    },
  }
}

const incomingDirectory = '.thatdam/tmp'

/** What is on its way in is written down by its name in `incoming`, or, where it has a slash, as a path under the root: that of a version. */
export function isVersionPlace(incoming: string): boolean {
  return incoming.includes('/')
}

/** Where what is on its way in lies, as a path under the root. */
export function arrivalOf(incoming: string): string {
  return isVersionPlace(incoming) ? incoming : `${incomingDirectory}/${incoming}`
}

/** The directory of a bucket's old versions, as a path under the root. */
export function versionsOf(bucket: string): string {
  return `.thatdam/versions/${bucket}`
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
