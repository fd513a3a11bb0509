/**
 * A body on its way to the server: taken in whole before anything is sent, since its hash goes before it. Up to one part it stays in
 * memory; what is longer goes to a file, so that memory does not grow with an object's size.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PortError } from '../../../shared/errors'
import type { Bytes } from '../../core/ports/object-storage'
import { orAborted } from './or-aborted'

/** What is sent at once, and held in memory for it. */
export const partBytes = 8 * 1024 * 1024

export interface Spooled {
  readonly size: number
  /** Lower-case hex. */
  readonly sha256: string
  /** The bytes from `start`, at most `length` of them. */
  read(start: number, length: number): Promise<Uint8Array>
  /** Let go of what it takes up. */
  dispose(): Promise<void>
}

/**
 * A body that throws rejects `invalid` (or with its own `PortError`), a disk without room `no-space`, an abort with the signal's reason, even
 * while the body stands still. Whatever goes wrong, nothing is left.
 */
export async function spool(body: Bytes, directory: string, uuid: () => string, resource: string, signal: AbortSignal): Promise<Spooled> {
  const hash = createHash('sha256')
  const held: Uint8Array[] = []
  let size = 0
  let file: FileHandle | undefined
  const chunks = body[Symbol.asyncIterator]()
  let ended = false
  try {
    for (;;) {
      const step = await orAborted(chunks.next(), signal).catch((error: unknown) => {
        if (!signal.aborted) ended = true
        throw signal.aborted ? error : bodyError(error, resource, size)
      })
      if (step.done === true) break
      hash.update(step.value)
      size += step.value.byteLength
      // A copy: whoever made the chunk may use its memory again.
      if (file === undefined) held.push(Uint8Array.from(step.value))
      else await writeAll(file, step.value)
      if (file === undefined && size > partBytes) {
        file = await unnamedFile(directory, uuid)
        for (const chunk of held.splice(0)) await writeAll(file, chunk)
      }
    }
    ended = true
  } catch (error) {
    await file?.close()
    throw signal.aborted && error === signal.reason ? error : spoolError(error, directory, resource)
  } finally {
    // Not awaited: a body that stands still would never answer. And how it ends is of no more interest.
    if (!ended) Promise.resolve(chunks.return?.()).catch(() => undefined)
  }
  return file === undefined ? inMemory(held, hash.digest('hex')) : inFile(file, size, hash.digest('hex'))
}

function inMemory(held: readonly Uint8Array[], sha256: string): Spooled {
  const bytes = Buffer.concat(held)
  return {
    size: bytes.byteLength,
    sha256,
    read: async (start, length) => bytes.subarray(start, start + length),
    dispose: async () => undefined,
  }
}

function inFile(file: FileHandle, size: number, sha256: string): Spooled {
  return {
    size,
    sha256,
    async read(start, length) {
      const bytes = Buffer.alloc(Math.min(length, size - start))
      for (let read = 0; read < bytes.byteLength; ) {
        const { bytesRead } = await file.read(bytes, read, bytes.byteLength - read, start + read)
        if (bytesRead === 0) throw new PortError('internal', 'the file of a body that is being sent has become shorter')
        read += bytesRead
      }
      return bytes
    },
    dispose: () => file.close(),
  }
}

/** A file that has lost its name at once: it goes with its handle, and with the process, however that ends. */
async function unnamedFile(directory: string, uuid: () => string): Promise<FileHandle> {
  await mkdir(directory, { recursive: true })
  const path = join(directory, uuid())
  const file = await open(path, 'wx+', 0o600)
  try {
    await rm(path)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.byteLength; ) written += (await file.write(bytes, written)).bytesWritten
}

const fullCodes: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

function spoolError(error: unknown, directory: string, resource: string): unknown {
  if (error instanceof PortError || error instanceof TypeError) return error
  const { code, message } = error as NodeJS.ErrnoException
  return fullCodes.has(code)
    ? new PortError('no-space', `${resource}: no room in ${directory} to take the body in before it is sent`, { cause: error })
    : new PortError('internal', `${resource}: the body cannot be kept in ${directory} before it is sent: ${message}`, { cause: error })
}

function bodyError(error: unknown, resource: string, size: number): unknown {
  if (error instanceof PortError || error instanceof TypeError) return error
  const why = error instanceof Error ? error.message : String(error)
  return new PortError('invalid', `${resource}: the body failed after ${size} bytes: ${why}`, { cause: error })
}
