import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../../../../src/main/adapters/sqlite/database'
import { layoutOf } from '../../../../../src/main/adapters/storage-fs/layout'
import { migrations } from '../../../../../src/main/adapters/storage-fs/schema'
import { openStorageFs } from '../../../../../src/main/adapters/storage-fs/storage-fs'
import { viewStorageFs } from '../../../../../src/main/adapters/storage-fs/view'
import { bucket, put, refusal, signal } from '../../../../conformance/object-storage/tools'
import { bench } from './tools'

const on = bench()

const everything = { versioning: true, lifecycle: true, tags: true, policy: true }

describe('a view of storage-fs', () => {
  it('finds nothing where there is no storage, and makes nothing', async () => {
    for (const root of [on.root, on.at('absent', 'deeper')]) {
      const view = viewStorageFs(root)
      expect(await view.describe([{ name: bucket, ...everything }], signal)).toEqual(new Map())
      await view.close()
    }
    expect(on.tree()).toEqual({})
  })

  it('leaves no trace when no other connection is open', async () => {
    const storage = await on.withBucket()
    await put(storage, 'd/a', 'content')
    await storage.close()
    const before = on.tree()
    const view = viewStorageFs(on.root)
    expect((await view.describe([{ name: bucket, ...everything }], signal)).size).toBe(1)
    expect(on.tree()).toEqual(before)
    await view.close()
    await view.close()
    expect(on.tree()).toEqual(before)
  })

  it('reads a catalogue that the first version left, and leaves it as it is', async () => {
    mkdirSync(on.at(bucket))
    const catalogue = openDatabase(layoutOf(on.root).catalogue, migrations.slice(0, 1))
    catalogue.exec(`
      INSERT INTO buckets (id, name, created) VALUES (1, '${bucket}', 0);
      INSERT INTO objects (bucket, key, file, folded, size, etag, modified, mtime, content_type, metadata)
        VALUES (1, X'61', 'a', 'a', 5, '', 0, 0, 'text/plain', '{}')`)
    catalogue.close()
    const before = on.tree()
    const view = viewStorageFs(on.root)
    expect([...(await view.describe([{ name: bucket, ...everything }], signal)).keys()]).toEqual([bucket])
    expect(await view.contents(bucket, signal)).toEqual({ count: 1, bytes: 5 })
    await view.close()
    expect(on.tree()).toEqual(before)
  })

  it('adds and takes away no file while a storage is open', async () => {
    await on.withBucket()
    const before = readdirSync(on.root, { recursive: true }).sort()
    const view = viewStorageFs(on.root)
    await view.describe([{ name: bucket, ...everything }], signal)
    await view.close()
    expect(readdirSync(on.root, { recursive: true }).sort()).toEqual(before)
  })

  it('sees what a storage does, opened before the view or after it', async () => {
    const view = viewStorageFs(on.root)
    const names = async () => [
      ...(
        await view.describe(
          ['a-bucket', 'b-bucket'].map((name) => ({ name, ...everything })),
          signal,
        )
      ).keys(),
    ]
    expect(await names()).toEqual([])
    const storage = on.open()
    await storage.ensureBucket('a-bucket', signal)
    expect(await names()).toEqual(['a-bucket'])
    await storage.ensureBucket('b-bucket', signal)
    await storage.close()
    expect(await names()).toEqual(['a-bucket', 'b-bucket'])
    await view.close()
  })

  it('describes hundreds of buckets at once', async () => {
    const storage = on.open()
    const names = Array.from({ length: 400 }, (_, i) => `bucket-${i}`)
    await Promise.all(
      names.map(async (name, i) => {
        await storage.ensureBucket(name, signal)
        await storage.ensureTags(name, { number: String(i) }, signal)
        await storage.ensureLifecycle(name, [{ id: 'tmp', prefix: `${i}/`, expireDays: i + 1 }], signal)
      }),
    )
    const view = viewStorageFs(on.root)
    const found = await view.describe(
      names.map((name) => ({ name, ...everything })),
      signal,
    )
    await view.close()
    expect(found.size).toBe(400)
    expect(found.get('bucket-123')).toEqual({
      name: 'bucket-123',
      versioning: false,
      lifecycle: [{ id: 'tmp', prefix: '123/', expireDays: 124 }],
      tags: { number: '123' },
      policy: null,
    })
  })

  it('a look at a damaged store rejects with a PortError, and leaves it as it is', async () => {
    await (await on.withBucket()).close()
    const catalogue = on.at('.thatdam', 'storage.db')
    const view = viewStorageFs(on.root)
    await view.describe([], signal)
    writeFileSync(catalogue, 'x'.repeat(5000))
    const before = on.tree()
    const damaged = refusal('internal', catalogue, 'damaged', 'backup')
    await expect(view.describe([], signal)).rejects.toEqual(damaged)
    await view.close()
    const later = viewStorageFs(on.root)
    await expect(later.describe([], signal)).rejects.toEqual(damaged)
    await later.close()
    expect(() => openStorageFs(on.root)).toThrow(expect.objectContaining({ name: 'UserError', code: 'damaged-data' }))
    expect(on.tree()).toEqual(before)
  })

  it('says so when its root is not a directory', async () => {
    rmSync(on.root, { recursive: true })
    writeFileSync(on.root, '')
    const view = viewStorageFs(on.root)
    await expect(view.describe([], signal)).rejects.toEqual(refusal('internal', on.root))
    await view.close()
  })
})
