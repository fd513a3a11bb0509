import { existsSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bucket, bytesFrom, keysIn, put, refusal, sha256, signal, text } from '../../../../conformance/object-storage/tools'
import { bench } from './tools'

const on = bench()
const longAgo = new Date('2026-01-01')

describe('a call on a file that was dropped in and that nobody has looked at yet', () => {
  it('a put that wants to be first is refused', async () => {
    const storage = await on.withBucket()
    on.dropIn('clip.mp4', 'by hand', longAgo)
    await expect(put(storage, 'clip.mp4', 'by us', { ifNoneMatch: '*' })).rejects.toEqual(
      refusal('precondition-failed', `${bucket}/clip.mp4`),
    )
    expect(readFileSync(on.at(bucket, 'clip.mp4'), 'utf8')).toBe('by hand')
  })

  it('a put over its etag replaces it', async () => {
    const storage = await on.withBucket()
    on.dropIn('clip.mp4', 'by hand', longAgo)
    await put(storage, 'clip.mp4', 'by us', { ifMatch: sha256('by hand') })
    expect(readFileSync(on.at(bucket, 'clip.mp4'), 'utf8')).toBe('by us')
    expect(on.files()).toEqual(['clip.mp4'])
  })

  it('a put where versions are kept makes an old version of it', async () => {
    const storage = await on.withBucket()
    await storage.ensureVersioning(bucket, signal)
    on.dropIn('clip.mp4', 'by hand', longAgo)
    await put(storage, 'clip.mp4', 'by us')
    expect(await text(storage, 'clip.mp4')).toBe('by us')
    const [, old] = (await storage.versions(bucket, { key: 'clip.mp4' }, signal)).versions
    const { body } = await storage.get(bucket, 'clip.mp4', { version: old?.version ?? '' }, signal)
    expect(new TextDecoder().decode(await bytesFrom(body))).toBe('by hand')
  })

  it('a delete takes it, as it takes what a get would show', async () => {
    const storage = await on.withBucket()
    on.dropIn('clip.mp4', 'by hand', longAgo)
    await expect(storage.delete(bucket, 'clip.mp4', { ifMatch: sha256('other') }, signal)).rejects.toEqual(refusal('precondition-failed'))
    await storage.delete(bucket, 'clip.mp4', {}, signal)
    expect(on.files()).toEqual([])
    expect(await keysIn(storage)).toEqual([])
  })

  it('a delete leaves what is still being copied', async () => {
    const storage = await on.withBucket()
    on.dropIn('clip.mp4', 'half of', new Date())
    await storage.delete(bucket, 'clip.mp4', {}, signal)
    expect(on.files()).toEqual(['clip.mp4'])
  })
})

describe('a listing with a prefix', () => {
  it.each([
    ['a plain directory', 'd/e/', 'd/e/clip.mp4'],
    ['half a name', 'd/e/cl', 'd/e/clip.mp4'],
    ['a directory whose name no key is written as', '%zz/', '%zz/clip.mp4'],
    ['a directory whose name is written otherwise', ' /', '%20/clip.mp4'],
  ])('finds what was dropped into %s', async (_, prefix, file) => {
    const storage = await on.withBucket()
    mkdirSync(dirname(on.at(bucket, file)), { recursive: true })
    on.dropIn(file, 'by hand', longAgo)
    on.dropIn('elsewhere.mp4', 'by hand', longAgo)
    expect(await keysIn(storage, { prefix })).toEqual([`${prefix.slice(0, prefix.lastIndexOf('/') + 1)}clip.mp4`])
  })

  it.each(['../', '/', '../../', './', 'link/', '\0/', `${'d/'.repeat(600)}`])(
    'looks at nothing outside of the bucket: %j',
    async (prefix) => {
      const storage = await on.withBucket()
      mkdirSync(on.at('outside'))
      writeFileSync(on.at('outside', 'clip.mp4'), 'by hand')
      utimesSync(on.at('outside', 'clip.mp4'), longAgo, longAgo)
      symlinkSync(on.at('outside'), on.at(bucket, 'link'))
      expect(await keysIn(storage, { prefix })).toEqual([])
      expect(await keysIn(storage)).toEqual([])
    },
  )
})

describe('removing a bucket', () => {
  it('follows no link that was dropped in, neither to look for files nor to remove them', async () => {
    const storage = await on.withBucket()
    mkdirSync(on.at('outside'))
    writeFileSync(on.at('outside', 'clip.mp4'), 'by hand')
    symlinkSync(on.at(), on.at(bucket, 'link'))
    await expect(storage.removeBucket(bucket, { contents: false }, signal)).rejects.toEqual(refusal('precondition-failed', bucket))
    await storage.removeBucket(bucket, { contents: true }, signal)
    expect(readFileSync(on.at('outside', 'clip.mp4'), 'utf8')).toBe('by hand')
    expect(existsSync(on.at(bucket))).toBe(false)
    expect(on.tree('.thatdam', 'trash')).toEqual({})
  })
})
