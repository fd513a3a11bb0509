import { expect, it } from 'vitest'
import type { Cases } from '../object-storage'
import { body, bucket, keysIn, put, refusal, sha256, signal, text } from './tools'

export const conditionCases: Cases = (subject) => {
  it('puts only where the key is absent, if asked to', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'first', { ifNoneMatch: '*' })
    await expect(put(storage, 'a', 'second', { ifNoneMatch: '*' })).rejects.toEqual(refusal('precondition-failed', bucket, 'a'))
    expect(await text(storage, 'a')).toBe('first')
    await storage.delete(bucket, 'a', {}, signal)
    await put(storage, 'a', 'third', { ifNoneMatch: '*' })
    expect(await text(storage, 'a')).toBe('third')
  })

  it('puts only over the object with an etag, if asked to', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'first')
    await put(storage, 'a', 'second', { ifMatch: sha256('first') })
    await expect(put(storage, 'a', 'third', { ifMatch: sha256('first') })).rejects.toEqual(refusal('precondition-failed', bucket, 'a'))
    expect(await text(storage, 'a')).toBe('second')
  })

  it('meets no etag where there is no object', async () => {
    const { storage } = subject()
    await expect(put(storage, 'a', 'x', { ifMatch: sha256('x') })).rejects.toEqual(refusal('precondition-failed', bucket, 'a'))
    expect(await keysIn(storage)).toEqual([])
  })

  it('judges the condition by what is there when the body has ended', async () => {
    const { storage } = subject()
    async function* slow() {
      yield new Uint8Array(10)
      await put(storage, 'a', 'meanwhile')
    }
    await expect(storage.put(bucket, 'a', slow(), { ifNoneMatch: '*' }, signal)).rejects.toEqual(refusal('precondition-failed'))
    expect(await text(storage, 'a')).toBe('meanwhile')
  })

  it('lets exactly one of many win that want to be first', async () => {
    const { storage } = subject()
    const contents = Array.from({ length: 20 }, (_, i) => `writer ${i}`)
    const results = await Promise.allSettled(contents.map((content) => put(storage, 'a', content, { ifNoneMatch: '*' })))
    const won = contents.filter((_, i) => results[i]?.status === 'fulfilled')
    expect(won).toEqual([await text(storage, 'a')])
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toEqual(refusal('precondition-failed'))
    }
  })

  it('loses no update where each is made over the one before', async () => {
    const { storage } = subject()
    await put(storage, 'counter', '0')
    async function increment(): Promise<void> {
      for (;;) {
        const count = await text(storage, 'counter')
        try {
          await storage.put(bucket, 'counter', body(String(Number(count) + 1)), { ifMatch: sha256(count) }, signal)
          return
        } catch (error) {
          expect(error).toEqual(refusal('precondition-failed'))
        }
      }
    }
    await Promise.all(Array.from({ length: 8 }, increment))
    expect(await text(storage, 'counter')).toBe('8')
  })

  it('deletes only the object with an etag, if asked to', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'content')
    await expect(storage.delete(bucket, 'a', { ifMatch: sha256('other') }, signal)).rejects.toEqual(
      refusal('precondition-failed', bucket, 'a'),
    )
    expect(await text(storage, 'a')).toBe('content')
    await storage.delete(bucket, 'a', { ifMatch: sha256('content') }, signal)
    expect(await keysIn(storage)).toEqual([])
    await expect(storage.delete(bucket, 'a', { ifMatch: sha256('content') }, signal)).rejects.toEqual(refusal('precondition-failed'))
  })

  it('copies under the conditions of a put', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'content')
    const copy = (options: object) => storage.copy({ bucket, key: 'a' }, { bucket, key: 'b' }, options, signal)
    await copy({ ifNoneMatch: '*' })
    await expect(copy({ ifNoneMatch: '*' })).rejects.toEqual(refusal('precondition-failed', bucket, 'b'))
    await expect(copy({ ifMatch: sha256('other') })).rejects.toEqual(refusal('precondition-failed', bucket, 'b'))
    await copy({ ifMatch: sha256('content'), contentType: 'text/plain', metadata: { n: '1' } })
    expect(await storage.head(bucket, 'b', {}, signal)).toMatchObject({ contentType: 'text/plain', metadata: { n: '1' } })
  })

  it('copies an object onto itself', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'content', { metadata: { n: '1' } })
    await storage.copy({ bucket, key: 'a' }, { bucket, key: 'a' }, { metadata: { n: '2' } }, signal)
    expect(await text(storage, 'a')).toBe('content')
    expect(await storage.head(bucket, 'a', {}, signal)).toMatchObject({ metadata: { n: '2' } })
  })
}
