/**
 * Plain files below a bucket's directory that no object has: what a person dropped in. A survey looks through all of it. A listing looks
 * where it lists, at directories that changed since they were last looked through, and at no more than some thousand entries.
 */
import { lstat, opendir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { PortError } from '../../../shared/errors'
import { type ByHand, isPassing } from './by-hand'
import { foldPath, pathOf } from './key-path'
import type { Store } from './store'

export interface Strangers {
  /** Adopt all that there are. Returns how many. */
  adoptAll(bucket: string, signal: AbortSignal): Promise<number>
  /** Adopt those that a listing of this prefix would show: not more often than every two seconds. */
  adoptBeforeListing(bucket: string, prefix: string, signal: AbortSignal): Promise<void>
}

/** Entries that one listing looks at before it leaves the rest to the next ones, and to the survey. */
const listingLooks = 10_000
const listingEveryMs = 2_000
/** A directory that changed so recently may change once more without another time stamp. */
const steadyAfterMs = 2_000
/** Of so many directories and prefixes is it remembered when they were looked at. */
const remembered = 50_000

/** A directory in which everything is known. */
interface Known {
  readonly mtimeMs: number
  readonly directories: readonly string[]
}

export function strangersOf({ layout, catalogue, now }: Store, byHand: ByHand): Strangers {
  const known = new Map<string, Known>()
  const listed = new Map<string, number>()

  function isStranger(bucket: string, file: string): boolean {
    const id = catalogue.bucket(bucket)?.id
    return id !== undefined && catalogue.findByFile(id, file, foldPath(file)) === undefined
  }

  /** Look through these directories of a bucket and all below them, until `budget` entries were looked at. */
  async function adoptIn(bucket: string, from: readonly string[], budget: number, signal: AbortSignal): Promise<number> {
    const top = layout.bucket(bucket)
    const waiting = [...from]
    let left = budget
    let adopted = 0

    async function lookThrough(directory: string): Promise<Known | undefined> {
      const mtimeMs = await changeOf(directory)
      if (mtimeMs === undefined) return undefined
      const before = known.get(directory)
      if (budget !== Number.POSITIVE_INFINITY && before?.mtimeMs === mtimeMs) return before
      let whole = now() - mtimeMs >= steadyAfterMs
      const directories: string[] = []
      for await (const entry of await openQuietly(directory)) {
        if (--left < 0) return undefined
        signal.throwIfAborted()
        const path = join(directory, entry.name)
        if (entry.isDirectory()) directories.push(path)
        else if (entry.isFile()) {
          const file = relative(top, path).split(sep).join('/')
          if (isPassing(file) || !isStranger(bucket, file)) continue
          if (await quietly(() => byHand.adoptFile(bucket, file, signal))) adopted++
          else whole = false
        }
      }
      if (known.size >= remembered) known.clear()
      if (whole) known.set(directory, { mtimeMs, directories })
      else known.delete(directory)
      return { mtimeMs, directories }
    }

    for (let directory = waiting.pop(); directory !== undefined && left > 0; directory = waiting.pop()) {
      left--
      waiting.push(...((await lookThrough(directory))?.directories ?? []))
    }
    return adopted
  }

  return {
    adoptAll: (bucket, signal) => adoptIn(bucket, [layout.bucket(bucket)], Number.POSITIVE_INFINITY, signal),

    async adoptBeforeListing(bucket, prefix, signal) {
      const directories = directoriesOf(prefix)
      const name = JSON.stringify([bucket, ...directories])
      const time = now()
      const last = listed.get(name) ?? Number.NEGATIVE_INFINITY
      if (time - last < listingEveryMs && time >= last) return
      if (listed.size >= remembered) listed.clear()
      listed.set(name, time)
      const there: string[] = []
      for (const directory of directories)
        if (await isWithin(layout.bucket(bucket), directory)) there.push(layout.object(bucket, directory))
      await adoptIn(bucket, there, listingLooks, signal)
    },
  }
}

/**
 * The directories, as paths in the bucket's, where files may lie whose keys begin with `prefix`: where such keys are put, and where a
 * name lies that is taken literally. A key that was put elsewhere is no stranger.
 */
function directoriesOf(prefix: string): readonly string[] {
  const end = prefix.lastIndexOf('/')
  if (end < 0) return ['.']
  const literal = prefix.slice(0, end)
  const put = pathOf(literal)
  const isPath = !/[\\\0]/.test(literal) && literal.split('/').every((name) => name !== '' && name !== '.' && name !== '..')
  return [...new Set([...(put === undefined ? [] : [put]), ...(isPath ? [literal] : [])])]
}

/** Whether a path leads to a directory, over directories alone: a link on the way leads out of the bucket. */
async function isWithin(top: string, path: string): Promise<boolean> {
  let at = top
  for (const name of path.split('/')) {
    at = join(at, name)
    if ((await changeOf(at)) === undefined) return false
  }
  return true
}

/** When a directory last got or lost an entry, in milliseconds; undefined for what is none, or is out of reach. */
async function changeOf(path: string): Promise<number | undefined> {
  const [found] = await Promise.allSettled([lstat(path)])
  return found.status === 'fulfilled' && found.value.isDirectory() ? found.value.mtimeMs : undefined
}

/** A directory that is gone by now, or that this user may not look into, holds nothing for us. */
async function openQuietly(directory: string) {
  try {
    return await opendir(directory, { bufferSize: 256 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'EPERM') return []
    throw error
  }
}

/** One file that is being written, or that cannot be read, does not keep the others from being looked at. */
export async function quietly(work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work()
  } catch (error) {
    const code = error instanceof PortError ? error.code : (error as NodeJS.ErrnoException).code
    if (code === 'unavailable' || code === 'incompatible' || code === 'EACCES' || code === 'EPERM' || code === 'ENOENT') return false
    throw error
  }
}
