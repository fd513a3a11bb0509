import { describe, expect, it } from 'vitest'
import { body, bucket, signal, text } from '../../../../conformance/object-storage/tools'
import { bench } from './tools'

describe('a put to storage-fs that is aborted', () => {
  const on = bench()

  // A server may still do what it was asked before the abort; here nothing is on its way any more.
  it('leaves nothing where it rejects, whenever the signal aborts', async () => {
    const storage = await on.withBucket()
    for (let turns = 0; turns < 25; turns++) {
      const key = `key-${turns}`
      const controller = new AbortController()
      const putting = storage.put(bucket, key, body('whole ', 'content'), {}, controller.signal)
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
      controller.abort(new Error('no longer wanted'))
      const [result] = await Promise.allSettled([putting])
      if (result.status === 'fulfilled') expect(await text(storage, key)).toBe('whole content')
      else expect((await storage.list(bucket, { prefix: key }, signal)).objects).toEqual([])
    }
  })
})
