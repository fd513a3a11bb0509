import { describe, expect, it } from 'vitest'
import { bucket, keysIn, put, signal, text } from '../../../../conformance/object-storage/tools'
import { expiresAt } from '../../../../support/expiry'
import { bench } from './tools'

const on = bench()
const rule = (id: string, prefix: string, expireDays: number) => ({ id, prefix, expireDays })

async function dueOf(storage: Awaited<ReturnType<typeof on.withBucket>>, key: string, days: number): Promise<number> {
  return expiresAt(Date.parse((await storage.head(bucket, key, {}, signal)).modified), days)
}

describe('expiry in storage-fs', () => {
  it('takes what a rule says is due, by prefix and to the day, and leaves the rest', async () => {
    const storage = await on.withBucket()
    for (const key of ['tmp/a', 'tmp/b', 'tmpx', 'keep']) await put(storage, key, '12345')
    await storage.ensureLifecycle(bucket, [rule('tmp', 'tmp/', 1), rule('late', '', 30)], signal)
    const due = await dueOf(storage, 'tmp/a', 1)
    expect(await storage.expire(due - 1, signal)).toEqual({ count: 0, bytes: 0, more: false })
    expect(await storage.expire(due, signal)).toEqual({ count: 2, bytes: 10, more: false })
    expect(await keysIn(storage)).toEqual(['keep', 'tmpx'])
    expect(on.files()).toEqual(['keep', 'tmpx'])
  })

  it('hides behind a marker where versions are kept', async () => {
    const storage = await on.withBucket()
    await storage.ensureVersioning(bucket, signal)
    const { version = '' } = await put(storage, 'a', 'content')
    await storage.ensureLifecycle(bucket, [rule('r', '', 1)], signal)
    expect(await storage.expire(await dueOf(storage, 'a', 1), signal)).toMatchObject({ count: 1 })
    expect(await keysIn(storage)).toEqual([])
    await storage.restore(bucket, 'a', version, signal)
    expect(await text(storage, 'a')).toBe('content')
  })

  it('takes a thousand at a time, and says that there is more', async () => {
    const storage = await on.withBucket()
    await Promise.all(Array.from({ length: 1_250 }, (_, i) => put(storage, `k${i}`, '')))
    await storage.ensureLifecycle(bucket, [rule('r', '', 1)], signal)
    const due = (await dueOf(storage, 'k0', 1)) + 1
    expect(await storage.expire(due, signal)).toEqual({ count: 1_000, bytes: 0, more: true })
    expect(await storage.expire(due, signal)).toEqual({ count: 250, bytes: 0, more: false })
    expect(await keysIn(storage)).toEqual([])
  })

  it('leaves an object that was put again meanwhile, and an old file that was only now dropped in', async () => {
    const storage = await on.withBucket()
    await put(storage, 'a', 'old')
    const due = await dueOf(storage, 'a', 1)
    await storage.ensureLifecycle(bucket, [rule('r', '', 1)], signal)
    on.dropIn('old.mov', 'by hand', new Date(0))
    expect(await storage.survey(signal)).toMatchObject({ adopted: 1 })
    expect(await storage.expire(due - 24 * 3_600_000, signal)).toMatchObject({ count: 0 })
    expect(await keysIn(storage)).toEqual(['a', 'old.mov'])
  })
})
