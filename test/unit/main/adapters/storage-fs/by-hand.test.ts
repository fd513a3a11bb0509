import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { viewStorageFs } from '../../../../../src/main/adapters/storage-fs/view'
import type { ObjectStorage } from '../../../../../src/main/core/ports/object-storage'
import { body, bucket, keysIn, put, refusal, signal, text } from '../../../../conformance/object-storage/tools'
import { bench } from './tools'

const on = bench()

const get = (storage: ObjectStorage, key: string) => storage.get(bucket, key, {}, signal)
const head = (storage: ObjectStorage, key: string) => storage.head(bucket, key, {}, signal)

async function exists(name: string): Promise<boolean> {
  const view = viewStorageFs(on.root)
  const found = await view.describe([{ name, versioning: false, lifecycle: false, tags: false, policy: false }], signal)
  await view.close()
  return found.has(name)
}

describe('what a person does in the directories of storage-fs', () => {
  it.each(['file', 'directory above it'])('an object whose %s was removed is not-found, and named, but never deleted', async (what) => {
    const storage = await on.withBucket()
    await put(storage, 'd/a', 'content')
    rmSync(what === 'file' ? on.at(bucket, 'd', 'a') : on.at(bucket, 'd'), { recursive: true })
    for (const attempt of [get(storage, 'd/a'), head(storage, 'd/a')]) {
      await expect(attempt).rejects.toEqual(refusal('not-found', `${bucket}/d/a`, on.at(bucket, 'd', 'a'), 'removed by hand'))
    }
    expect(await keysIn(storage)).toEqual(['d/a'])
  })

  it('an object whose file was removed can be put again, or deleted', async () => {
    const storage = await on.withBucket()
    for (const key of ['a', 'b']) {
      await put(storage, key, 'content')
      rmSync(on.at(bucket, key))
    }
    await put(storage, 'a', 'again')
    expect(await text(storage, 'a')).toBe('again')
    await storage.delete(bucket, 'b', signal)
    expect(await keysIn(storage)).toEqual(['a'])
  })

  it('an object whose file was put back is there again', async () => {
    const storage = await on.withBucket()
    await put(storage, 'a', 'content')
    renameSync(on.at(bucket, 'a'), on.at('aside'))
    await expect(get(storage, 'a')).rejects.toEqual(refusal('not-found'))
    renameSync(on.at('aside'), on.at(bucket, 'a'))
    expect(await text(storage, 'a')).toBe('content')
  })

  it.each([
    ['longer', (path: string) => appendFileSync(path, ' and more')],
    ['of the same length', (path: string) => writeAtAnotherTime(path, 'CONTENT')],
  ])('an object whose file was changed to something %s is never served under its old etag', async (_, change) => {
    const storage = await on.withBucket()
    await put(storage, 'a', 'content')
    change(on.at(bucket, 'a'))
    await expect(get(storage, 'a')).rejects.toEqual(refusal('incompatible', `${bucket}/a`, on.at(bucket, 'a'), 'changed by hand'))
    await put(storage, 'a', 'again')
    expect(await text(storage, 'a')).toBe('again')
  })

  it('an object whose file has another date but the same content is served', async () => {
    const storage = await on.withBucket()
    await put(storage, 'a', 'content')
    utimesSync(on.at(bucket, 'a'), 1, 1)
    expect(await text(storage, 'a')).toBe('content')
  })

  it('an object whose file was moved to another disk behind a link is served', async () => {
    const storage = await on.withBucket()
    await put(storage, 'a', 'content')
    renameSync(on.at(bucket, 'a'), on.at('elsewhere'))
    symlinkSync(on.at('elsewhere'), on.at(bucket, 'a'))
    expect(await text(storage, 'a')).toBe('content')
  })

  it('a file that was dropped in is not overwritten by a put of its name', async () => {
    const storage = await on.withBucket()
    writeFileSync(on.at(bucket, 'clip.mp4'), 'by hand')
    await put(storage, 'clip.mp4', 'by us')
    expect(readFileSync(on.at(bucket, 'clip.mp4'), 'utf8')).toBe('by hand')
    expect(await text(storage, 'clip.mp4')).toBe('by us')
    await storage.delete(bucket, 'clip.mp4', signal)
    expect(on.files()).toEqual(['clip.mp4'])
  })

  it.each([
    ['a directory where the file should be', () => mkdirSync(on.at(bucket, 'd', 'a'), { recursive: true })],
    ['a file where a directory should be', () => writeFileSync(on.at(bucket, 'd'), 'by hand')],
    ['a link to elsewhere', () => symlinkSync(on.at(), on.at(bucket, 'd'))],
  ])('%s is gone around', async (_, obstruct) => {
    const storage = await on.withBucket()
    obstruct()
    const outside = Object.keys(on.tree()).filter((path) => !path.startsWith('.thatdam'))
    await put(storage, 'd/a', 'content')
    expect(await text(storage, 'd/a')).toBe('content')
    await storage.delete(bucket, 'd/a', signal)
    expect(Object.keys(on.tree()).filter((path) => !path.startsWith('.thatdam'))).toEqual(outside)
  })

  it('an object whose file was replaced by a directory finds another place', async () => {
    const storage = await on.withBucket()
    await put(storage, 'a', 'content')
    rmSync(on.at(bucket, 'a'))
    mkdirSync(on.at(bucket, 'a', 'full'), { recursive: true })
    await expect(get(storage, 'a')).rejects.toEqual(refusal('not-found', 'removed by hand'))
    await put(storage, 'a', 'again')
    expect(await text(storage, 'a')).toBe('again')
    await storage.delete(bucket, 'a', signal)
    expect(on.tree(bucket)).toEqual({ a: 'directory', 'a/full': 'directory' })
  })

  it('a bucket whose directory was removed is absent, and is put back with all that is known of it', async () => {
    const storage = await on.withBucket()
    await storage.ensureTags(bucket, { owner: 'media' }, signal)
    await put(storage, 'a', 'content')
    renameSync(on.at(bucket), on.at('aside'))
    expect(await exists(bucket)).toBe(false)
    for (const attempt of [
      get(storage, 'a'),
      storage.put(bucket, 'b', body('x'), {}, signal),
      storage.list(bucket, {}, signal),
      storage.ensureTags(bucket, { a: 'b' }, signal),
    ]) {
      await expect(attempt).rejects.toEqual(refusal('not-found', bucket, on.at(bucket), 'removed by hand'))
    }
    await storage.ensureBucket(bucket, signal)
    expect(await exists(bucket)).toBe(true)
    expect(await keysIn(storage)).toEqual(['a'])
    await expect(get(storage, 'a')).rejects.toEqual(refusal('not-found', 'removed by hand'))
    renameSync(on.at('aside', 'a'), on.at(bucket, 'a'))
    expect(await text(storage, 'a')).toBe('content')
  })

  it('a bucket whose directory goes while a body comes in is absent', async () => {
    const storage = await on.withBucket()
    async function* slow() {
      yield new Uint8Array(10)
      rmSync(on.at(bucket), { recursive: true })
    }
    await expect(storage.put(bucket, 'd/a', slow(), {}, signal)).rejects.toEqual(refusal('not-found', bucket))
    expect(on.incoming()).toEqual([])
  })

  it('a directory that was made is no bucket until it is made sure of, and is then taken as it is', async () => {
    const storage = on.open()
    mkdirSync(on.at('by-hand'))
    writeFileSync(on.at('by-hand', 'clip.mp4'), 'by hand')
    expect(await exists('by-hand')).toBe(false)
    await storage.ensureBucket('by-hand', signal)
    expect(await exists('by-hand')).toBe(true)
    expect(readFileSync(on.at('by-hand', 'clip.mp4'), 'utf8')).toBe('by hand')
  })

  it('a file with the name of a bucket is in the way, and says so', async () => {
    const storage = on.open()
    writeFileSync(on.at('in-the-way'), 'by hand')
    await expect(storage.ensureBucket('in-the-way', signal)).rejects.toEqual(refusal('incompatible', on.at('in-the-way')))
    expect(await exists('in-the-way')).toBe(false)
  })
})

function writeAtAnotherTime(path: string, content: string): void {
  writeFileSync(path, content)
  utimesSync(path, 1, 1)
}
