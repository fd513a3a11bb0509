/** Reading bodies from segment files. */
import { closeSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'

/** Where a body lies. */
export interface BodyPlace {
  readonly segment: number
  readonly start: number
  readonly checksum: number
}

/** A body that is not what was stored, or not there at all. */
export class DamagedBody extends Error {}

/** Reads what lies one behind the other in few steps. For one reader. */
export interface BodyReader {
  /** Throws `DamagedBody`, or what the file system says. */
  read(place: BodyPlace, length: number): Uint8Array
}

export interface Bodies {
  /** `endOf` says up to which byte a segment may be read. */
  reader(endOf: (segment: number) => number): BodyReader
  /** The segment is to be removed. */
  forget(segment: number): void
  close(): void
}

/** Bytes read at once, where bodies are smaller. */
const AHEAD = 128 * 1024
/** Files kept open. */
const OPEN_FILES = 8

export function openBodies(pathOf: (segment: number) => string): Bodies {
  const files = new Map<number, number>()

  function forget(segment: number): void {
    const descriptor = files.get(segment)
    if (descriptor !== undefined) closeSync(descriptor)
    files.delete(segment)
  }

  function descriptorOf(segment: number): number {
    const known = files.get(segment)
    if (known !== undefined) return known
    const descriptor = openSync(pathOf(segment), 'r')
    const [oldest] = files.keys()
    if (files.size >= OPEN_FILES && oldest !== undefined) forget(oldest)
    files.set(segment, descriptor)
    return descriptor
  }

  /** What there is of `length` bytes from `start` on. */
  function readAt(segment: number, start: number, length: number): Uint8Array {
    const bytes = Buffer.allocUnsafeSlow(length)
    let descriptor: number
    try {
      descriptor = descriptorOf(segment)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      throw new DamagedBody(`${pathOf(segment)} is not there`, { cause: error })
    }
    let read = 0
    while (read < length) {
      const more = readSync(descriptor, bytes, read, length - read, start + read)
      if (more === 0) break
      read += more
    }
    return bytes.subarray(0, read)
  }

  return {
    reader(endOf) {
      let chunk: { readonly segment: number; readonly start: number; readonly bytes: Uint8Array } | undefined
      return {
        read({ segment, start, checksum }, length) {
          if (chunk?.segment !== segment || start < chunk.start || start + length > chunk.start + chunk.bytes.byteLength) {
            const size = Math.max(length, Math.min(AHEAD, endOf(segment) - start))
            chunk = { segment, start, bytes: readAt(segment, start, size) }
          }
          const at = start - chunk.start
          const body = chunk.bytes.subarray(at, at + length)
          // The last of a chunk lets it go.
          if (at + length >= chunk.bytes.byteLength) chunk = undefined
          if (body.byteLength !== length || crc32(body) !== checksum) {
            chunk = undefined
            throw new DamagedBody(`${pathOf(segment)} does not hold it whole from byte ${start} to ${start + length}`)
          }
          return body
        },
      }
    },
    forget,
    close() {
      for (const segment of [...files.keys()]) forget(segment)
    },
  }
}
