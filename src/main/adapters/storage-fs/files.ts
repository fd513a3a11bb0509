/**
 * Moves into and out of a bucket's directory. Both are synchronous, so that within this process a directory is never removed
 * between being made for a file and getting it. Both return the directories whose entries changed, for the caller to sync.
 */
import { lstatSync, renameSync, rmdirSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeDirectory } from '../sqlite/directory'
import type { Arrival, Removal } from './catalogue'
import { isDirectory, type Layout } from './layout'

/** Rename an incoming file to its place, making the directories on the way but never the bucket's own. */
export function moveIntoPlace(layout: Layout, { bucket, file, incoming }: Arrival): readonly string[] {
  const from = join(layout.incoming, incoming)
  const to = layout.object(bucket, file)
  try {
    renameSync(from, to)
    return [dirname(to)]
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || !isDirectory(layout.bucket(bucket))) throw error
  }
  const changed = makeDirectory(dirname(to))
  renameSync(from, to)
  return [dirname(to), ...changed]
}

/** Remove a file, and the directories that it leaves empty. One that is gone already, or was replaced by a directory, counts as removed. */
export function removeFile(layout: Layout, { bucket, file }: Omit<Removal, 'id'>): readonly string[] {
  const path = layout.object(bucket, file)
  try {
    if (lstatSync(path).isDirectory()) return []
    unlinkSync(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return []
    throw error
  }
  const top = layout.bucket(bucket)
  let directory = dirname(path)
  while (directory !== top && removeIfEmpty(directory)) directory = dirname(directory)
  return [directory]
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

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
