/** A body on its way to disk: hashed as it is written, and synced before anyone hears of it. */
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { takeIn } from '../../core/object-storage/take-in'
import type { Bytes } from '../../core/ports/object-storage'
import { isVersionPlace } from './layout'

/** Marks the incoming files of this process. Those of every other one were left behind: the data directory has one owner at a time. */
const thisProcess = randomUUID()

export function isOfThisProcess(incoming: string): boolean {
  return incoming.startsWith(thisProcess)
}

/**
 * Bytes after which the disk is set to work while more is coming in: the sync at the end then finds little left to do, and a large body
 * does not fill the memory of the system with what is still to be written.
 */
const writtenBackEvery = 8 * 1024 * 1024

export interface Incoming {
  /** File name in the incoming directory. */
  readonly name: string
  readonly size: number
  /** Lower-case hex sha256. */
  readonly etag: string
  /** The file's time stamp, in whole milliseconds. */
  readonly mtime: number
}

/**
 * Write a body to a new file, on disk when this resolves. Whatever goes wrong, the file is gone again: a body that throws
 * rejects `invalid` (or with its own `PortError`), an abort with the signal's reason, even while the body stands still.
 */
export async function receive(directory: string, body: Bytes, resource: string, signal: AbortSignal): Promise<Incoming> {
  const name = `${thisProcess}.${randomUUID()}`
  const path = join(directory, name)
  const file = await open(path, 'wx')
  try {
    const { size, etag } = await write(file, body, resource, signal)
    await file.sync()
    const { mtimeMs } = await file.stat()
    await file.close()
    return { name, size, etag, mtime: Math.trunc(mtimeMs) }
  } catch (error) {
    await Promise.allSettled([file.close()])
    await discard(directory, name)
    throw error
  }
}

/** Remove an incoming file, which may be gone already. What cannot be removed now is removed at the next start. */
export async function discard(directory: string, incoming: string | null | undefined): Promise<void> {
  // The place of another version is no leftover.
  if (incoming != null && !isVersionPlace(incoming)) await Promise.allSettled([rm(join(directory, incoming), { force: true })])
}

async function write(file: FileHandle, body: Bytes, resource: string, signal: AbortSignal): Promise<{ size: number; etag: string }> {
  const hash = createHash('sha256')
  let written = 0
  let writtenBack = 0
  let writingBack: Promise<void> | undefined
  const size = await takeIn(body, resource, signal, async (piece) => {
    hash.update(piece)
    await writeAll(file, piece)
    written += piece.byteLength
    if (written - writtenBack < writtenBackEvery) return
    await writingBack
    writtenBack = written
    writingBack = file.datasync()
    // Awaited at the next turn or at the end; where the body fails first, its error is the one to tell.
    writingBack.catch(() => undefined)
  })
  await writingBack
  return { size, etag: hash.digest('hex') }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.byteLength; ) {
    written += (await file.write(bytes, written)).bytesWritten
  }
}
