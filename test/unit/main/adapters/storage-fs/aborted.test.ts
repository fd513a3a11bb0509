import { describe, expect, it } from 'vitest'
import { abortedPuts, bucket, signal, text } from '../../../../conformance/object-storage/tools'
import { bench } from './tools'

describe('a put to storage-fs that is aborted', () => {
  const on = bench()

  // A server may still do what it was asked before the abort; here nothing is on its way any more.
  it('leaves nothing where it rejects, whenever the signal aborts', async () => {
    const storage = await on.withBucket()
    for await (const { key, status } of abortedPuts(storage)) {
      if (status === 'fulfilled') expect(await text(storage, key)).toBe('whole content')
      else expect((await storage.list(bucket, { prefix: key }, signal)).objects).toEqual([])
    }
  })
})
