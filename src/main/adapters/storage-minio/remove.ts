/** Deleting objects and versions. */
import { PortError } from '../../../shared/errors'
import type { ObjectStorage } from '../../core/ports/object-storage'
import { asCompared, requireConditions } from './conditions'
import { cannotBeThere } from './keys'
import type { Reader } from './read'
import { asVersion, nameOf } from './read'
import { Refusal } from './refusal'
import { isAbsence, type Store } from './store'

type Deleted = Awaited<ReturnType<ObjectStorage['delete']>>

export function deleter(store: Store, look: Reader['look']): ObjectStorage['delete'] {
  const { server } = store

  async function remove(
    bucket: string,
    key: string,
    version: string | undefined,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Deleted> {
    try {
      const answer = await server.ask({ method: 'DELETE', bucket, key, ...asVersion(version), headers }, signal)
      const made = answer['x-amz-version-id']
      const deleteMarker = answer['x-amz-delete-marker'] === 'true'
      if (version !== undefined) return { version, deleteMarker }
      return { ...(made === undefined ? {} : { version: made }), deleteMarker }
    } catch (error) {
      if (isAbsence(error, version)) return { deleteMarker: false }
      throw error
    }
  }

  return (bucket, key, { version, ifMatch }, callerSignal) =>
    store.call(nameOf(bucket, key, version), callerSignal, async (signal) => {
      const traits = store.traits()
      if (version !== undefined && ifMatch === undefined) {
        if (!cannotBeThere(traits, key)) return remove(bucket, key, version, {}, signal)
        await store.requireBucket(bucket, signal)
        return { deleteMarker: false }
      }
      // A look first, as a delete of nothing would leave a marker, and MinIO and Ceph ignore a condition on a delete.
      const found = await look(bucket, key, undefined, signal)
      if (ifMatch !== undefined) requireConditions(`${bucket}/${key}`, { ifMatch }, found)
      if (found === undefined) return { deleteMarker: false }
      const held = ifMatch === undefined ? {} : { 'if-match': asCompared(traits, found) }
      try {
        return await remove(bucket, key, version, held, signal)
      } catch (error) {
        if (!(error instanceof Refusal) || error.status !== 412) throw error
        throw new PortError('precondition-failed', `${bucket}/${key} was changed before it could be deleted`, { cause: error })
      }
    })
}
