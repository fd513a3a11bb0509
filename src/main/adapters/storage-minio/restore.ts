/** Making an old version the newest again. */
import { PortError } from '../../../shared/errors'
import type { ObjectStorage } from '../../core/ports/object-storage'
import type { Copier } from './copy'
import { nameOf, notFound, type Reader } from './read'
import type { Store } from './store'
import { walk } from './walk'

export function restorer(store: Store, look: Reader['look'], copyFound: Copier['copyFound']): ObjectStorage['restore'] {
  /** Ceph answers for a delete marker as for what is not there. */
  async function isMarker(bucket: string, key: string, version: string, signal: AbortSignal): Promise<boolean> {
    for await (const entries of walk(store, bucket, key, signal)) {
      if (entries.some((entry) => entry.key === key && entry.version === version && entry.deleteMarker)) return true
      // The versions of the key come first of all that begin with it.
      if (entries.some((entry) => entry.key !== key)) return false
    }
    return false
  }

  return (bucket, key, version, callerSignal) =>
    store.call(nameOf(bucket, key, version), callerSignal, async (signal) => {
      const found = await look(bucket, key, version, signal)
      if (found !== undefined) return copyFound({ bucket, key, version }, found, { bucket, key, options: {} }, signal)
      if (!(await isMarker(bucket, key, version, signal))) throw notFound(bucket, key, version)
      const name = nameOf(bucket, key, version)
      throw new PortError('invalid', `${name} is a delete marker; delete it to undo the deletion, or restore another version`)
    })
}
