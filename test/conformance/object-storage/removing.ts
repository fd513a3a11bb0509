import { expect, it } from 'vitest'
import { expiresAt } from '../../support/expiry'
import type { Cases } from '../object-storage'
import { bucket, keysIn, offers, put, refusal, signal } from './tools'

const question = { name: bucket, versioning: true, lifecycle: true, tags: true, policy: true }
const dayMs = 24 * 3_600_000

export const removingCases: Cases = (subject) => {
  it('removes a bucket that is empty, and one that is gone already', async () => {
    const { storage, view } = subject()
    await put(storage, 'dir/a', 'x')
    await storage.delete(bucket, 'dir/a', {}, signal)
    await storage.removeBucket(bucket, { contents: false }, signal)
    await storage.removeBucket(bucket, { contents: false }, signal)
    expect(await view.describe([question], signal)).toEqual(new Map())
    await expect(storage.list(bucket, {}, signal)).rejects.toEqual(refusal('not-found', bucket))
  })

  it('removes no bucket that holds something, unless told that it may go', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'x')
    await expect(storage.removeBucket(bucket, { contents: false }, signal)).rejects.toEqual(refusal('precondition-failed', bucket))
    expect(await keysIn(storage)).toEqual(['a'])
    await storage.removeBucket(bucket, { contents: true }, signal)
    await storage.ensureBucket(bucket, signal)
    expect(await keysIn(storage)).toEqual([])
    await put(storage, 'a', 'again')
    expect(await keysIn(storage)).toEqual(['a'])
  })

  it('counts an old version as something', async (context) => {
    const { storage, view } = subject()
    if (!storage.supports.versions) context.skip('it keeps no versions')
    await storage.ensureVersioning(bucket, signal)
    await put(storage, 'a', '12345')
    await storage.delete(bucket, 'a', {}, signal)
    expect(await view.contents(bucket, signal)).toEqual({ count: 1, bytes: 5 })
    await expect(storage.removeBucket(bucket, { contents: false }, signal)).rejects.toEqual(refusal('precondition-failed'))
    await storage.removeBucket(bucket, { contents: true }, signal)
    await storage.ensureBucket(bucket, signal)
    expect((await storage.versions(bucket, {}, signal)).versions).toEqual([])
  })

  it('removes one rule, one tag, the policy, and nothing besides', async () => {
    const { storage, view } = subject()
    const rule = (id: string) => ({ id, prefix: '', expireDays: 1 })
    const lifecycle = offers(storage, 'lifecycle')
    if (lifecycle) await storage.ensureLifecycle(bucket, [rule('one'), rule('two')], signal)
    await storage.ensureTags(bucket, { one: '1', two: '2' }, signal)
    await storage.ensurePolicy(bucket, 'public-read', signal)
    for (let twice = 0; twice < 2; twice++) {
      if (lifecycle) await storage.removeLifecycleRule(bucket, 'one', signal)
      await storage.removeTag(bucket, 'one', signal)
      await storage.removePolicy(bucket, signal)
    }
    const found = (await view.describe([question], signal)).get(bucket)
    expect(found).toMatchObject({ ...(lifecycle && { lifecycle: [rule('two')] }), tags: { two: '2' }, policy: null })
  })

  it('tells what a bucket holds', async () => {
    const { storage, view } = subject()
    expect(await view.contents(bucket, signal)).toEqual({ count: 0, bytes: 0 })
    expect(await view.contents('no-such-bucket', signal)).toEqual({ count: 0, bytes: 0 })
    await put(storage, 'a', '12345')
    await put(storage, 'b', '123')
    expect(await view.contents(bucket, signal)).toEqual({ count: 2, bytes: 8 })
  })

  it('tells what a rule would expire, by its prefix and to the day', async () => {
    const { storage, view } = subject()
    await put(storage, 'tmp/a', '12345')
    await put(storage, 'keep', '123')
    const modified = Date.parse((await storage.head(bucket, 'tmp/a', {}, signal)).modified)
    const due = expiresAt(modified, 3)
    const at = (moment: number, prefix = 'tmp/') => view.expirable(bucket, { prefix, expireDays: 3 }, moment, signal)
    expect(await at(due - 1)).toEqual({ count: 0, bytes: 0 })
    expect(await at(due)).toEqual({ count: 1, bytes: 5 })
    expect(await at(due + dayMs, '')).toEqual({ count: 2, bytes: 8 })
    expect(await at(due, 'other/')).toEqual({ count: 0, bytes: 0 })
    expect(await view.expirable('no-such-bucket', { prefix: '', expireDays: 1 }, due, signal)).toEqual({ count: 0, bytes: 0 })
  })
}
