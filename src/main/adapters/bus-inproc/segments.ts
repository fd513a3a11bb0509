/**
 * Files that hold the larger bodies, one behind the other. SQLite would write each of them twice, to its log and then to its place.
 *
 * The order is: append, sync, and only then the commit of the rows that say where. So a row never points at what is not on disk,
 * and whatever no row points at, a crash has left: opening cuts it off. A segment goes when no row points into it and nothing is
 * being written to it. Each body has a CRC-32 in its row, by which one that was damaged on the disk is told from a whole one.
 */
import { readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Database } from '../sqlite/database'
import { makeDirectory, syncDirectory } from '../sqlite/directory'
import { type BodyPlace, type BodyReader, openBodies } from './bodies'

export interface Segments {
  /** Put bodies on disk; not again before that has ended. Where it fails, nothing was stored. */
  append(bodies: readonly Uint8Array[]): Promise<BodyPlace[]>
  /** What was appended to these segments has been committed, or never will be. */
  settled(segments: readonly number[]): void
  /** Rows that pointed into these segments have gone: remove those that no other row points into. */
  release(segments: Iterable<number>): void
  /** The same for every segment there is. */
  releaseAll(): void
  reader(): BodyReader
  close(): Promise<void>
}

/** A new segment is begun once the last has grown to this many bytes. */
const FULL = 64 * 1024 * 1024

export function segmentDirectory(directory: string): string {
  return join(directory, 'segments')
}

const fileName = (segment: number) => `${String(segment).padStart(10, '0')}.bodies`

export function openSegments(directory: string, db: Database): Segments {
  const pathOf = (segment: number) => join(directory, fileName(segment))
  const isUsed = db.prepare<[number], number>('SELECT 1 FROM queued WHERE segment = ? LIMIT 1').pluck()
  const lastIn = db.prepare<[number], { start: number; length: number }>(
    'SELECT start, length FROM queued WHERE segment = ? ORDER BY start DESC LIMIT 1',
  )
  const lastUsed = db.prepare<[], number | null>('SELECT max(segment) FROM queued WHERE segment IS NOT NULL').pluck()

  /** The segment that bodies are appended to, and how much of it is on disk. */
  let current: { readonly segment: number; readonly handle: FileHandle; size: number } | undefined
  const found = recover()
  let newest = Math.max(found.newest, lastUsed.get() ?? 0)
  /** A segment of an earlier process that may be continued. */
  let unfinished = found.unfinished
  /** How many appends of each segment are not settled. */
  const writing = new Map<number, number>()
  const files = openBodies(pathOf)

  /** Remove what no row points into, and cut off what a crash has left. */
  function recover(): { newest: number; unfinished: { segment: number; size: number } | undefined } {
    let unfinished: { segment: number; size: number } | undefined
    const segments = names(directory)
    for (const segment of segments) {
      const last = lastIn.get(segment)
      if (last === undefined) {
        rmSync(pathOf(segment))
        continue
      }
      const end = last.start + last.length
      const { size } = statSync(pathOf(segment))
      if (size > end) truncateSync(pathOf(segment), end)
      // One that has lost its end is left as it is: its messages name it when they are read.
      unfinished = size >= end && end < FULL ? { segment, size: end } : undefined
    }
    return { newest: segments.at(-1) ?? 0, unfinished }
  }

  async function writable() {
    if (current !== undefined && current.size < FULL) return current
    const full = current
    current = undefined
    await full?.handle.close()
    // A segment that filled up while its rows went may have nothing left to be kept for.
    if (full !== undefined) release([full.segment])
    if (unfinished !== undefined) {
      const { segment, size } = unfinished
      unfinished = undefined
      // It may have gone with its last message.
      if (isUsed.get(segment) !== undefined) {
        current = { segment, size, handle: await open(pathOf(segment), 'r+') }
        return current
      }
    }
    for (const changed of makeDirectory(directory)) await syncDirectory(changed)
    newest += 1
    const handle = await open(pathOf(newest), 'wx')
    await syncDirectory(directory)
    current = { segment: newest, size: 0, handle }
    return current
  }

  async function abandon(): Promise<void> {
    const given = current
    current = undefined
    if (given === undefined) return
    // What a failed sync has left in the file's pages is not to be relied on, so nothing more is appended there. Cutting it off
    // gives a full disk its room back at once; where that fails too, the next start does it.
    await given.handle.truncate(given.size).catch(() => undefined)
    await given.handle.close()
    release([given.segment])
  }

  function settled(segments: readonly number[]): void {
    for (const segment of segments) {
      const left = (writing.get(segment) ?? 0) - 1
      if (left > 0) writing.set(segment, left)
      else writing.delete(segment)
    }
    // Rows may have gone while it was kept for those to come.
    release(segments)
  }

  function release(segments: Iterable<number>): void {
    for (const segment of segments) {
      if (segment === current?.segment || writing.has(segment) || isUsed.get(segment) !== undefined) continue
      files.forget(segment)
      try {
        rmSync(pathOf(segment), { force: true })
      } catch {
        // Nobody waits for this. It is tried again, and told where it fails, when the bus is opened next.
      }
    }
  }

  return {
    async append(bodies) {
      const { segment, handle, size } = await writable()
      writing.set(segment, (writing.get(segment) ?? 0) + 1)
      let start = size
      const places = bodies.map((body) => {
        const place = { segment, start, checksum: crc32(body) }
        start += body.byteLength
        return place
      })
      try {
        await writeAll(handle, bodies, size)
        await handle.datasync()
      } catch (error) {
        settled([segment])
        await abandon()
        throw error
      }
      if (current !== undefined) current.size = start
      return places
    },

    settled,
    release,
    releaseAll: () => release(names(directory)),

    // Beyond what is on disk the current file may be in the middle of a write.
    reader: () => files.reader((segment) => (segment === current?.segment ? current.size : Number.POSITIVE_INFINITY)),

    async close() {
      files.close()
      await current?.handle.close()
      current = undefined
    },
  }
}

/** The numbers of the segments in a directory, which may not exist, in order. */
function names(directory: string): number[] {
  try {
    return readdirSync(directory)
      .flatMap((name) => (/^\d{10,}\.bodies$/.test(name) ? [Number.parseInt(name, 10)] : []))
      .sort((a, b) => a - b)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function writeAll(handle: FileHandle, bodies: readonly Uint8Array[], position: number): Promise<void> {
  let left = bodies
  for (let at = position; left.length > 0; ) {
    const { bytesWritten } = await handle.writev(left, at)
    at += bytesWritten
    left = behind(left, bytesWritten)
  }
}

/** What is left of the bodies after so many bytes of them. */
function behind(bodies: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let rest = written
  for (const [i, body] of bodies.entries()) {
    if (rest < body.byteLength) return [body.subarray(rest), ...bodies.slice(i + 1)]
    rest -= body.byteLength
  }
  return []
}
