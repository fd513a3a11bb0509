import { expect, it } from 'vitest'
import type { Cases } from '../object-storage'
import { bucket, keysIn, offers, patterned, put, read, refusal, sha256, signal, text } from './tools'

export const persistenceCases: Cases = (subject) => {
  it('outlives the instance that wrote it', async () => {
    const { storage, reopen } = subject()
    const content = patterned(300_000)
    await put(storage, 'a/b', content, { contentType: 'video/mp4', metadata: { one: '1' } })
    const before = await storage.head(bucket, 'a/b', {}, signal)
    const second = await reopen()
    expect(await second.head(bucket, 'a/b', {}, signal)).toEqual(before)
    expect(sha256(await read(second, 'a/b'))).toBe(sha256(content))
  })

  it('keeps a delete and a replacement as well', async () => {
    const { storage, reopen } = subject()
    for (const key of ['a', 'b', 'c']) await put(storage, key, `first ${key}`)
    await storage.delete(bucket, 'a', {}, signal)
    await put(storage, 'b', 'second b')
    const second = await reopen()
    expect(await keysIn(second)).toEqual(['b', 'c'])
    expect(await text(second, 'b')).toBe('second b')
    await expect(second.head(bucket, 'a', {}, signal)).rejects.toEqual(refusal('not-found'))
  })

  it('keeps the shape of a bucket', async () => {
    const { storage, view, reopen } = subject()
    const versioning = offers(storage, 'versioning')
    if (versioning) await storage.ensureVersioning(bucket, signal)
    if (offers(storage, 'lifecycle')) await storage.ensureLifecycle(bucket, [{ id: 'tmp', prefix: 'tmp/', expireDays: 7 }], signal)
    await storage.ensureTags(bucket, { owner: 'media' }, signal)
    await storage.ensurePolicy(bucket, 'public-read', signal)
    const question = { name: bucket, versioning: true, lifecycle: true, tags: true, policy: true }
    const before = await view.describe([question], signal)
    await reopen()
    expect(await view.describe([question], signal)).toEqual(before)
    expect(before.get(bucket)).toMatchObject({ ...(versioning && { versioning }), tags: { owner: 'media' } })
  })
}
