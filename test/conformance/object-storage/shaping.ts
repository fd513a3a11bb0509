import { expect, it } from 'vitest'
import type { BucketFeature, BucketQuestion, BucketState, StorageView } from '../../../src/main/core/ports/object-storage'
import { canonicalPolicy } from '../../../src/shared/policy'
import type { Policy } from '../../../src/shared/profile/model'
import type { Cases } from '../object-storage'
import { bucket, keysIn, offers, plainState, put, refusal, signal, text } from './tools'

const everything = { versioning: true, lifecycle: true, tags: true, policy: true }
const nothing = { versioning: false, lifecycle: false, tags: false, policy: false }

async function describeOne(view: StorageView, question: Partial<BucketQuestion> = everything): Promise<BucketState | undefined> {
  const found = await view.describe([{ name: bucket, ...nothing, ...question }], signal)
  return found.get(bucket)
}

const document: Policy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: ['*'] }, Action: ['s3:GetObject'], Resource: [`arn:aws:s3:::${bucket}/public/*`] }],
}

export const shapingCases: Cases = (subject) => {
  it('describes the buckets that exist, by name, and leaves out those that do not', async () => {
    const { storage, view } = subject()
    await storage.ensureBucket('second', signal)
    const found = await view.describe(
      ['second', 'absent', bucket].map((name) => ({ name, ...nothing })),
      signal,
    )
    expect([...found.keys()].sort()).toEqual([bucket, 'second'])
    expect(found.get('second')).toEqual({ name: 'second' })
  })

  it('describes nothing when nothing is asked', async () => {
    expect(await subject().view.describe([], signal)).toEqual(new Map())
  })

  it('describes a new bucket as plain', async () => {
    const { storage, view } = subject()
    expect(await describeOne(view)).toEqual(plainState(storage))
  })

  it.each<[BucketFeature, object]>([
    ['versioning', { versioning: true }],
    ['lifecycle', { lifecycle: [{ id: 'tmp', prefix: '', expireDays: 1 }] }],
    ['tags', { tags: { a: 'b' } }],
    ['policy', { policy: expect.anything() }],
  ])('answers only what was asked: %s', async (field, expected) => {
    const { storage, view } = subject()
    if (!offers(storage, field)) {
      expect(await describeOne(view, { [field]: true })).toEqual({ name: bucket, lacks: [field] })
      return
    }
    if (offers(storage, 'versioning')) await storage.ensureVersioning(bucket, signal)
    if (offers(storage, 'lifecycle')) await storage.ensureLifecycle(bucket, [{ id: 'tmp', prefix: '', expireDays: 1 }], signal)
    await storage.ensureTags(bucket, { a: 'b' }, signal)
    await storage.ensurePolicy(bucket, document, signal)
    expect(await describeOne(view, { [field]: true })).toEqual({ name: bucket, ...expected })
  })

  it('asks each bucket its own question', async () => {
    const { storage, view } = subject()
    await storage.ensureBucket('second', signal)
    await storage.ensureTags('second', { a: 'b' }, signal)
    await storage.ensureTags(bucket, { c: 'd' }, signal)
    const found = await view.describe(
      [
        { name: bucket, ...nothing, versioning: true },
        { name: 'second', ...nothing, tags: true },
      ],
      signal,
    )
    expect(found.get(bucket)).toEqual({ name: bucket, versioning: false })
    expect(found.get('second')).toEqual({ name: 'second', tags: { a: 'b' } })
  })

  it('makes sure of a bucket twice, and keeps what is in it', async () => {
    const { storage, view } = subject()
    await put(storage, 'a', 'content')
    await storage.ensureTags(bucket, { a: 'b' }, signal)
    await storage.ensureBucket(bucket, signal)
    expect(await text(storage, 'a')).toBe('content')
    expect(await describeOne(view)).toMatchObject({ tags: { a: 'b' } })
  })

  it('makes sure of many buckets side by side, the same one included', async () => {
    const { storage, view } = subject()
    const names = Array.from({ length: 30 }, (_, i) => `bucket-${i % 20}`)
    await Promise.all(names.map((name) => storage.ensureBucket(name, signal)))
    const found = await view.describe(
      names.map((name) => ({ name, ...everything })),
      signal,
    )
    expect(found.size).toBe(20)
  })

  it('refuses the settings that its buckets cannot have', async () => {
    const { storage } = subject()
    const attempts: Readonly<Record<BucketFeature, () => Promise<void>>> = {
      versioning: () => storage.ensureVersioning(bucket, signal),
      lifecycle: () => storage.ensureLifecycle(bucket, [rule('tmp', '', 1)], signal),
      tags: () => storage.ensureTags(bucket, { a: 'b' }, signal),
      policy: () => storage.ensurePolicy(bucket, 'public-read', signal),
    }
    for (const feature of storage.supports.lacks) await expect(attempts[feature]()).rejects.toEqual(refusal('unsupported', bucket))
  })

  it('keeps all of what is set on a bucket at the same time', async () => {
    const { storage, view } = subject()
    const settings: Partial<Record<BucketFeature, { readonly state: object; set(name: string): Promise<void> }>> = {
      versioning: { state: { versioning: true }, set: (name) => storage.ensureVersioning(name, signal) },
      lifecycle: {
        state: { lifecycle: [rule('tmp', 'tmp/', 7)] },
        set: (name) => storage.ensureLifecycle(name, [rule('tmp', 'tmp/', 7)], signal),
      },
      tags: { state: { tags: { owner: 'media' } }, set: (name) => storage.ensureTags(name, { owner: 'media' }, signal) },
    }
    const offered = Object.entries(settings).filter(([feature]) => offers(storage, feature as BucketFeature))
    const names = Array.from({ length: 20 }, (_, i) => `bucket-${i}`)
    await Promise.all(
      names.map(async (name) => {
        await storage.ensureBucket(name, signal)
        await Promise.all(offered.map(([, { set }]) => set(name)))
      }),
    )
    const asked = Object.fromEntries(offered.map(([feature]) => [feature, true]))
    const found = await view.describe(
      names.map((name) => ({ name, ...nothing, ...asked })),
      signal,
    )
    const whole = Object.assign({}, ...offered.map(([, { state }]) => state))
    expect(names.map((name) => found.get(name))).toEqual(names.map((name) => ({ name, ...whole })))
  })

  it('switches versioning on, and again without effect', async (context) => {
    const { storage, view } = subject()
    if (!offers(storage, 'versioning')) context.skip('its buckets keep no versions')
    for (let i = 0; i < 2; i++) {
      await storage.ensureVersioning(bucket, signal)
      expect(await describeOne(view, { versioning: true })).toEqual({ name: bucket, versioning: true })
    }
  })

  it('merges lifecycle rules by id, and keeps those it was not told about', async (context) => {
    const { storage, view } = subject()
    if (!offers(storage, 'lifecycle')) context.skip('its buckets have no lifecycle')
    await storage.ensureLifecycle(bucket, [rule('foreign', 'logs/', 90), rule('tmp', 'tmp/', 7)], signal)
    for (let i = 0; i < 2; i++) {
      await storage.ensureLifecycle(bucket, [rule('tmp', 'temporary/', 14), rule('all', '', 365)], signal)
      const state = await describeOne(view, { lifecycle: true })
      expect(state?.lifecycle).toHaveLength(3)
      expect(state?.lifecycle).toEqual(
        expect.arrayContaining([rule('all', '', 365), rule('foreign', 'logs/', 90), rule('tmp', 'temporary/', 14)]),
      )
    }
    await storage.ensureLifecycle(bucket, [], signal)
    expect((await describeOne(view, { lifecycle: true }))?.lifecycle).toHaveLength(3)
  })

  it('merges tags by key, and keeps those it was not told about', async () => {
    const { storage, view } = subject()
    const written = { owner: 'media', 'cost centre': storage.supports.asciiTags ? 'Key e' : 'Ключ é' }
    await storage.ensureTags(bucket, { foreign: 'kept', owner: 'old' }, signal)
    for (let i = 0; i < 2; i++) {
      await storage.ensureTags(bucket, written, signal)
      expect(await describeOne(view, { tags: true })).toEqual({ name: bucket, tags: { foreign: 'kept', ...written } })
    }
    if (storage.supports.asciiTags) {
      await expect(storage.ensureTags(bucket, { owner: 'Ключ é' }, signal)).rejects.toEqual(refusal('unsupported', bucket, 'owner'))
    }
    await storage.ensureTags(bucket, {}, signal)
    expect(Object.keys((await describeOne(view, { tags: true }))?.tags ?? {})).toHaveLength(3)
  })

  it.each<[string, Policy]>([
    ['public-read', 'public-read'],
    ['a document', document],
    ['private, which is none', 'private'],
  ])('sets a policy that means what was wished: %s', async (_, policy) => {
    const { storage, view } = subject()
    for (let i = 0; i < 2; i++) {
      await storage.ensurePolicy(bucket, policy, signal)
      const state = await describeOne(view, { policy: true })
      expect(canonicalPolicy(state?.policy ?? null, bucket)).toBe(canonicalPolicy(policy, bucket))
    }
  })

  it('describes a private bucket as one without a policy, also after it was public', async () => {
    const { storage, view } = subject()
    await storage.ensurePolicy(bucket, 'public-read', signal)
    await storage.ensurePolicy(bucket, 'private', signal)
    expect(await describeOne(view, { policy: true })).toEqual({ name: bucket, policy: null })
  })

  it('shapes no bucket that is not there, and says which', async () => {
    const { storage, view } = subject()
    const attempts: Readonly<Record<BucketFeature, () => Promise<void>>> = {
      versioning: () => storage.ensureVersioning('absent', signal),
      lifecycle: () => storage.ensureLifecycle('absent', [rule('tmp', '', 1)], signal),
      tags: () => storage.ensureTags('absent', { a: 'b' }, signal),
      policy: () => storage.ensurePolicy('absent', 'public-read', signal),
    }
    for (const [feature, attempt] of Object.entries(attempts)) {
      if (offers(storage, feature as BucketFeature)) await expect(attempt()).rejects.toEqual(refusal('not-found', 'absent'))
    }
    expect(await view.describe([{ name: 'absent', ...everything }], signal)).toEqual(new Map())
  })

  it('leaves the objects alone while it shapes their bucket', async () => {
    const { storage } = subject()
    await put(storage, 'tmp/a', 'content')
    if (offers(storage, 'lifecycle')) await storage.ensureLifecycle(bucket, [rule('tmp', 'tmp/', 1)], signal)
    if (offers(storage, 'versioning')) await storage.ensureVersioning(bucket, signal)
    await storage.ensureTags(bucket, { a: 'b' }, signal)
    expect(await keysIn(storage)).toEqual(['tmp/a'])
  })
}

function rule(id: string, prefix: string, expireDays: number) {
  return { id, prefix, expireDays }
}
