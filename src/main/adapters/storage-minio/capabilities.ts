/**
 * What this server offers. Whether a bucket can have a setting is asked of a bucket that is there, by reading it; nothing is ever written
 * to find out. What only a write would show is known of the servers that were tried (kind.ts).
 */
import type { BucketFeature, ObjectStorage } from '../../core/ports/object-storage'
import type { Kind } from './kind'
import { isRefusal, Refusal } from './refusal'
import type { Store } from './store'
import { bucketNames, isLack } from './view'

type Supports = ObjectStorage['supports']

export interface StorageCapabilities extends Supports {
  readonly server: Kind
  /** As a person calls it. */
  readonly title: string
  /** Whether listings tell the metadata of objects, which else are asked for one by one. */
  readonly listsMetadata: boolean
}

export interface CapabilityProbe {
  /** What is known so far: all of S3 before anything is. */
  supports(): Supports
  capabilities(signal: AbortSignal): Promise<StorageCapabilities>
}

const resources: Readonly<Record<BucketFeature, string>> = {
  versioning: 'versioning',
  lifecycle: 'lifecycle',
  tags: 'tagging',
  policy: 'policy',
}

export function capabilityProbe(store: Store): CapabilityProbe {
  let known: StorageCapabilities | undefined

  async function lacking(signal: AbortSignal): Promise<readonly BucketFeature[]> {
    const [bucket] = await bucketNames(store, signal).catch((error: unknown) => {
      if (isRefusal(error, 'AccessDenied')) return []
      throw error
    })
    if (bucket === undefined) return []
    const features = Object.keys(resources) as BucketFeature[]
    const lacks = await Promise.all(features.map((feature) => isLacking(bucket, resources[feature], signal)))
    return features.filter((_, i) => lacks[i])
  }

  async function isLacking(bucket: string, resource: string, signal: AbortSignal): Promise<boolean> {
    try {
      await store.server.ask({ method: 'GET', bucket, query: { [resource]: '' } }, signal)
      return false
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return isLack(error)
    }
  }

  return {
    supports: () => known ?? { versions: true, lacks: [], refusedKeys: [], atomicConditions: true, asciiTags: false, exactDates: false },

    capabilities: (callerSignal) =>
      store.call('what the server offers', callerSignal, async (signal) => {
        if (known !== undefined) return known
        const { title, listsMetadata, atomicConditions, asciiTags, refusedKeys, lacks: always } = store.traits()
        const lacks = [...new Set([...always, ...(await lacking(signal))])]
        known = {
          server: store.kind() ?? 'other',
          title,
          versions: !lacks.includes('versioning'),
          lacks,
          refusedKeys,
          atomicConditions,
          asciiTags,
          // No server's answer to a put holds the date: that of the answer itself has to do.
          exactDates: false,
          listsMetadata,
        }
        return known
      }),
  }
}
