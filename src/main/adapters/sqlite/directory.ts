/** Directories whose names outlive a power cut: a new entry is on disk only once the directory that holds it was synced. */
import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Windows cannot open a directory to sync it; NTFS journals names by itself. */
const namesAreJournalled = process.platform === 'win32'

/** What file systems answer that cannot sync a directory, some network shares among them. There the server has to see to it. */
const cannotSync: ReadonlySet<string | undefined> = new Set(['EINVAL', 'ENOTSUP', 'ENOSYS'])

/** A directory that has gone meanwhile holds nothing to keep. */
function tolerate(error: unknown): void {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOENT' && !cannotSync.has(code)) throw error
}

/**
 * Make a directory and the parents it lacks. Returns the directories that got a new entry, for the caller to sync;
 * empty when the directory stood already. `mode` is for those that are made.
 */
export function makeDirectory(path: string, mode = 0o777): readonly string[] {
  const missing: string[] = []
  for (let at = resolve(path); !isDirectory(at); at = dirname(at)) missing.unshift(at)
  // One by one: Node's own `recursive` never ends below a file system that answers "no such directory", as /proc does.
  for (const directory of missing) makeOne(directory, mode)
  return missing.map((directory) => dirname(directory)).reverse()
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function makeOne(directory: string, mode: number): void {
  try {
    mkdirSync(directory, { mode })
  } catch (error) {
    // Somebody else may have made it just now.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isDirectory(directory)) throw error
  }
}

/** Put on disk the names that a directory holds. */
export async function syncDirectory(path: string): Promise<void> {
  if (namesAreJournalled) return
  try {
    const handle = await open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    tolerate(error)
  }
}

/** The same, at once: for the time before a store is open. */
export function syncDirectorySync(path: string): void {
  if (namesAreJournalled) return
  try {
    const descriptor = openSync(path, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    tolerate(error)
  }
}
