import { expect, it } from 'vitest'
import type { Cases } from '../object-storage'
import { asAnswered, bucket, bytesFrom, keysIn, patterned, put, refusal, sha256, signal, text } from './tools'

export const concurrencyCases: Cases = (subject) => {
  it('puts many keys side by side', async () => {
    const { storage } = subject()
    const keys = Array.from({ length: 100 }, (_, i) => `dir-${i % 7}/key-${i}`)
    await Promise.all(keys.map((key) => put(storage, key, `content of ${key}`)))
    expect((await keysIn(storage)).length).toBe(100)
    for (const key of keys) expect(await text(storage, key)).toBe(`content of ${key}`)
  })

  it('ends with one of the puts that were made on one key, whole', async () => {
    const { storage } = subject()
    const contents = Array.from({ length: 24 }, (_, i) => patterned(10_000 + i * 1000))
    const infos = await Promise.all(contents.map((content, i) => put(storage, 'a', content, { metadata: { writer: String(i) } })))
    const { info, body } = await storage.get(bucket, 'a', {}, signal)
    expect(infos).toContainEqual(asAnswered(storage, info, infos))
    expect(sha256(await bytesFrom(body))).toBe(info.etag)
    expect(info.etag).toBe(sha256(contents[Number(info.metadata.writer)] ?? ''))
  })

  it('shows readers one object or the other, never a mix', async () => {
    const { storage } = subject()
    await put(storage, 'a', patterned(200_000), { metadata: { size: '200000' } })
    let writing = true
    const writers = Promise.all(
      Array.from({ length: 4 }, async (_, writer) => {
        for (let i = 0; i < 8; i++) {
          const size = 100_000 + writer * 50_000 + i
          await put(storage, 'a', patterned(size), { metadata: { size: String(size) } })
        }
      }),
    ).finally(() => {
      writing = false
    })
    const readers = Array.from({ length: 4 }, async () => {
      while (writing) {
        const { info, body } = await storage.get(bucket, 'a', {}, signal)
        const bytes = await bytesFrom(body)
        expect(sha256(bytes)).toBe(info.etag)
        expect(info).toMatchObject({ size: bytes.length, metadata: { size: String(bytes.length) } })
      }
    })
    await Promise.all([writers, ...readers])
  })

  it('lets puts, deletes and reads of one key meet in any order', async () => {
    const { storage } = subject()
    const steps = Array.from({ length: 60 }, async (_, i) => {
      if (i % 3 === 0) await put(storage, 'a/b', `content ${i}`)
      else if (i % 3 === 1) await storage.delete(bucket, 'a/b', {}, signal)
      else {
        try {
          expect(await text(storage, 'a/b')).toMatch(/^content \d+$/)
        } catch (error) {
          expect(error).toEqual(refusal('not-found', 'a/b'))
        }
      }
    })
    await Promise.all(steps)
    await put(storage, 'a/b', 'last')
    expect(await text(storage, 'a/b')).toBe('last')
  })

  it('lets neighbours in a directory come and go', async () => {
    const { storage } = subject()
    await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        for (let round = 0; round < 5; round++) {
          await put(storage, `d/e/${i}`, `${i} in ${round}`)
          if (round < 4) await storage.delete(bucket, `d/e/${i}`, {}, signal)
        }
      }),
    )
    for (let i = 0; i < 10; i++) expect(await text(storage, `d/e/${i}`)).toBe(`${i} in 4`)
  })
}
