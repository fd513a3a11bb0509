/** Reading objects: a look at what describes one, and its bytes as a stream. */
import { PortError } from '../../../shared/errors'
import type { Bytes, ObjectStorage } from '../../core/ports/object-storage'
import { cannotBeThere } from './keys'
import { type Found, foundIn } from './object-info'
import { isRefusal, NotS3 } from './refusal'
import { isAbsence, type Store } from './store'

/** What S3 calls the version of an object that was stored where no versions were kept. */
const unversioned = 'null'

export interface Reader {
  readonly get: ObjectStorage['get']
  readonly head: ObjectStorage['head']
  /** The object as the server has it; undefined where there is none. Throws `not-found` where there is no such bucket. */
  look(bucket: string, key: string, version: string | undefined, signal: AbortSignal): Promise<Found | undefined>
}

export function reader(store: Store): Reader {
  const { server } = store

  async function look(bucket: string, key: string, version: string | undefined, signal: AbortSignal): Promise<Found | undefined> {
    if (cannotBeThere(store.traits(), key)) {
      await store.requireBucket(bucket, signal)
      return undefined
    }
    try {
      return foundIn(key, await server.ask({ method: 'HEAD', bucket, key, ...asVersion(version) }, signal))
    } catch (error) {
      if (isRefusal(error, 'NoSuchBucket')) await store.requireBucket(bucket, signal)
      if (!isAbsence(error, version)) throw error
      // The answer to a HEAD has no body to say what is missing.
      if (error.code === '') await store.requireBucket(bucket, signal)
      return version === unversioned && store.kind() === 'versitygw' ? onlyOne(bucket, key, signal) : undefined
    }
  }

  /** The Versity gateway knows this name of a version only where the bucket keeps some. */
  async function onlyOne(bucket: string, key: string, signal: AbortSignal): Promise<Found | undefined> {
    const found = await look(bucket, key, undefined, signal)
    return found?.info.version === undefined ? found : undefined
  }

  return {
    look,

    head: (bucket, key, { version }, callerSignal) =>
      store.call(nameOf(bucket, key, version), callerSignal, async (signal) => {
        const found = await look(bucket, key, version, signal)
        if (found === undefined) throw notFound(bucket, key, version)
        return found.info
      }),

    get(bucket, key, { range, version }, callerSignal) {
      const resource = nameOf(bucket, key, version)
      return store.call(resource, callerSignal, async (signal) => {
        const headers = range === undefined ? {} : { range: rangeHeader(resource, range) }
        if (cannotBeThere(store.traits(), key)) {
          await store.requireBucket(bucket, signal)
          throw notFound(bucket, key, version)
        }
        const open = async (named: string | undefined) => {
          const answer = await server.open({ method: 'GET', bucket, key, ...asVersion(named), headers, streamed: true }, signal)
          if (range !== undefined && answer.status !== 206) {
            await answer.body.return?.()
            throw new NotS3('a range was asked for and the whole came back')
          }
          return { info: foundIn(key, answer.headers).info, body: bodyOf(store, answer.body, resource, signal) }
        }
        try {
          return await open(version)
        } catch (error) {
          if (!isAbsence(error, version)) throw error
          const only = version === unversioned ? await look(bucket, key, version, signal) : undefined
          if (only === undefined) throw notFound(bucket, key, version, error)
          return open(undefined)
        }
      })
    },
  }
}

export function nameOf(bucket: string, key: string, version?: string): string {
  return version === undefined ? `${bucket}/${key}` : `${bucket}/${key} version ${version}`
}

export function notFound(bucket: string, key: string, version: string | undefined, cause?: unknown): PortError {
  return new PortError('not-found', `${nameOf(bucket, key, version)} does not exist`, { cause })
}

export function asVersion(version: string | undefined): { readonly query?: { readonly versionId: string } } {
  return version === undefined ? {} : { query: { versionId: version } }
}

function rangeHeader(resource: string, { start, end }: { readonly start: number; readonly end?: number }): string {
  const whole = [start, ...(end === undefined ? [] : [end])].every((edge) => Number.isSafeInteger(edge) && edge >= 0)
  if (whole && (end === undefined || end >= start)) return `bytes=${start}-${end ?? ''}`
  throw new PortError('invalid', `${resource}: bytes ${start} to ${end ?? 'the end'} are no range`)
}

function bodyOf(store: Store, body: AsyncIterableIterator<Uint8Array>, resource: string, signal: AbortSignal): Bytes {
  const fail = (error: unknown): never => {
    throw signal.aborted && error === signal.reason ? error : store.toPortError(error, resource)
  }
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => body.next().catch(fail),
      async return() {
        await body.return?.()
        return { done: true, value: undefined }
      },
    }),
  }
}
