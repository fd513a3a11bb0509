/** What a server answers instead of doing as asked, and what that means for whoever asked. */
import { PortError, type PortErrorCode } from '../../../shared/errors'
import { redirected } from '../net/status'
import { networkError, type Place } from '../net/trouble'

/** An answer that is an error. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  constructor(
    readonly status: number,
    /** The server's word for it, such as `NoSuchBucket`; `''` where it has none, as in the answer to a HEAD. */
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>>,
  ) {
    super(message)
  }
}

/** What answers is no S3 server. */
export class NotS3 extends Error {
  override readonly name = 'NotS3'
}

/** Whoever answers sends elsewhere, which is not followed: a signature holds for one host alone. */
export class Redirection extends Error {
  override readonly name = 'Redirection'
  constructor(
    readonly status: number,
    readonly location: string | undefined,
  ) {
    super(`status ${status}`)
  }
}

interface Meaning {
  readonly code: PortErrorCode
  /** Words that follow the name of the resource. */
  readonly says: string
}

const meanings: Readonly<Record<string, Meaning>> = {
  NoSuchBucket: { code: 'not-found', says: 'the bucket does not exist' },
  NoSuchKey: { code: 'not-found', says: 'does not exist' },
  NoSuchVersion: { code: 'not-found', says: 'that version does not exist' },
  NoSuchUpload: { code: 'unavailable', says: 'the server has given up the upload' },
  BucketAlreadyExists: { code: 'incompatible', says: 'a bucket of this name belongs to another account' },
  BucketNotEmpty: { code: 'precondition-failed', says: 'the bucket is not empty' },
  PreconditionFailed: { code: 'precondition-failed', says: 'is not as the condition demands' },
  ConditionalRequestConflict: { code: 'precondition-failed', says: 'was changed at the same time' },
  AccessDenied: { code: 'unauthorized', says: 'the access key has no right to this' },
  InvalidAccessKeyId: { code: 'unauthorized', says: 'the server does not know the access key' },
  XAdminUserNotFound: { code: 'unauthorized', says: 'the server does not know the access key' },
  SignatureDoesNotMatch: { code: 'unauthorized', says: 'the secret key does not belong to the access key' },
  AuthorizationHeaderMalformed: { code: 'unauthorized', says: 'the server is in another region' },
  RequestTimeTooSkewed: { code: 'unauthorized', says: 'the clocks of this computer and the server are too far apart' },
  NotImplemented: { code: 'unsupported', says: 'the server does not offer this' },
  MethodNotAllowed: { code: 'unsupported', says: 'the server does not offer this' },
  VersioningNotConfigured: { code: 'unsupported', says: 'the server keeps no versions' },
  XMinioInvalidObjectName: { code: 'unsupported', says: 'the server cannot hold this key' },
  XMinioInvalidResourceName: { code: 'unsupported', says: 'the server cannot hold this key' },
  XMinioObjectExistsAsDirectory: { code: 'unsupported', says: 'the server holds no object where others lie beneath' },
  XMinioParentIsObject: { code: 'unsupported', says: 'the server holds nothing beneath an object' },
  KeyTooLongError: { code: 'unsupported', says: 'the server cannot hold a key with so long a part' },
  DirectoryObjectContainsData: { code: 'unsupported', says: 'the server holds no content under a key that ends in a slash' },
  ObjectParentIsFile: { code: 'unsupported', says: 'the server holds nothing beneath an object' },
  ExistingObjectIsDirectory: { code: 'unsupported', says: 'the server holds no object where others lie beneath' },
  InvalidRange: { code: 'invalid', says: 'has no such range' },
  InvalidBucketName: { code: 'invalid', says: 'is no name for a bucket on this server' },
  EntityTooLarge: { code: 'too-large', says: 'is larger than the server takes' },
  MetadataTooLarge: { code: 'too-large', says: 'has more metadata than the server takes' },
  XMinioStorageFull: { code: 'no-space', says: 'the disks of the server are full' },
  QuotaExceeded: { code: 'no-space', says: 'the quota on the server is used up' },
  XMinioAdminBucketQuotaExceeded: { code: 'no-space', says: 'the quota of the bucket is used up' },
  SlowDown: { code: 'unavailable', says: 'the server asks to be spared for a while' },
  ServiceUnavailable: { code: 'unavailable', says: 'the server is not ready' },
  RequestTimeout: { code: 'unavailable', says: 'the server waited for too long' },
}

const byStatus: Readonly<Record<number, Meaning>> = {
  401: { code: 'unauthorized', says: 'the server does not let this node in' },
  403: { code: 'unauthorized', says: 'the access key has no right to this' },
  404: { code: 'not-found', says: 'does not exist' },
  405: { code: 'unsupported', says: 'the server does not offer this' },
  412: { code: 'precondition-failed', says: 'is not as the condition demands' },
  413: { code: 'too-large', says: 'is larger than the server takes' },
  416: { code: 'invalid', says: 'has no such range' },
  429: { code: 'unavailable', says: 'the server asks to be spared for a while' },
  501: { code: 'unsupported', says: 'the server does not offer this' },
  502: { code: 'unavailable', says: 'a gateway does not reach the server' },
  503: { code: 'unavailable', says: 'the server is not ready' },
  504: { code: 'unavailable', says: 'a gateway waits for the server in vain' },
  507: { code: 'no-space', says: 'the disks of the server are full' },
}

function meaningOf({ status, code, message }: Refusal): Meaning {
  const meaning = (Object.hasOwn(meanings, code) ? meanings[code] : undefined) ?? byStatus[status]
  if (meaning !== undefined) return meaning
  return { code: status >= 500 ? 'internal' : 'invalid', says: message === '' ? `the server answers ${status}` : message }
}

/** Any error of a call as the one that the port rejects with. What is none of ours passes as it is: a mistake of the program. */
export function toPortError(error: unknown, resource: string, place: Place): unknown {
  if (error instanceof PortError || error instanceof TypeError) return error
  if (error instanceof Refusal) {
    const { code, says } = meaningOf(error)
    const word = error.code === '' ? String(error.status) : error.code
    return new PortError(code, `${resource}: ${says} (${word}, ${place.server} at ${place.address})`, { cause: error })
  }
  if (error instanceof Redirection) {
    const message = `${redirected(place, error.status, error.location)}: correct MINIO_ENDPOINT.`
    return new PortError('unavailable', `${resource}: ${message}`, { cause: error })
  }
  if (error instanceof NotS3) {
    return new PortError('unavailable', `${resource}: what answers at ${place.address} is not an S3 server (${error.message})`, {
      cause: error,
    })
  }
  const trouble = networkError(error, place)
  if (trouble !== undefined) return new PortError(trouble.code, `${resource}: ${trouble.message}`, { cause: error })
  const why = error instanceof Error ? error.message : String(error)
  return new PortError('internal', `${resource}: ${why} (${place.server} at ${place.address})`, { cause: error })
}

/** Whether an error is one of these answers. */
export function isRefusal(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Refusal && codes.includes(error.code)
}
