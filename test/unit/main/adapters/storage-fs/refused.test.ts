import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStorageFs } from '../../../../../src/main/adapters/storage-fs/storage-fs'
import type { ShapedStorage } from '../../../../conformance/object-storage'
import { bucket, keysIn, patterned, put, read, refusal, sha256, signal, text } from '../../../../conformance/object-storage/tools'
import { asNobody, bench } from './tools'

describe('what the operating system refuses to storage-fs', () => {
  const on = bench()

  it('a directory that may not be written: nothing is put, and nothing left behind', async () => {
    await asNobody(on.root, async () => {
      const storage = await on.withBucket()
      await put(storage, 'd/kept', 'content')
      chmodSync(on.at(bucket, 'd'), 0o555)
      for (const key of ['d/new', 'd/kept', 'd/e/f']) {
        await expect(put(storage, key, 'new content')).rejects.toEqual(refusal('internal', key, 'EACCES', on.at(bucket)))
      }
      expect(await keysIn(storage)).toEqual(['d/kept'])
      expect(await text(storage, 'd/kept')).toBe('content')
      expect(on.incoming()).toEqual([])
      chmodSync(on.at(bucket, 'd'), 0o755)
      await put(storage, 'd/new', 'new content')
      expect(await text(storage, 'd/new')).toBe('new content')
    })
  })

  it('a file that may not be removed: the object stays', async () => {
    await asNobody(on.root, async () => {
      const storage = await on.withBucket()
      await put(storage, 'd/a', 'content')
      chmodSync(on.at(bucket, 'd'), 0o555)
      await expect(storage.delete(bucket, 'd/a', {}, signal)).rejects.toEqual(refusal('internal', 'd/a', 'EACCES'))
      expect(await text(storage, 'd/a')).toBe('content')
      expect(await keysIn(storage)).toEqual(['d/a'])
      chmodSync(on.at(bucket, 'd'), 0o755)
      await storage.delete(bucket, 'd/a', {}, signal)
      expect(await keysIn(storage)).toEqual([])
    })
  })

  it('a file that may not be read', async () => {
    await asNobody(on.root, async () => {
      const storage = await on.withBucket()
      await put(storage, 'a', 'content')
      chmodSync(on.at(bucket, 'a'), 0o000)
      await expect(storage.get(bucket, 'a', {}, signal)).rejects.toEqual(refusal('internal', `${bucket}/a`, on.at(bucket, 'a'), 'EACCES'))
    })
  })

  it('a root that may not be written: no bucket is made, and a storage that is not there yet says what to do', async () => {
    await asNobody(on.root, async () => {
      mkdirSync(on.at('closed'))
      chmodSync(on.at('closed'), 0o555)
      expect(() => openStorageFs(on.at('closed'))).toThrow(expect.objectContaining({ code: 'unwritable-data', hint: expect.any(String) }))
    })
    await asNobody(on.root, async () => {
      chmodSync(on.at('closed'), 0o755)
      const storage = openStorageFs(on.at('closed'))
      chmodSync(on.at('closed'), 0o555)
      await expect(storage.ensureBucket(bucket, signal)).rejects.toEqual(refusal('internal', bucket, on.at('closed'), 'EACCES'))
      chmodSync(on.at('closed'), 0o755)
      await storage.ensureBucket(bucket, signal)
      await storage.close()
    })
  })
})

describe('a disk that is full', () => {
  const size = 16 * 1024 * 1024
  let root: string
  let mounted = false
  let opened: ShapedStorage[]

  function open(): ShapedStorage {
    const storage = openStorageFs(root)
    opened.push(storage)
    return storage
  }

  beforeEach((context) => {
    opened = []
    root = mkdtempSync(join(tmpdir(), 'thatdam-full-disk-'))
    try {
      execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', root], { stdio: 'pipe' })
      mounted = true
    } catch (error) {
      if (process.env.THATDAM_REQUIRE === 'all') throw error
      context.skip('no right to mount a small disk; THATDAM_REQUIRE=all makes that a failure')
    }
  })
  afterEach(async () => {
    for (const storage of opened) await storage.close()
    if (mounted) execFileSync('/bin/umount', [root])
    mounted = false
    rmSync(root, { recursive: true, force: true })
  })

  it('refuses a body that does not fit, keeps what was there, and goes on once there is room', async () => {
    const storage = open()
    await storage.ensureBucket(bucket, signal)
    const old = patterned(1024 * 1024)
    await put(storage, 'a', old)
    for (const key of ['a', 'd/b']) {
      await expect(put(storage, key, patterned(size))).rejects.toEqual(refusal('no-space', `${bucket}/${key}`))
    }
    expect(readdirSync(join(root, '.thatdam', 'tmp'))).toEqual([])
    expect(await keysIn(storage)).toEqual(['a'])
    expect(sha256(await read(storage, 'a'))).toBe(sha256(old))
    await put(storage, 'a', patterned(2 * 1024 * 1024))
    expect(await storage.head(bucket, 'a', {}, signal)).toMatchObject({ size: 2 * 1024 * 1024 })
  })

  it('loses nothing that it acknowledged while it fills up with small objects, and can be emptied once there is some room', async () => {
    const storage = open()
    await storage.ensureBucket(bucket, signal)
    const ballast = join(root, 'ballast')
    // More than the catalogue's log can take: even a delete has to be written down somewhere.
    writeFileSync(ballast, patterned(5 * 1024 * 1024))
    const content = patterned(50_000)
    const stored: string[] = []
    let refused: unknown
    for (let i = 0; refused === undefined; i++) {
      const key = `d-${i % 5}/key-${i}`
      try {
        await put(storage, key, content, { metadata: { filler: 'x'.repeat(2000) } })
        stored.push(key)
      } catch (error) {
        refused = error
      }
    }
    expect(refused).toEqual(refusal('no-space', bucket))
    expect((await keysIn(storage)).sort()).toEqual(stored.sort())
    for (const key of stored) expect(sha256(await read(storage, key))).toBe(sha256(content))

    rmSync(ballast)
    await storage.close()
    const again = open()
    for (const key of stored) {
      expect(sha256(await read(again, key))).toBe(sha256(content))
      await again.delete(bucket, key, {}, signal)
    }
    expect(await keysIn(again)).toEqual([])
    await put(again, 'after', 'room again')
    expect(await text(again, 'after')).toBe('room again')
  })
})
