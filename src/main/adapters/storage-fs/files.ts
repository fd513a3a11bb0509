/**
 * Moves into and out of a bucket's directory. All are synchronous, so that within this process a directory is never removed
 * between being made for a file and getting it. All return the directories whose entries changed, for the caller to sync.
 */
import { lstatSync, renameSync, rmdirSync, statSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeDirectory } from '../sqlite/directory'
import type { Arrival, KeptRow, ObjectRow, Removal, VersionRow } from './catalogue'
import { arrivalOf, isDirectory, type Layout, versionsOf } from './layout'
import { looksUntouched } from './objects'

/** Rename an incoming file to its place, making the directories on the way but never the bucket's own. */
export function moveIntoPlace(layout: Layout, { bucket, file, incoming }: Arrival): readonly string[] {
  return move(layout.arrival(incoming), layout.object(bucket, file), () => isDirectory(layout.bucket(bucket)))
}

/** Rename the file of what is no longer the newest version to the place where old versions lie. One that a hand removed is not moved. */
export function moveAside(layout: Layout, { file, comingFrom }: Pick<VersionRow, 'file' | 'comingFrom'>): readonly string[] {
  if (file === null || comingFrom === null || !exists(layout.under(comingFrom))) return []
  return move(layout.under(comingFrom), layout.under(file), () => true)
}

function move(from: string, to: string, mayMakeDirectory: () => boolean): readonly string[] {
  try {
    renameSync(from, to)
    return [dirname(to)]
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || !mayMakeDirectory()) throw error
  }
  const changed = makeDirectory(dirname(to))
  renameSync(from, to)
  return [dirname(to), ...changed]
}

/** Where an object's content lies at this moment, as a path under the root. */
export function placeOf(layout: Layout, bucket: string, { file, incoming }: Pick<ObjectRow, 'file' | 'incoming'>): string {
  const arrival = incoming === null ? undefined : arrivalOf(incoming)
  return arrival !== undefined && exists(layout.under(arrival)) ? arrival : `${bucket}/${file}`
}

/** Where the file of an old version lies, as a path under the root. What has come to lie where it came from is not taken for it. */
export function placeOfVersion(layout: Layout, row: KeptRow): string {
  if (row.comingFrom === null || exists(layout.under(row.file))) return row.file
  const found = statSync(layout.under(row.comingFrom), { throwIfNoEntry: false })
  return found !== undefined && looksUntouched(found, row) ? row.comingFrom : row.file
}

export function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    // A file stands where a directory should: nothing can be below it.
    if (codeOf(error) === 'ENOTDIR') return false
    throw error
  }
}

/** Remove a file, and the directories that it leaves empty. One that is gone already, or was replaced by a directory, counts as removed. */
export function removeFile(layout: Layout, { bucket, file, aside }: Omit<Removal, 'id'>): readonly string[] {
  const path = aside === 1 ? layout.under(file) : layout.object(bucket, file)
  try {
    if (lstatSync(path).isDirectory()) return []
    unlinkSync(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return []
    throw error
  }
  return [emptied(dirname(path), aside === 1 ? layout.under(versionsOf(bucket)) : layout.bucket(bucket))]
}

/** Remove directories that are left empty, up to `top`, which stays. Returns the one that stays. */
function emptied(from: string, top: string): string {
  let directory = from
  while (directory !== top && removeIfEmpty(directory)) directory = dirname(directory)
  return directory
}

/** The directories that a file which was moved away left empty. */
export function tidyAfter(layout: Layout, bucket: string, file: string): readonly string[] {
  return [emptied(dirname(layout.object(bucket, file)), layout.bucket(bucket))]
}

function removeIfEmpty(directory: string): boolean {
  try {
    rmdirSync(directory)
    return true
  } catch {
    // Not empty, most of the time. A directory that has to stay for another reason does no harm.
    return false
  }
}

/** Whether the operating system let it be done. What a start could not do, the next one tries again. */
export function wasAllowed(work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return false
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
