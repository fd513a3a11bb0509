import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { viewStorageFs } from '../../../../../src/main/adapters/storage-fs/view'
import type { ObjectStorage } from '../../../../../src/main/core/ports/object-storage'
import { body, bucket, bytesFrom, keysIn, put, refusal, sha256, signal, text } from '../../../../conformance/object-storage/tools'
import { bench } from './tools'

const on = bench()

const get = (storage: ObjectStorage, key: string) => storage.get(bucket, key, {}, signal)
const head = (storage: ObjectStorage, key: string) => storage.head(bucket, key, {}, signal)

/** A link in the bucket to a directory outside of it. */
function linkToOutside(name: string): void {
  mkdirSync(on.at('outside'))
  symlinkSync(on.at('outside'), on.at(bucket, name))
}

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
    await storage.delete(bucket, 'b', {}, signal)
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
    ['longer', 'content and more'],
    ['of the same length', 'CONTENT'],
  ])('an object whose file was changed to something %s is a new version, under its own etag', async (_, content) => {
    const storage = await on.withBucket()
    await storage.ensureVersioning(bucket, signal)
    const { version = '' } = await put(storage, 'a', 'content', { contentType: 'text/plain', metadata: { n: '1' } })
    writeAtAnotherTime(on.at(bucket, 'a'), content)
    const found = await get(storage, 'a')
    expect(new TextDecoder().decode(await bytesFrom(found.body))).toBe(content)
    expect(found.info).toMatchObject({ etag: sha256(content), contentType: 'text/plain', metadata: { n: '1' } })
    expect(found.info.version).not.toBe(version)
    // The bytes of the version before went with the hand that wrote over them; that it was there is not forgotten.
    await expect(storage.get(bucket, 'a', { version }, signal)).rejects.toEqual(refusal('not-found', version, 'removed by hand'))
    expect((await storage.versions(bucket, {}, signal)).versions).toHaveLength(2)
    await put(storage, 'a', 'again')
    expect(await text(storage, 'a')).toBe('again')
  })

  it('a change is seen by a head, a listing after a survey, and a condition', async () => {
    const storage = await on.withBucket()
    for (const key of ['a', 'b']) {
      await put(storage, key, 'content')
      writeAtAnotherTime(on.at(bucket, key), 'changed')
    }
    expect(await head(storage, 'a')).toMatchObject({ etag: sha256('changed') })
    expect(await storage.survey(signal)).toMatchObject({ adopted: 0, changed: 1 })
    expect((await storage.list(bucket, {}, signal)).objects.map(({ etag }) => etag)).toEqual([sha256('changed'), sha256('changed')])
  })

  it('a file that is being written is not served half, and is taken once it is the same at a second look', async () => {
    const storage = await on.withBucket()
    await put(storage, 'a', 'content')
    appendFileSync(on.at(bucket, 'a'), ' and more')
    await expect(get(storage, 'a')).rejects.toEqual(refusal('unavailable', `${bucket}/a`, 'being changed by hand'))
    appendFileSync(on.at(bucket, 'a'), ' and the end')
    await expect(head(storage, 'a')).rejects.toEqual(refusal('unavailable'))
    expect(await text(storage, 'a')).toBe('content and more and the end')
  })

  it.each(['get', 'head'] as const)('a file that was dropped in is adopted by a %s of its name', async (call) => {
    const storage = await on.withBucket()
    mkdirSync(on.at(bucket, 'd'))
    writeAtAnotherTime(on.at(bucket, 'd', 'clip 1.mp4'), 'by hand')
    const found = call === 'get' ? (await get(storage, 'd/clip 1.mp4')).info : await head(storage, 'd/clip 1.mp4')
    expect(found).toMatchObject({ key: 'd/clip 1.mp4', size: 7, etag: sha256('by hand'), contentType: 'video/mp4' })
    expect(await keysIn(storage)).toEqual(['d/clip 1.mp4'])
    expect(on.files()).toEqual(['d/clip 1.mp4'])
  })

  it('files that were dropped in are adopted by a listing and by a survey, each once', async () => {
    const storage = await on.withBucket()
    writeAtAnotherTime(on.at(bucket, 'a.txt'), 'a')
    expect(await keysIn(storage)).toEqual(['a.txt'])
    writeAtAnotherTime(on.at(bucket, 'b.txt'), 'b')
    const before = (await storage.list(bucket, {}, signal)).objects[0]
    expect(await storage.survey(signal)).toEqual({ adopted: 1, changed: 0, missing: { count: 0, names: [] } })
    expect(await storage.survey(signal)).toEqual({ adopted: 0, changed: 0, missing: { count: 0, names: [] } })
    expect((await storage.list(bucket, {}, signal)).objects).toEqual([before, expect.objectContaining({ key: 'b.txt' })])
  })

  it('a name that no key is written as is taken literally, and one that is, is read', async () => {
    const storage = await on.withBucket()
    for (const name of ['100%.txt', '%2Ehidden', 'a%7Eb', 'x%~y']) writeAtAnotherTime(on.at(bucket, name), name)
    await storage.survey(signal)
    expect(await keysIn(storage)).toEqual(['.hidden', '100%.txt', 'a%7Eb', 'x%~y'].sort())
    expect(await text(storage, '.hidden')).toBe('%2Ehidden')
    expect(await text(storage, '100%.txt')).toBe('100%.txt')
  })

  it('a file that is called by a lone percent sign, as an empty key would be, is taken literally', async () => {
    const storage = await on.withBucket()
    on.dropIn('%', 'by hand', new Date('2026-01-01'))
    expect(await keysIn(storage)).toEqual(['%'])
    expect(await text(storage, '%')).toBe('by hand')
    expect(on.files()).toEqual(['%'])
  })

  it('what systems and programs leave lying about is not adopted, nor what is no plain file', async () => {
    const storage = await on.withBucket()
    for (const name of ['.DS_Store', 'Thumbs.db', 'clip.mov.part', '~$doc.docx', '.~lock.a#']) writeAtAnotherTime(on.at(bucket, name), 'x')
    symlinkSync(on.at('.thatdam', 'storage.db'), on.at(bucket, 'link'))
    mkdirSync(on.at(bucket, 'empty'))
    expect(await storage.survey(signal)).toMatchObject({ adopted: 0 })
    expect(await keysIn(storage)).toEqual([])
    await expect(get(storage, 'link')).rejects.toEqual(refusal('not-found'))
  })

  it('two files that some file system could take for one are both adopted, the second under a name of its own', async () => {
    const storage = await on.withBucket()
    writeAtAnotherTime(on.at(bucket, 'clip.mov'), 'lower')
    writeAtAnotherTime(on.at(bucket, 'CLIP.mov'), 'upper')
    expect(await storage.survey(signal)).toMatchObject({ adopted: 2 })
    expect([await text(storage, 'clip.mov'), await text(storage, 'CLIP.mov')]).toEqual(['lower', 'upper'])
    expect(new Set(on.files().map((file) => file.toLowerCase())).size).toBe(2)
  })

  it('a survey names what was removed, and deletes nothing', async () => {
    const storage = await on.withBucket()
    for (const key of ['a', 'd/b', 'c']) await put(storage, key, key)
    rmSync(on.at(bucket, 'a'))
    rmSync(on.at(bucket, 'd'), { recursive: true })
    expect((await storage.survey(signal)).missing).toEqual({ count: 2, names: [`${bucket}/a`, `${bucket}/d/b`] })
    expect(await keysIn(storage)).toEqual(['a', 'c', 'd/b'])
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
    await storage.survey(signal)
    expect(readFileSync(on.at(bucket, 'clip.mp4'), 'utf8')).toBe('by hand')
    expect(await text(storage, 'clip.mp4')).toBe('by us')
    await storage.delete(bucket, 'clip.mp4', {}, signal)
    expect(on.files()).toEqual(['clip.mp4'])
  })

  it.each([
    ['a directory where the file should be', () => mkdirSync(on.at(bucket, 'd', 'a'), { recursive: true })],
    ['a file where a directory should be', () => writeFileSync(on.at(bucket, 'd'), 'by hand')],
    ['a link to elsewhere', () => linkToOutside('d')],
  ])('%s is gone around', async (_, obstruct) => {
    const storage = await on.withBucket()
    obstruct()
    const outside = Object.keys(on.tree()).filter((path) => !path.startsWith('.thatdam'))
    await put(storage, 'd/a', 'content')
    expect(await text(storage, 'd/a')).toBe('content')
    await storage.delete(bucket, 'd/a', {}, signal)
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
    await storage.delete(bucket, 'a', {}, signal)
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
