/** What the parts of one open storage share: the server, what is known of it, and the calls under way. */
import { PortError } from '../../../shared/errors'
import { type KeyLock, keyLock } from '../../core/key-lock'
import { orAborted } from '../../core/or-aborted'
import { type Server, serverAt } from './ask'
import type { Endpoint } from './endpoint'
import { type Kind, kindIn, type Traits, traitsOf } from './kind'
import { isRefusal, Refusal, toPortError } from './refusal'

export interface Store {
  readonly server: Server
  readonly spoolDirectory: string
  /** A name that is never the same twice. */
  readonly uuid: () => string
  /** Which server it is, as far as its answers have told. */
  readonly kind: () => Kind | undefined
  /** What follows from that. */
  traits(): Traits
  /** Throws `not-found` where the bucket does not exist. */
  requireBucket(bucket: string, signal: AbortSignal): Promise<void>
  /** What sets something on a bucket, one after the other: two settings at once can lose one of them at MinIO, which reads and writes all of them together. */
  readonly settingOf: KeyLock
  /** Run one call of the port: its failures become `PortError`s that name the resource, and `close` stops it. The first finds out which server it is. */
  call<T>(resource: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** The same without asking which server it is. */
  run<T>(resource: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** As errors of a call become. */
  toPortError(error: unknown, resource: string): unknown
  /**
   * A signal for tidying up after a call that was aborted: bounded by the deadline of each step alone, and waited for by `close`.
   */
  afterwards(work: (signal: AbortSignal) => Promise<unknown>): Promise<void>
  close(): Promise<void>
}

export function openStore(endpoint: Endpoint, spoolDirectory: string, uuid: () => string): Store {
  let kind: Kind | undefined
  let identified = false
  const server = serverAt(endpoint, (headers) => {
    kind = kindIn(headers) ?? kind
  })
  const closing = new AbortController()
  const running = new Set<Promise<unknown>>()

  async function track<T>(run: Promise<T>): Promise<T> {
    running.add(run)
    try {
      return await run
    } finally {
      running.delete(run)
    }
  }

  async function identify(signal: AbortSignal): Promise<void> {
    try {
      await server.askXml({ method: 'GET' }, 'ListAllMyBucketsResult', signal)
    } catch (error) {
      // A refusal tells who refuses, which is all that is asked here: an access key may lack the right to list buckets.
      if (!isRefusal(error, 'AccessDenied')) throw error
    }
    // The words of S3 came from somebody who does not say who it is.
    kind ??= 'other'
    identified = true
  }

  async function run<T>(resource: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const either = AbortSignal.any([signal, closing.signal])
    const started = (async () => {
      either.throwIfAborted()
      return work(either)
    })()
    try {
      // At once, whatever the work waits for; `close` waits until it has ended.
      return await orAborted(track(started), either)
    } catch (error) {
      throw either.aborted && error === either.reason ? error : toPortError(error, resource, endpoint.place)
    }
  }

  async function close(): Promise<void> {
    closing.abort(new PortError('unavailable', `the storage at ${endpoint.place.address} was closed`))
    await Promise.allSettled(running)
    endpoint.close()
  }
  let closed: Promise<void> | undefined

  return {
    server,
    spoolDirectory,
    uuid,
    kind: () => kind,

    settingOf: keyLock(),

    traits: () => traitsOf(kind ?? 'other'),

    async requireBucket(bucket, signal) {
      try {
        await server.ask({ method: 'HEAD', bucket }, signal)
      } catch (error) {
        if (!(error instanceof Refusal) || error.status !== 404) throw error
        // The answer to a HEAD cannot say what is not found: to the Versity gateway that may be the access key.
        if (error.code === '') await server.ask({ method: 'GET', bucket, query: { location: '' } }, signal).catch(absentBucket(bucket))
        else absentBucket(bucket)(error)
      }
    },

    run,

    call: (resource, signal, work) =>
      run(resource, signal, async (either) => {
        if (!identified) await identify(either)
        return work(either)
      }),

    toPortError: (error, resource) => toPortError(error, resource, endpoint.place),

    async afterwards(work) {
      await Promise.allSettled([track(work(new AbortController().signal))])
    },

    close() {
      closed ??= close()
      return closed
    },
  }
}

function absentBucket(bucket: string): (error: unknown) => never {
  return (error) => {
    if (!isRefusal(error, 'NoSuchBucket')) throw error
    throw new PortError('not-found', `bucket ${bucket} does not exist`, { cause: error })
  }
}

/** Whether the answer was that the object, or this version of it, is not there; what a bucket that is not there answers is something else. */
export function isAbsence(error: unknown, version?: string): error is Refusal {
  if (!(error instanceof Refusal) || isRefusal(error, 'NoSuchBucket', 'XAdminUserNotFound')) return false
  // A version id that this server never makes is `InvalidArgument` at MinIO; a delete marker is a method that is not allowed.
  return (
    error.status === 404 ||
    (error.status === 405 && 'x-amz-delete-marker' in error.headers) ||
    (version !== undefined && error.status === 400)
  )
}
