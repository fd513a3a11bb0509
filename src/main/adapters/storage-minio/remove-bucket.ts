/** Taking away buckets and their settings. */
import { PortError } from '../../../shared/errors'
import type { StorageRemover } from '../../core/ports/object-storage'
import type { Entry } from './entries'
import { removeRule } from './lifecycle'
import { inParallel } from './parallel'
import { dropPolicy } from './policy'
import { asVersion } from './read'
import { isRefusal, Refusal } from './refusal'
import { isAbsence, type Store } from './store'
import { dropTag } from './tags'
import { walk } from './walk'

const sideBySide = 32

/** What others put in while it is emptied is theirs to explain; this often it is tried. */
const mostRounds = 3

export function bucketRemover(store: Store): StorageRemover {
  const { server } = store

  function ifThere(bucket: string, callerSignal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    return store.call(`bucket ${bucket}`, callerSignal, async (signal) => {
      try {
        await store.settingOf(bucket, () => work(signal))
      } catch (error) {
        if (!isRefusal(error, 'NoSuchBucket')) throw error
      }
    })
  }

  async function removeEntry(bucket: string, { key, version }: Entry, signal: AbortSignal): Promise<void> {
    try {
      await server.ask({ method: 'DELETE', bucket, key, ...asVersion(version) }, signal)
    } catch (error) {
      if (!isAbsence(error, version)) throw error
    }
  }

  async function empty(bucket: string, signal: AbortSignal): Promise<void> {
    for await (const entries of walk(store, bucket, '', signal)) {
      // The versions of one key one after the other: the Versity gateway answers 500 where it is to remove several at once.
      const byKey = [...Map.groupBy(entries, ({ key }) => key).values()]
      await inParallel(byKey, sideBySide, signal, async (versions, either) => {
        for (const one of versions) await removeEntry(bucket, one, either)
      })
    }
  }

  async function requireEmpty(bucket: string, signal: AbortSignal): Promise<void> {
    for await (const entries of walk(store, bucket, '', signal)) {
      if (entries.length > 0) throw new PortError('precondition-failed', `bucket ${bucket} is not empty`)
    }
  }

  return {
    removeBucket: (bucket, { contents }, callerSignal) =>
      ifThere(bucket, callerSignal, async (signal) => {
        if (!contents) {
          await requireEmpty(bucket, signal)
          await server.ask({ method: 'DELETE', bucket }, signal)
          return
        }
        for (let round = 1; ; round++) {
          await empty(bucket, signal)
          try {
            await server.ask({ method: 'DELETE', bucket }, signal)
            return
          } catch (error) {
            // An object hides what lies beneath it from listings; a round later it shows.
            if (!(error instanceof Refusal) || error.code !== 'BucketNotEmpty' || round === mostRounds) throw error
          }
        }
      }),

    removeLifecycleRule: (bucket, id, callerSignal) => ifThere(bucket, callerSignal, (signal) => removeRule(server, bucket, id, signal)),
    removeTag: (bucket, key, callerSignal) => ifThere(bucket, callerSignal, (signal) => dropTag(server, bucket, key, signal)),
    removePolicy: (bucket, callerSignal) => ifThere(bucket, callerSignal, (signal) => dropPolicy(server, bucket, signal)),
  }
}
