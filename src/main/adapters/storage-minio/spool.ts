/**
 * A body on its way to the server: taken in whole before anything is sent, since its hash goes before it. Up to one part it stays in
 * memory; what is longer goes to a file, so that memory does not grow with an object's size. While one part is written there, the next is
 * taken in.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PortError } from '../../../shared/errors'
import { takeIn } from '../../core/object-storage/take-in'
import type { Bytes } from '../../core/ports/object-storage'

/** What is held in memory, and a part of an upload in parts. */
export const partBytes = 8 * 1024 * 1024

export interface Spooled {
  readonly size: number
  /** Lower-case hex. */
  readonly sha256: string
  /** The bytes from `start`, at most `length` of them. */
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>
  /** Let go of what it takes up. */
  dispose(): Promise<void>
}

/**
 * A body that throws rejects `invalid` (or with its own `PortError`), a disk without room `no-space`, an abort with the signal's reason, even
 * while the body stands still. Whatever goes wrong, nothing is left.
 */
export async function spool(body: Bytes, directory: string, uuid: () => string, resource: string, signal: AbortSignal): Promise<Spooled> {
  const hash = createHash('sha256')
  const held: Uint8Array<ArrayBuffer>[] = []
  let size: number
  let heldBytes = 0
  let file: FileHandle | undefined
  /** The part before the one that is taken in. */
  let storing: Promise<void> | undefined

  async function storePart(): Promise<void> {
    const part = held.splice(0)
    heldBytes = 0
    await storing
    const to = file ?? (await unnamedFile(directory, uuid))
    file = to
    storing = writeAll(to, part)
    // Whoever waits for it hears of it.
    storing.catch(() => undefined)
  }

  try {
    size = await takeIn(body, resource, signal, async (piece) => {
      hash.update(piece)
      for (let rest = piece; rest.byteLength > 0; ) {
        if (heldBytes === partBytes) await storePart()
        // A copy: whoever made the piece may use its memory again.
        const taken = Buffer.from(rest.subarray(0, partBytes - heldBytes))
        held.push(taken)
        heldBytes += taken.byteLength
        rest = rest.subarray(taken.byteLength)
      }
    })
    if (file !== undefined) await storePart()
    await storing
  } catch (error) {
    await storing?.catch(() => undefined)
    await file?.close()
    throw signal.aborted && error === signal.reason ? error : spoolError(error, directory, resource)
  }
  const sha256 = hash.digest('hex')
  return file === undefined ? inMemory(held, sha256) : inFile(file, size, sha256)
}

function inMemory(held: readonly Uint8Array<ArrayBuffer>[], sha256: string): Spooled {
  const [only] = held
  const bytes = only !== undefined && held.length === 1 ? only : Buffer.concat(held)
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
      const bytes = Buffer.allocUnsafe(Math.min(length, size - start))
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

/** Buffers that one call writes: systems take no more than some 1,000. */
const mostAtOnce = 512

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

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let rest = chunks
  while (rest.length > 0) {
    let { bytesWritten } = await file.writev(rest.slice(0, mostAtOnce))
    let whole = 0
    for (; whole < rest.length && bytesWritten >= (rest[whole]?.byteLength ?? 0); whole++) bytesWritten -= rest[whole]?.byteLength ?? 0
    rest = rest.slice(whole)
    const [cut] = rest
    if (bytesWritten > 0 && cut !== undefined) rest = [cut.subarray(bytesWritten), ...rest.slice(1)]
  }
}

const fullCodes: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

function spoolError(error: unknown, directory: string, resource: string): unknown {
  if (error instanceof PortError || error instanceof TypeError) return error
  const { code, message } = error as NodeJS.ErrnoException
  return fullCodes.has(code)
    ? new PortError('no-space', `${resource}: no room in ${directory} to take the body in before it is sent`, { cause: error })
    : new PortError('internal', `${resource}: the body cannot be kept in ${directory} before it is sent: ${message}`, { cause: error })
}
