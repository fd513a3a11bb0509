/** What the cases of the suite share: bodies, and short names for the calls that nearly every case makes. */
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type {
  BucketFeature,
  BucketState,
  Bytes,
  ListOptions,
  ObjectInfo,
  ObjectStorage,
  PutOptions,
} from '../../../src/main/core/ports/object-storage'
import type { PortErrorCode } from '../../../src/shared/errors'
import { ancestorsOf, familiesOf } from '../../../src/shared/key-families'

/** A signal that never aborts. */
export const signal = new AbortController().signal

export const bucket = 'media-raw'

export type Content = string | Uint8Array

export function bytesOf(content: Content): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content
}

export function sha256(content: Content): string {
  return createHash('sha256').update(content).digest('hex')
}

/** A body of some parts, one after the other. */
export async function* body(...parts: readonly Content[]): Bytes & AsyncGenerator<Uint8Array> {
  for (const part of parts) yield bytesOf(part)
}

export async function bytesFrom(source: Bytes): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

export function put(storage: ObjectStorage, key: string, content: Content, options: PutOptions = {}): Promise<ObjectInfo> {
  return storage.put(bucket, key, body(content), options, signal)
}

export async function read(storage: ObjectStorage, key: string, range?: { start: number; end?: number }): Promise<Uint8Array> {
  const found = await storage.get(bucket, key, range === undefined ? {} : { range }, signal)
  return bytesFrom(found.body)
}

export async function text(storage: ObjectStorage, key: string, range?: { start: number; end?: number }): Promise<string> {
  return new TextDecoder().decode(await read(storage, key, range))
}

export async function keysIn(storage: ObjectStorage, options: ListOptions = {}): Promise<string[]> {
  const { objects } = await storage.list(bucket, options, signal)
  return objects.map(({ key }) => key)
}

/** A `PortError` with this code, whose message names what it is about. */
export function refusal(code: PortErrorCode, ...named: readonly string[]) {
  return expect.objectContaining({
    name: 'PortError',
    code,
    message: expect.toSatisfy((message: string) => named.every((part) => message.includes(part)), `names ${named.join(' and ')}`),
  })
}

/** What the put that made an object is to have answered, given what a look tells. Its date is its own where the storage says so. */
export function asAnswered({ supports }: ObjectStorage, seen: ObjectInfo, answers: readonly ObjectInfo[]): ObjectInfo {
  const { modified } = answers.find(({ etag }) => etag === seen.etag) ?? seen
  return supports.exactDates ? seen : { ...seen, modified }
}

/** Puts of `whole content`, each aborted a turn of the event loop later than the one before, with the key and how it ended. */
export async function* abortedPuts(storage: ObjectStorage) {
  for (let turns = 0; turns < 25; turns++) {
    const key = `key-${turns}`
    const controller = new AbortController()
    const putting = storage.put(bucket, key, body('whole ', 'content'), {}, controller.signal)
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
    controller.abort(new Error('no longer wanted'))
    const [{ status }] = await Promise.allSettled([putting])
    yield { key, status }
  }
}

/** Whether a storage can hold `key` beside `others`, by what it says of itself. */
export function holds({ supports }: ObjectStorage, key: string, others: readonly string[] = []): boolean {
  const { refusedKeys } = supports
  if (familiesOf(key).some((family) => refusedKeys.includes(family))) return false
  return (
    !refusedKeys.includes('beneath-object') || !others.some((other) => ancestorsOf(key).includes(other) || ancestorsOf(other).includes(key))
  )
}

/** Those of the keys, from the first on, that a storage can hold together. */
export function holdable(storage: ObjectStorage, keys: readonly string[]): string[] {
  const held: string[] = []
  for (const key of keys) if (holds(storage, key, held)) held.push(key)
  return held
}

/** Whether its buckets can have a setting. */
export function offers({ supports }: ObjectStorage, feature: BucketFeature): boolean {
  return !supports.lacks.includes(feature)
}

/** The bucket of the suite as a look finds it when it is new and everything is asked. */
export function plainState(storage: ObjectStorage): BucketState {
  const { lacks } = storage.supports
  const settings = { versioning: false, lifecycle: [], tags: {}, policy: null }
  const offered = Object.entries(settings).filter(([feature]) => !lacks.some((lack) => lack === feature))
  return { name: bucket, ...Object.fromEntries(offered), ...(lacks.length > 0 && { lacks }) }
}

/** Content that no two places of it share, so that a wrong offset shows. */
export function patterned(size: number): Uint8Array {
  const bytes = Buffer.alloc(size)
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE((at * 2654435761) >>> 0, at)
  return new Uint8Array(bytes)
}
