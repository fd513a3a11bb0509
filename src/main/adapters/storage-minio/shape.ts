/** Making buckets and their settings. MinIO takes settings for a bucket that does not exist and says that all is well, so each looks first. */
import { PortError } from '../../../shared/errors'
import type { StorageShaper } from '../../core/ports/object-storage'
import type { Traits } from './kind'
import { mergeRules } from './lifecycle'
import { setPolicy } from './policy'
import { isRefusal } from './refusal'
import type { Store } from './store'
import { mergeTags } from './tags'
import { keepsVersions, keepVersions } from './versioning'
import { exists } from './view'

export function shaper(store: Store): StorageShaper {
  const { server } = store

  function shape(bucket: string, callerSignal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    return store.call(`bucket ${bucket}`, callerSignal, async (signal) => {
      await store.requireBucket(bucket, signal)
      await store.settingOf(bucket, () => work(signal))
    })
  }

  return {
    ensureBucket: (bucket, callerSignal) =>
      store.call(`bucket ${bucket}`, callerSignal, async (signal) => {
        try {
          await server.ask({ method: 'PUT', bucket }, signal)
        } catch (error) {
          if (isRefusal(error, 'BucketAlreadyOwnedByYou')) return
          // So the Versity gateway answers where two make one bucket at the same moment.
          if (!isRefusal(error, 'InternalError') || !(await exists(store, bucket, signal))) throw error
        }
      }),

    ensureVersioning: (bucket, callerSignal) =>
      shape(bucket, callerSignal, async (signal) => {
        if (!(await keepsVersions(server, bucket, signal))) await keepVersions(server, bucket, signal)
      }),

    ensureLifecycle: (bucket, rules, callerSignal) => shape(bucket, callerSignal, (signal) => mergeRules(server, bucket, rules, signal)),
    ensureTags: (bucket, tags, callerSignal) =>
      shape(bucket, callerSignal, async (signal) => {
        requireWritable(store.traits(), bucket, tags)
        await mergeTags(server, bucket, tags, signal)
      }),

    ensurePolicy: (bucket, policy, callerSignal) => shape(bucket, callerSignal, (signal) => setPolicy(server, bucket, policy, signal)),
  }
}

function requireWritable({ title, asciiTags }: Traits, bucket: string, tags: Readonly<Record<string, string>>): void {
  const foreign = Object.entries(tags).find((tag) => tag.some((text) => !/^[ -~]*$/.test(text)))
  if (!asciiTags || foreign === undefined) return
  throw new PortError('unsupported', `bucket ${bucket}: ${title} takes no tag with letters beyond ASCII, as in ${foreign.join('=')}`)
}
