import { expect, it } from 'vitest'
import type { ObjectStorage, ObjectVersion, VersionListOptions } from '../../../src/main/core/ports/object-storage'
import type { Cases, ShapedStorage } from '../object-storage'
import { body, bucket, bytesFrom, holdable, keysIn, put, refusal, sha256, signal, text } from './tools'

async function contentOf(storage: ObjectStorage, key: string, version: string): Promise<string> {
  const found = await storage.get(bucket, key, { version }, signal)
  return new TextDecoder().decode(await bytesFrom(found.body))
}

/** `key: etag` or `key: marker`, with a star at the newest; in the order of the listing. */
function told({ key, etag, deleteMarker, latest }: ObjectVersion): string {
  return `${key}: ${deleteMarker ? 'marker' : etag.slice(0, 8)}${latest ? ' *' : ''}`
}

const of = (key: string, content: string, latest = false) => `${key}: ${sha256(content).slice(0, 8)}${latest ? ' *' : ''}`

async function listed(storage: ObjectStorage, options: VersionListOptions = {}): Promise<string[]> {
  return (await storage.versions(bucket, options, signal)).versions.map(told)
}

/** The cases of a storage that keeps versions. */
function whereKept(title: string, subject: Parameters<Cases>[0], run: (storage: ShapedStorage) => Promise<void>): void {
  it(title, async (context) => {
    const { storage } = subject()
    if (!storage.supports.versions) context.skip('it keeps no versions')
    await storage.ensureVersioning(bucket, signal)
    await run(storage)
  })
}

