import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openStorageFs } from '../../../../../src/main/adapters/storage-fs/storage-fs'
import { body, bucket, patterned, put, read, refusal, sha256, signal, text } from '../../../../conformance/object-storage/tools'
import { bench } from './tools'

const on = bench()

describe('what storage-fs keeps on disk', () => {
  it('is a plain file where its key says', async () => {
    const storage = await on.withBucket()
    await put(storage, '2024/clip 01.mp4', 'content')
    expect(readFileSync(on.at(bucket, '2024', 'clip 01.mp4'), 'utf8')).toBe('content')
    expect(readdirSync(on.root).sort()).toEqual(['.thatdam', bucket])
  })

  it('is one file per object, and nothing on its way in, after any number of puts', async () => {
    const storage = await on.withBucket()
    for (let i = 0; i < 3; i++) await Promise.all(['a', 'b/c', 'b/d'].map((key) => put(storage, key, `${key} ${i}`)))
    expect(on.files()).toEqual(['a', 'b/c', 'b/d'])
    expect(on.incoming()).toEqual([])
  })

  it('stays inside the bucket, whatever the key', async () => {
    const storage = await on.withBucket()
    const keys = [
      '../escaped',
      '../../escaped',
      '/etc/escaped',
      '..',
      '.',
      '..\\escaped',
      '.thatdam/tmp/escaped',
      '%2e%2e/escaped',
      '../.thatdam/storage.db',
    ]
    for (const key of keys) await put(storage, key, key)
    expect(on.files()).toHaveLength(keys.length)
    expect(readdirSync(on.root).sort()).toEqual(['.thatdam', bucket])
    expect(on.incoming()).toEqual([])
    for (const key of keys) expect(await text(storage, key)).toBe(key)
  })

  it.each([
    ['is empty', ''],
    ['is longer than S3 allows', 'x'.repeat(1025)],
    ['could not be read back', 'a\ud800b'],
  ])('never is under a key that %s', async (_, key) => {
    const storage = await on.withBucket()
    await expect(put(storage, key, 'content')).rejects.toEqual(refusal('invalid', 'key'))
    expect(on.files()).toEqual([])
  })

  it('loses the directories that a delete leaves empty, but never the bucket', async () => {
    const storage = await on.withBucket()
    for (const key of ['a/b/c/d', 'a/x']) await put(storage, key, key)
    await storage.delete(bucket, 'a/b/c/d', {}, signal)
    expect(on.tree(bucket)).toEqual({ a: 'directory', 'a/x': sha256('a/x') })
    await storage.delete(bucket, 'a/x', {}, signal)
    expect(on.tree(bucket)).toEqual({})
    expect(existsSync(on.at(bucket))).toBe(true)
  })

  it('has a plain name again once what was in its way is deleted', async () => {
    const storage = await on.withBucket()
    await put(storage, 'a', 'file')
    await put(storage, 'a/b', 'in the way')
    await storage.delete(bucket, 'a', {}, signal)
    await storage.delete(bucket, 'a/b', {}, signal)
    await put(storage, 'a/b', 'plain')
    expect(on.files()).toEqual(['a/b'])
  })

  it('has its plain name again when it is put right after it was deleted', async () => {
    const storage = await on.withBucket()
    await put(storage, 'a', 'one')
    for (let i = 0; i < 5; i++) await Promise.all([storage.delete(bucket, 'a', {}, signal), put(storage, 'a', `again ${i}`)])
    expect(on.files()).toEqual(['a'])
  })

  it('is nothing, on its way in or in place, after puts that failed', async () => {
    const storage = await on.withBucket()
    await put(storage, 'kept', 'content')
    const before = on.tree(bucket)
    async function* failing() {
      yield patterned(100_000)
      throw new Error('gone')
    }
    await Promise.allSettled([
      storage.put(bucket, 'new/a', failing(), {}, signal),
      storage.put(bucket, 'kept', failing(), {}, signal),
      storage.put(bucket, 'kept', body('x'), { ifNoneMatch: '*' }, signal),
      storage.copy({ bucket, key: 'kept' }, { bucket: 'absent', key: 'a' }, {}, signal),
    ])
    expect(on.tree(bucket)).toEqual(before)
    expect(on.incoming()).toEqual([])
  })

  it('is dated by the clock that it was given', async () => {
    const storage = openStorageFs(on.root, { now: () => Date.UTC(2020, 1, 2, 3, 4, 5, 6) })
    await storage.ensureBucket(bucket, signal)
    expect(await put(storage, 'a', 'x')).toMatchObject({ modified: '2020-02-02T03:04:05.006Z' })
    await storage.close()
  })

  it.runIf(process.platform === 'linux')('holds no file open that nobody reads', async () => {
    const storage = await on.withBucket()
    const open = () => descriptorsOf(on.at(bucket, 'a'))
    await put(storage, 'a', patterned(1_000_000))
    for (let i = 0; i < 20; i++) await read(storage, 'a')
    for (let i = 0; i < 20; i++) {
      const { body: bytes } = await storage.get(bucket, 'a', {}, signal)
      for await (const chunk of bytes) if (chunk.length > 0) break
      await Promise.allSettled([
        storage.get(bucket, 'a', { range: { start: 2_000_000 } }, signal),
        storage.copy({ bucket, key: 'a' }, { bucket: 'absent', key: 'a' }, {}, signal),
      ])
      const controller = new AbortController()
      await storage.get(bucket, 'a', {}, controller.signal)
      controller.abort()
    }
    expect(open()).toBe(0)
    await storage.get(bucket, 'a', {}, signal)
    expect(open()).toBe(1)
    await storage.close()
    expect(open()).toBe(0)
  })
})

/** How often this process has a file open. */
function descriptorsOf(path: string): number {
  const targets = readdirSync('/proc/self/fd').map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`)
    } catch {
      // It was closed while the list was read.
      return ''
    }
  })
  return targets.filter((target) => target === path).length
}
