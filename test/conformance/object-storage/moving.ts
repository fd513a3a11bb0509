import { expect, it } from 'vitest'
import type { Cases } from '../object-storage'
import { asAnswered, body, bucket, bytesFrom, bytesOf, patterned, put, read, refusal, sha256, signal, text } from './tools'

const MiB = 1024 * 1024

export const movingCases: Cases = (subject) => {
  it('gives back the bytes that were put, with what describes them', async () => {
    const { storage } = subject()
    const metadata = { camera: 'A7', 'Title é': 'ключ', empty: '' }
    const answered = await put(storage, 'a.txt', 'hello', { contentType: 'text/plain; charset=utf-8', metadata })
    const { info, body: bytes } = await storage.get(bucket, 'a.txt', {}, signal)
    expect(await bytesFrom(bytes)).toEqual(bytesOf('hello'))
    expect(info).toMatchObject({ key: 'a.txt', size: 5, etag: sha256('hello'), contentType: 'text/plain; charset=utf-8', metadata })
    expect([answered]).toContainEqual(asAnswered(storage, info, [answered]))
    expect(await storage.head(bucket, 'a.txt', {}, signal)).toEqual(info)
  })

  it('dates an object in ISO 8601, UTC', async () => {
    const { modified } = await put(subject().storage, 'a', 'x')
    expect(new Date(modified).toISOString()).toBe(modified)
  })

  it('takes an object without a type for bytes, and one without metadata for one with none', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'x')
    expect(await storage.head(bucket, 'a', {}, signal)).toMatchObject({ contentType: 'application/octet-stream', metadata: {} })
  })

  it('holds an empty object', async () => {
    const { storage } = subject()
    expect(await storage.put(bucket, 'empty', body(), {}, signal)).toMatchObject({ size: 0, etag: sha256('') })
    expect(await read(storage, 'empty')).toEqual(new Uint8Array())
  })

  it('joins the chunks of a body, empty ones included', async () => {
    const { storage } = subject()
    await storage.put(bucket, 'a', body('one ', '', 'two ', 'three'), {}, signal)
    expect(await text(storage, 'a')).toBe('one two three')
  })

  it('is done with a chunk before it asks for the next', async () => {
    const { storage } = subject()
    async function* reusing() {
      const buffer = new Uint8Array(64 * 1024)
      for (let i = 0; i < 20; i++) yield buffer.fill(i)
    }
    await storage.put(bucket, 'a', reusing(), {}, signal)
    const content = await read(storage, 'a')
    expect([...Array(20).keys()].map((i) => content[i * 64 * 1024])).toEqual([...Array(20).keys()])
  })

  it('streams a large object in and out, in chunks of any size', async () => {
    const { storage } = subject()
    const content = patterned(9 * MiB + 13)
    async function* chunks() {
      for (let at = 0, size = 1; at < content.length; at += size, size = (size * 3) % (MiB - 7)) yield content.subarray(at, at + size)
    }
    expect(await storage.put(bucket, 'large', chunks(), {}, signal)).toMatchObject({ size: content.length, etag: sha256(content) })
    const { body: bytes } = await storage.get(bucket, 'large', {}, signal)
    let received = 0
    for await (const chunk of bytes) {
      expect(sha256(chunk)).toBe(sha256(content.subarray(received, received + chunk.length)))
      // Several chunks, not one: memory does not grow with an object's size.
      expect(chunk.length).toBeLessThanOrEqual(4 * MiB)
      received += chunk.length
    }
    expect(received).toBe(content.length)
  })

  it.each([
    ['the beginning', { start: 0, end: 3 }, '0123'],
    ['the middle', { start: 3, end: 5 }, '345'],
    ['one byte', { start: 4, end: 4 }, '4'],
    ['the rest', { start: 7 }, '789'],
    ['the last byte', { start: 9 }, '9'],
    ['more than there is, clipped', { start: 8, end: 1000 }, '89'],
    ['everything', { start: 0 }, '0123456789'],
  ])('reads a range: %s', async (_, range, expected) => {
    const { storage } = subject()
    await put(storage, 'digits', '0123456789')
    const found = await storage.get(bucket, 'digits', { range }, signal)
    expect(found.info).toMatchObject({ size: 10, etag: sha256('0123456789') })
    expect(new TextDecoder().decode(await bytesFrom(found.body))).toBe(expected)
  })

  it.each([
    ['starts at the end', 'digits', { start: 10 }],
    ['starts past the end', 'digits', { start: 11, end: 20 }],
    ['ends before it starts', 'digits', { start: 5, end: 4 }],
    ['starts before the beginning', 'digits', { start: -1, end: 4 }],
    ['is of an empty object', 'empty', { start: 0 }],
  ])('refuses a range that %s', async (_, key, range) => {
    const { storage } = subject()
    await put(storage, 'digits', '0123456789')
    await put(storage, 'empty', '')
    await expect(storage.get(bucket, key, { range }, signal)).rejects.toEqual(refusal('invalid', key))
  })

  it('reads a range in the depth of a large object', async () => {
    const { storage } = subject()
    const content = patterned(3 * MiB)
    await put(storage, 'large', content)
    const [start, end] = [MiB - 3, 2 * MiB + 5]
    expect(sha256(await read(storage, 'large', { start, end }))).toBe(sha256(content.subarray(start, end + 1)))
  })

  it('replaces an object, and all that described it', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'a longer text', { contentType: 'text/plain', metadata: { one: '1' } })
    await put(storage, 'a', 'short')
    expect(await text(storage, 'a')).toBe('short')
    expect(await storage.head(bucket, 'a', {}, signal)).toMatchObject({ size: 5, contentType: 'application/octet-stream', metadata: {} })
  })

  it('lets a reader finish the object that it began to read, whatever becomes of the key', async () => {
    const { storage } = subject()
    const old = patterned(2 * MiB)
    await put(storage, 'a', old)
    const replaced = await storage.get(bucket, 'a', {}, signal)
    await put(storage, 'a', 'new')
    const deleted = await storage.get(bucket, 'a', {}, signal)
    await storage.delete(bucket, 'a', {}, signal)
    expect(sha256(await bytesFrom(replaced.body))).toBe(replaced.info.etag)
    expect(sha256(await bytesFrom(deleted.body))).toBe(sha256('new'))
  })

  it('lets a reader stop early', async () => {
    const { storage } = subject()
    await put(storage, 'large', patterned(2 * MiB))
    const { body: bytes } = await storage.get(bucket, 'large', {}, signal)
    let first = 0
    for await (const chunk of bytes) {
      first = chunk.length
      break
    }
    expect(first).toBeGreaterThan(0)
    await storage.delete(bucket, 'large', {}, signal)
  })

  it('deletes an object', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'x')
    await storage.delete(bucket, 'a', {}, signal)
    await expect(storage.get(bucket, 'a', {}, signal)).rejects.toEqual(refusal('not-found', bucket, 'a'))
    await put(storage, 'a', 'again')
    expect(await text(storage, 'a')).toBe('again')
  })

  it('deletes twice without complaint', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'x')
    await storage.delete(bucket, 'a', {}, signal)
    await storage.delete(bucket, 'a', {}, signal)
    await storage.delete(bucket, 'never there', {}, signal)
  })

  it('keeps the same key in two buckets apart', async () => {
    const { storage } = subject()
    await storage.ensureBucket('other', signal)
    await put(storage, 'a', 'here')
    await storage.put('other', 'a', body('there'), {}, signal)
    await storage.delete('other', 'a', {}, signal)
    expect(await text(storage, 'a')).toBe('here')
  })

  it('copies an object with what describes it, within a bucket and to another one', async () => {
    const { storage } = subject()
    await storage.ensureBucket('other', signal)
    await put(storage, 'a', 'content', { contentType: 'text/plain', metadata: { one: '1' } })
    for (const to of [
      { bucket, key: 'b/c' },
      { bucket: 'other', key: 'a' },
    ]) {
      const copied = await storage.copy({ bucket, key: 'a' }, to, {}, signal)
      expect(copied).toMatchObject({ key: to.key, size: 7, etag: sha256('content'), contentType: 'text/plain', metadata: { one: '1' } })
      const found = await storage.get(to.bucket, to.key, {}, signal)
      expect(new TextDecoder().decode(await bytesFrom(found.body))).toBe('content')
    }
    expect(await text(storage, 'a')).toBe('content')
  })

  it('copies over another object, and over itself', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'content', { metadata: { one: '1' } })
    await put(storage, 'b', 'something else')
    await storage.copy({ bucket, key: 'a' }, { bucket, key: 'b' }, {}, signal)
    expect(await text(storage, 'b')).toBe('content')
    expect(await storage.copy({ bucket, key: 'a' }, { bucket, key: 'a' }, {}, signal)).toMatchObject({ metadata: { one: '1' } })
    expect(await text(storage, 'a')).toBe('content')
  })

  it('a copy stands on its own', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'content')
    await storage.copy({ bucket, key: 'a' }, { bucket, key: 'b' }, {}, signal)
    await storage.delete(bucket, 'a', {}, signal)
    expect(await text(storage, 'b')).toBe('content')
  })
}