export const versionCases: Cases = (subject) => {
  it('refuses every call about versions where it keeps none', async (context) => {
    const { storage } = subject()
    if (storage.supports.versions) context.skip('it keeps versions')
    await storage.ensureVersioning(bucket, signal)
    expect(await put(storage, 'a', 'x')).not.toHaveProperty('version')
    for (const attempt of [
      storage.versions(bucket, {}, signal),
      storage.restore(bucket, 'a', 'some-version', signal),
      storage.get(bucket, 'a', { version: 'some-version' }, signal),
      storage.head(bucket, 'a', { version: 'some-version' }, signal),
    ]) {
      await expect(attempt).rejects.toEqual(refusal('unsupported'))
    }
  })

  whereKept('keeps every version of a key, newest first, each under an id of its own', subject, async (storage) => {
    const ids: string[] = []
    for (const content of ['one', 'two', 'three']) ids.push((await put(storage, 'a', content)).version ?? '')
    expect(new Set(ids).size).toBe(3)
    expect(await text(storage, 'a')).toBe('three')
    expect(await storage.head(bucket, 'a', {}, signal)).toMatchObject({ version: ids[2] })
    expect(await listed(storage)).toEqual([of('a', 'three', true), of('a', 'two'), of('a', 'one')])
    expect((await storage.versions(bucket, {}, signal)).versions.map(({ version }) => version)).toEqual([...ids].reverse())
    for (const [i, content] of ['one', 'two', 'three'].entries()) expect(await contentOf(storage, 'a', ids[i] ?? '')).toBe(content)
  })

  whereKept('keeps the versions of a key that ends in a slash too, or refuses it', subject, async (storage) => {
    const { refusedKeys } = storage.supports
    if (refusedKeys.includes('slash-in-versions') || refusedKeys.includes('trailing-slash')) {
      await put(storage, 'a', 'x')
      for (const attempt of [
        () => put(storage, 'folder/', 'one'),
        () => storage.copy({ bucket, key: 'a' }, { bucket, key: 'folder/' }, {}, signal),
      ]) {
        await expect(attempt()).rejects.toEqual(refusal('unsupported', bucket, 'folder/'))
      }
      expect(await keysIn(storage)).toEqual(['a'])
      return
    }
    const { version = '' } = await put(storage, 'folder/', 'one')
    await put(storage, 'folder/', 'two')
    expect(await listed(storage)).toEqual([of('folder/', 'two', true), of('folder/', 'one')])
    expect(await contentOf(storage, 'folder/', version)).toBe('one')
    await storage.delete(bucket, 'folder/', {}, signal)
    expect(await listed(storage)).toEqual(['folder/: marker *', of('folder/', 'two'), of('folder/', 'one')])
  })

  whereKept('keeps type, metadata, size and range of an old version', subject, async (storage) => {
    const { version = '' } = await put(storage, 'a', 'first content', { contentType: 'text/plain', metadata: { n: '1' } })
    await put(storage, 'a', 'second')
    expect(await storage.head(bucket, 'a', { version }, signal)).toMatchObject({
      size: 13,
      etag: sha256('first content'),
      contentType: 'text/plain',
      metadata: { n: '1' },
      version,
    })
    const part = await storage.get(bucket, 'a', { version, range: { start: 6 } }, signal)
    expect(new TextDecoder().decode(await bytesFrom(part.body))).toBe('content')
  })

  whereKept('hides a deleted key behind a marker, and nothing is lost', subject, async (storage) => {
    const { version = '' } = await put(storage, 'a', 'content')
    const deleted = await storage.delete(bucket, 'a', {}, signal)
    expect(deleted).toEqual({ version: expect.any(String), deleteMarker: true })
    await expect(storage.get(bucket, 'a', {}, signal)).rejects.toEqual(refusal('not-found', bucket, 'a'))
    await expect(storage.head(bucket, 'a', { version: deleted.version ?? '' }, signal)).rejects.toEqual(refusal('not-found'))
    expect(await keysIn(storage)).toEqual([])
    expect(await listed(storage)).toEqual(['a: marker *', of('a', 'content')])
    expect(await contentOf(storage, 'a', version)).toBe('content')
  })

  whereKept('makes no marker for a key that has no object', subject, async (storage) => {
    expect(await storage.delete(bucket, 'never', {}, signal)).toEqual({ deleteMarker: false })
    await put(storage, 'a', 'x')
    await storage.delete(bucket, 'a', {}, signal)
    expect(await storage.delete(bucket, 'a', {}, signal)).toEqual({ deleteMarker: false })
    expect(await listed(storage)).toEqual(['a: marker *', of('a', 'x')])
  })

  whereKept('shows the key again when its marker is deleted', subject, async (storage) => {
    await put(storage, 'a', 'content', { contentType: 'text/plain' })
    const { version = '' } = await storage.delete(bucket, 'a', {}, signal)
    expect(await storage.delete(bucket, 'a', { version }, signal)).toEqual({ version, deleteMarker: true })
    expect(await text(storage, 'a')).toBe('content')
    expect(await listed(storage)).toEqual([of('a', 'content', true)])
  })

  whereKept('deletes one version for good, and the one before it is the newest again', subject, async (storage) => {
    const versions: string[] = []
    for (const content of ['one', 'two', 'three']) versions.push((await put(storage, 'a', content)).version ?? '')
    await storage.delete(bucket, 'a', { version: versions[2] ?? '' }, signal)
    expect(await text(storage, 'a')).toBe('two')
    await storage.delete(bucket, 'a', { version: versions[0] ?? '' }, signal)
    expect(await listed(storage)).toEqual([of('a', 'two', true)])
    await expect(contentOf(storage, 'a', versions[0] ?? '')).rejects.toEqual(refusal('not-found', bucket, 'a', versions[0] ?? ''))
    await storage.delete(bucket, 'a', { version: versions[1] ?? '' }, signal)
    expect(await listed(storage)).toEqual([])
    await expect(storage.head(bucket, 'a', {}, signal)).rejects.toEqual(refusal('not-found'))
  })

  whereKept('takes the deletion of a version that is not there for done', subject, async (storage) => {
    await put(storage, 'a', 'x')
    await expect(storage.delete(bucket, 'a', { version: 'no-such-version' }, signal)).resolves.toMatchObject({ deleteMarker: false })
    expect(await text(storage, 'a')).toBe('x')
  })

  whereKept('restores an old version as a new one', subject, async (storage) => {
    const { version = '' } = await put(storage, 'a', 'old', { contentType: 'text/plain', metadata: { n: '1' } })
    await put(storage, 'a', 'new')
    const restored = await storage.restore(bucket, 'a', version, signal)
    expect(restored).toMatchObject({ etag: sha256('old'), contentType: 'text/plain', metadata: { n: '1' } })
    expect(restored.version).not.toBe(version)
    expect(await listed(storage)).toEqual([of('a', 'old', true), of('a', 'new'), of('a', 'old')])
  })

  whereKept('restores behind a marker, but no marker', subject, async (storage) => {
    const { version = '' } = await put(storage, 'a', 'content')
    const marker = await storage.delete(bucket, 'a', {}, signal)
    await expect(storage.restore(bucket, 'a', marker.version ?? '', signal)).rejects.toEqual(refusal('invalid', bucket, 'a'))
    await storage.restore(bucket, 'a', version, signal)
    expect(await text(storage, 'a')).toBe('content')
    await expect(storage.restore(bucket, 'a', 'no-such-version', signal)).rejects.toEqual(refusal('not-found', bucket, 'a'))
    await expect(storage.restore(bucket, 'b', version, signal)).rejects.toEqual(refusal('not-found', bucket, 'b'))
  })

  whereKept('copies an old version', subject, async (storage) => {
    const { version = '' } = await put(storage, 'a', 'old')
    await put(storage, 'a', 'new')
    await storage.copy({ bucket, key: 'a', version }, { bucket, key: 'b' }, {}, signal)
    expect(await text(storage, 'b')).toBe('old')
  })

  it('keeps what was stored before the bucket kept versions as one of them', async (context) => {
    const { storage } = subject()
    if (!storage.supports.versions) context.skip('it keeps no versions')
    await put(storage, 'a', 'before')
    await put(storage, 'a', 'just before')
    expect(await storage.head(bucket, 'a', {}, signal)).not.toHaveProperty('version')
    expect(await listed(storage)).toEqual([of('a', 'just before', true)])
    await storage.ensureVersioning(bucket, signal)
    await put(storage, 'a', 'after')
    expect(await listed(storage)).toEqual([of('a', 'after', true), of('a', 'just before')])
    const [, old] = (await storage.versions(bucket, {}, signal)).versions
    expect(await contentOf(storage, 'a', old?.version ?? '')).toBe('just before')
  })

  whereKept('judges conditions by the newest version', subject, async (storage) => {
    await put(storage, 'a', 'one')
    await put(storage, 'a', 'two')
    await expect(put(storage, 'a', 'x', { ifMatch: sha256('one') })).rejects.toEqual(refusal('precondition-failed'))
    await expect(storage.delete(bucket, 'a', { ifMatch: sha256('one') }, signal)).rejects.toEqual(refusal('precondition-failed'))
    await storage.delete(bucket, 'a', { ifMatch: sha256('two') }, signal)
    await put(storage, 'a', 'three', { ifNoneMatch: '*' })
    expect(await listed(storage)).toEqual([of('a', 'three', true), 'a: marker', of('a', 'two'), of('a', 'one')])
  })

  whereKept('lists the versions of exactly one key, of a prefix, and rolled up', subject, async (storage) => {
    for (const key of ['a', 'a', 'ab', 'd/1', 'd/2', 'd/2', 'e']) await put(storage, key, key)
    const a = of('a', 'a')
    expect(await listed(storage, { key: 'a' })).toEqual([`${a} *`, a])
    expect(await listed(storage, { prefix: 'a' })).toEqual([`${a} *`, a, of('ab', 'ab', true)])
    const { versions, prefixes } = await storage.versions(bucket, { delimiter: '/' }, signal)
    expect([versions.map(({ key }) => key), prefixes]).toEqual([['a', 'a', 'ab', 'e'], ['d/']])
    expect(await listed(storage, { key: 'd/' })).toEqual([])
  })

  whereKept('pages through versions without losing or repeating any, wherever a page ends', subject, async (storage) => {
    for (const key of ['a', 'b', 'b', 'b', 'dir/1', 'dir/2', 'z']) await put(storage, key, key)
    await storage.delete(bucket, 'b', {}, signal)
    const whole = await storage.versions(bucket, {}, signal)
    expect(whole.versions).toHaveLength(8)
    expect(whole).not.toHaveProperty('next')
    for (const delimiter of [undefined, '/']) {
      const all = await storage.versions(bucket, delimiter === undefined ? {} : { delimiter }, signal)
      for (const limit of [1, 2, 3]) {
        const found: string[] = []
        let after: { key: string; version?: string } | undefined
        for (let pages = 0; pages < 20; pages++) {
          const options = { limit, ...(delimiter === undefined ? {} : { delimiter }), ...(after === undefined ? {} : { after }) }
          const page = await storage.versions(bucket, options, signal)
          expect(page.versions.length + page.prefixes.length).toBeLessThanOrEqual(limit)
          found.push(...page.versions.map(told), ...page.prefixes)
          after = page.next
          if (after === undefined) break
        }
        expect([...found].sort()).toEqual([...all.versions.map(told), ...all.prefixes].sort())
      }
    }
    expect((await storage.versions(bucket, { after: { key: 'b' } }, signal)).versions.map(({ key }) => key)).toEqual([
      'dir/1',
      'dir/2',
      'z',
    ])
  })

  whereKept('keeps versions over a reopening', subject, async (storage) => {
    const { version = '' } = await put(storage, 'a', 'one')
    await put(storage, 'a', 'two')
    await storage.delete(bucket, 'a', {}, signal)
    const reopened = await subject().reopen()
    expect(await listed(reopened)).toEqual(['a: marker *', of('a', 'two'), of('a', 'one')])
    expect(await contentOf(reopened, 'a', version)).toBe('one')
  })

  whereKept('keeps every one of many versions that are put at the same time', subject, async (storage) => {
    const contents = Array.from({ length: 20 }, (_, i) => `content ${i}`)
    const stored = await Promise.all(contents.map((content) => storage.put(bucket, 'a', body(content), {}, signal)))
    for (const [i, { version = '' }] of stored.entries()) expect(await contentOf(storage, 'a', version)).toBe(contents[i])
    expect(await listed(storage)).toHaveLength(20)
    expect(await text(storage, 'a')).toBe(await contentOf(storage, 'a', (await storage.head(bucket, 'a', {}, signal)).version ?? ''))
  })

  whereKept('tells versions of keys apart that some file system could take for one', subject, async (storage) => {
    const keys = holdable(storage, ['clip', 'CLIP', 'clip/x', 'cl\u0131p', 'a~b', '../a'])
    for (const key of keys) {
      await put(storage, key, `${key} 1`)
      await put(storage, key, `${key} 2`)
    }
    const { versions } = await storage.versions(bucket, {}, signal)
    expect(versions).toHaveLength(2 * keys.length)
    for (const { key, version, latest } of versions) expect(await contentOf(storage, key, version)).toBe(`${key} ${latest ? 2 : 1}`)
  })
}
