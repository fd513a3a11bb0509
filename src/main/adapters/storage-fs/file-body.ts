/** A part of an open file as a body. */
import { createHash } from 'node:crypto'
import { closeSync, read as readCallback } from 'node:fs'
import { promisify } from 'node:util'
import { PortError } from '../../../shared/errors'
import { toPortError } from '../sqlite/database'

const read = promisify(readCallback)

/** Bytes read at once: large enough that reading, not asking, is what takes the time. */
const chunkSize = 256 * 1024

/** Some of the bytes of an open file from `start` until before `end`: at least one. Rejects `incompatible` where the file ends too early. */
async function readSome(descriptor: number, start: number, end: number, resource: string): Promise<Uint8Array> {
  const length = Math.min(chunkSize, end - start)
  // Not from the pool: a consumer may keep a chunk for long.
  const { bytesRead, buffer } = await read(descriptor, Buffer.allocUnsafeSlow(length), 0, length, start)
  if (bytesRead > 0) return buffer.subarray(0, bytesRead)
  throw new PortError('incompatible', `${resource}: its file was cut short by hand while it was read`)
}

/**
 * The bytes of an open file from `start` until before `end`. It can be read once. The file is closed when the last byte was
 * read, when the reader stops early, or when the signal aborts.
 */
export function fileBody(
  descriptor: number,
  { start, end }: { start: number; end: number },
  resource: string,
  signal: AbortSignal,
): AsyncIterableIterator<Uint8Array> {
  let position = start
  let reading = 0
  let released = false

  function release(): void {
    if (released) return
    released = true
    signal.removeEventListener('abort', release)
    // A number that is closed during a read could meanwhile be another file's.
    if (reading === 0) closeSync(descriptor)
  }

  async function chunk(): Promise<Uint8Array> {
    reading++
    try {
      return await readSome(descriptor, position, end, resource)
    } catch (error) {
      release()
      throw toPortError(error, resource)
    } finally {
      reading--
      if (released && reading === 0) closeSync(descriptor)
    }
  }

  signal.addEventListener('abort', release, { once: true })
  if (start >= end) release()

  return {
    async next() {
      signal.throwIfAborted()
      if (released) return { done: true, value: undefined }
      const value = await chunk()
      signal.throwIfAborted()
      position += value.length
      if (position >= end) release()
      return { done: false, value }
    },
    async return() {
      release()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** The lower-case hex sha256 of the first `size` bytes of an open file. */
export async function hashOf(descriptor: number, size: number, resource: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for (let position = 0; position < size; ) {
    const bytes = await readSome(descriptor, position, size, resource)
    signal.throwIfAborted()
    hash.update(bytes)
    position += bytes.length
  }
  return hash.digest('hex')
}
