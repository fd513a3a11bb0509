import { expect, it } from 'vitest'
import type { Cases } from '../object-storage'
import { bucket, put, refusal, signal } from './tools'

export const versionCases: Cases = (subject) => {
  it('refuses every call about versions where it keeps none', async (context) => {
    const { storage } = subject()
    if (storage.supports.versions) context.skip('it keeps versions')
    await storage.ensureVersioning(bucket, signal)
    expect(await put(storage, 'a', 'x')).not.toHaveProperty('version')
    for (const attempt of [
      storage.versions(bucket, 'a', signal),
      storage.restore(bucket, 'a', 'some-version', signal),
      storage.get(bucket, 'a', { version: 'some-version' }, signal),
      storage.head(bucket, 'a', { version: 'some-version' }, signal),
    ]) {
      await expect(attempt).rejects.toEqual(refusal('unsupported'))
    }
  })
}
