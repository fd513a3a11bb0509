/** Making buckets and their settings. MinIO takes settings for a bucket that does not exist and says that all is well, so each looks first. */
import type { StorageShaper } from '../../core/ports/object-storage'
import { mergeRules } from './lifecycle'
import { setPolicy } from './policy'
import { isRefusal } from './refusal'
import type { Store } from './store'
import { mergeTags } from './tags'
import { keepsVersions, keepVersions } from './versioning'

export function shaper(store: Store): StorageShaper {
  const { server } = store

  function shape(bucket: string, callerSignal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    return store.call(`bucket ${bucket}`, callerSignal, async (signal) => {
      await store.requireBucket(bucket, signal)
      await work(signal)
    })
  }

  return {
    ensureBucket: (bucket, callerSignal) =>
      store.call(`bucket ${bucket}`, callerSignal, async (signal) => {
        try {
          await server.ask({ method: 'PUT', bucket }, signal)
        } catch (error) {
          if (!isRefusal(error, 'BucketAlreadyOwnedByYou')) throw error
        }
      }),

    ensureVersioning: (bucket, callerSignal) =>
      shape(bucket, callerSignal, async (signal) => {
        if (!(await keepsVersions(server, bucket, signal))) await keepVersions(server, bucket, signal)
      }),

    ensureLifecycle: (bucket, rules, callerSignal) => shape(bucket, callerSignal, (signal) => mergeRules(server, bucket, rules, signal)),
    ensureTags: (bucket, tags, callerSignal) => shape(bucket, callerSignal, (signal) => mergeTags(server, bucket, tags, signal)),
    ensurePolicy: (bucket, policy, callerSignal) => shape(bucket, callerSignal, (signal) => setPolicy(server, bucket, policy, signal)),
  }
}
