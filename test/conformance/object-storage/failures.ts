import { expect, it } from 'vitest'
import type { ObjectStorage } from '../../../src/main/core/ports/object-storage'
import { PortError } from '../../../src/shared/errors'
import type { Cases } from '../object-storage'
import { abortedPuts, body, bucket, bytesFrom, keysIn, patterned, plainState, put, refusal, signal, text } from './tools'

async function* failing(error: unknown, ...parts: Uint8Array[]) {
  yield* parts
  throw error
}

/** A body that gives some bytes and then stands still for ever; `reached` resolves when it does. */
function stalling(...parts: Uint8Array[]) {
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  async function* chunks() {
    yield* parts
    resolve()
    await new Promise<never>(() => {})
  }
  return { chunks: chunks(), reached }
}

export const failureCases: Cases = (subject) => {
  const calls: readonly [string, (storage: ObjectStorage, bucket: string, key: string) => Promise<unknown>][] = [
    ['get', (storage, bucket, key) => storage.get(bucket, key, {}, signal)],
    ['head', (storage, bucket, key) => storage.head(bucket, key, {}, signal)],
    ['copy', (storage, from, key) => storage.copy({ bucket: from, key }, { bucket, key: 'to' }, {}, signal)],
  ]

  it.each(calls)('%s of a key that is not there is not-found, and names it', async (_, call) => {
    await expect(call(subject().storage, bucket, 'no/such key')).rejects.toEqual(refusal('not-found', bucket, 'no/such key'))
  })

  it.each([
    ...calls,
    ['put', (storage, bucket, key) => storage.put(bucket, key, body('x'), {}, signal)],
    ['list', (storage, bucket) => storage.list(bucket, {}, signal)],
    ['delete', (storage, bucket, key) => storage.delete(bucket, key, {}, signal)],
  ] satisfies typeof calls)('%s in a bucket that is not there is not-found, and names it', async (_, call) => {
    await expect(call(subject().storage, 'no-such-bucket', 'a')).rejects.toEqual(refusal('not-found', 'no-such-bucket'))
  })

  it('copies into no bucket that is not there', async () => {
    const { storage } = subject()
    await put(storage, 'a', patterned(1_000_000))
    const copying = storage.copy({ bucket, key: 'a' }, { bucket: 'no-such-bucket', key: 'a' }, {}, signal)
    await expect(copying).rejects.toEqual(refusal('not-found', 'no-such-bucket'))
  })

  it('leaves nothing of a body that throws half way', async () => {
    const { storage } = subject()
    const cause = new Error('the client went away')
    const putting = storage.put(bucket, 'a', failing(cause, patterned(500_000)), {}, signal)
    await expect(putting).rejects.toEqual(refusal('invalid', bucket, 'a', 'the client went away'))
    await expect(putting).rejects.toMatchObject({ cause })
    expect(await keysIn(storage)).toEqual([])
    await expect(storage.head(bucket, 'a', {}, signal)).rejects.toEqual(refusal('not-found'))
  })

  it('leaves the object that was there when the new body throws, at once or half way', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'old', { metadata: { one: '1' } })
    const before = await storage.head(bucket, 'a', {}, signal)
    for (const parts of [[], [patterned(500_000)]]) {
      await expect(storage.put(bucket, 'a', failing(new Error('gone'), ...parts), {}, signal)).rejects.toEqual(refusal('invalid'))
    }
    expect(await storage.head(bucket, 'a', {}, signal)).toEqual(before)
    expect(await text(storage, 'a')).toBe('old')
  })

  it('passes on the PortError of a body that comes from another port', async () => {
    const error = new PortError('unavailable', 'the other side is away')
    await expect(subject().storage.put(bucket, 'a', failing(error, new Uint8Array(9)), {}, signal)).rejects.toBe(error)
  })

  it('refuses every call under a signal that has aborted, with its reason', async () => {
    const { storage, view } = subject()
    const reason = new Error('no longer wanted')
    const aborted = AbortSignal.abort(reason)
    await put(storage, 'a', 'x')
    const attempts = [
      storage.put(bucket, 'b', body('x'), {}, aborted),
      storage.get(bucket, 'a', {}, aborted),
      storage.head(bucket, 'a', {}, aborted),
      storage.list(bucket, {}, aborted),
      storage.delete(bucket, 'a', {}, aborted),
      storage.copy({ bucket, key: 'a' }, { bucket, key: 'b' }, {}, aborted),
      storage.ensureBucket('another', aborted),
      storage.ensureVersioning(bucket, aborted),
      storage.ensureTags(bucket, { a: 'b' }, aborted),
      storage.ensureLifecycle(bucket, [{ id: 'x', prefix: '', expireDays: 1 }], aborted),
      storage.ensurePolicy(bucket, 'public-read', aborted),
      view.describe([], aborted),
    ]
    for (const result of await Promise.allSettled(attempts)) expect(result).toEqual({ status: 'rejected', reason })
    expect(await keysIn(storage)).toEqual(['a'])
    const question = { versioning: true, lifecycle: true, tags: true, policy: true }
    const found = await view.describe(
      [bucket, 'another'].map((name) => ({ name, ...question })),
      signal,
    )
    expect([...found.values()]).toEqual([plainState(storage)])
  })

  it.each([
    ['before its first byte', []],
    ['half way', [patterned(300_000), patterned(5)]],
  ])('stops a put at once when the signal aborts while the body stands still, %s', async (_, parts) => {
    const { storage } = subject()
    await put(storage, 'a', 'old')
    const controller = new AbortController()
    const { chunks, reached } = stalling(...parts)
    const putting = storage.put(bucket, 'a', chunks, {}, controller.signal)
    await reached
    const reason = new Error('no longer wanted')
    controller.abort(reason)
    await expect(putting).rejects.toBe(reason)
    expect(await text(storage, 'a')).toBe('old')
  })

  it('tells a body that it is not wanted any more', async () => {
    const { storage } = subject()
    const controller = new AbortController()
    const { promise: told, resolve } = Promise.withResolvers<void>()
    async function* endless() {
      try {
        for (let i = 0; ; i++) {
          if (i === 3) controller.abort(new Error('enough'))
          yield new Uint8Array(1000)
        }
      } finally {
        resolve()
      }
    }
    await expect(storage.put(bucket, 'a', endless(), {}, controller.signal)).rejects.toThrow('enough')
    await told
  })

  it('has put an object whole or not at all, whenever the signal aborts', async () => {
    const { storage } = subject()
    for await (const { key, status } of abortedPuts(storage)) {
      if (status === 'fulfilled') expect(await text(storage, key)).toBe('whole content')
      else for (const found of await keysIn(storage, { prefix: key })) expect(await text(storage, found)).toBe('whole content')
    }
  })

  it('stops a body of a get when the signal aborts', async () => {
    const { storage } = subject()
    await put(storage, 'large', patterned(3_000_000))
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const { body: bytes } = await storage.get(bucket, 'large', {}, controller.signal)
    const reading = (async () => {
      for await (const chunk of bytes) if (chunk.length > 0) controller.abort(reason)
    })()
    await expect(reading).rejects.toBe(reason)
  })

  it('closes while bodies are still open, and while one is still coming in', async () => {
    const { storage, reopen } = subject()
    await put(storage, 'large', patterned(3_000_000))
    const { body: bytes } = await storage.get(bucket, 'large', {}, signal)
    const { chunks, reached } = stalling(patterned(1000))
    const putting = storage.put(bucket, 'a', chunks, {}, signal)
    await reached
    const [, result] = await Promise.all([storage.close(), Promise.allSettled([putting]).then(([first]) => first)])
    expect(result).toEqual({ status: 'rejected', reason: refusal('unavailable') })
    await expect(bytesFrom(bytes)).rejects.toEqual(refusal('unavailable'))
    await storage.close()
    expect(await keysIn(await reopen())).toEqual(['large'])
  })
}
