/** How the server is, for a person who sets it up: one call answers most of it. */
import type { Examinable, Finding } from '../../core/ports/examinable'
import { redirected } from '../net/status'
import { troubleOf } from '../net/trouble'
import type { CapabilityProbe, StorageCapabilities } from './capabilities'
import { isRefusal, NotS3, Redirection, Refusal } from './refusal'
import type { Store } from './store'

/** S3 refuses requests from clocks that are further apart. */
const refusedSkewMs = 15 * 60_000
const notableSkewMs = 60_000

export function examiner(store: Store, probe: CapabilityProbe): Examinable['examine'] {
  const { server } = store
  const { place } = server.endpoint

  return async (callerSignal) => {
    try {
      return await store.run('the server', callerSignal, async (signal) => {
        const asked = await ask(signal)
        if (!('headers' in asked)) return [asked]
        const login = loginOf(asked.error)
        const reached: Finding = { name: 'reach', ok: true, message: `${place.server} at ${place.address} answers` }
        const clock = clockOf(asked.headers.date)
        if (!login.ok) return [reached, login, clock]
        return [reached, login, ...capabilityFindings(await probe.capabilities(signal)), clock]
      })
    } catch (error) {
      callerSignal.throwIfAborted()
      return [{ name: 'reach', ok: false, message: error instanceof Error ? error.message : String(error) }]
    }
  }

  async function ask(signal: AbortSignal): Promise<{ headers: Readonly<Record<string, string>>; error?: Refusal } | Finding> {
    try {
      const { headers } = await server.askXml({ method: 'GET' }, 'ListAllMyBucketsResult', signal)
      return { headers }
    } catch (error) {
      if (error instanceof Refusal && error.status < 500) return { headers: error.headers, error }
      signal.throwIfAborted()
      const trouble = troubleOf(error, place)
      if (trouble !== undefined) return { name: 'reach', ok: false, message: trouble.message, advice: trouble.advice }
      if (error instanceof NotS3) {
        const message = `What answers at ${place.address} is not an S3 server: ${error.message}.`
        return {
          name: 'reach',
          ok: false,
          message,
          advice: 'Correct MINIO_ENDPOINT: it is the address of the S3 API, not of the web console.',
        }
      }
      if (error instanceof Redirection) {
        const advice = 'Correct MINIO_ENDPOINT: the address it leads to, if that is the server’s own.'
        return { name: 'reach', ok: false, message: `${redirected(place, error.status, error.location)}.`, advice }
      }
      if (!(error instanceof Refusal)) throw error
      const answer = [error.status, error.code].filter((word) => word !== '').join(' ')
      const message = `${place.server} at ${place.address} is not ready: it answers ${answer}.`
      return { name: 'reach', ok: false, message, advice: 'Wait until the server has started, or look into its log.' }
    }
  }

  function loginOf(error: Refusal | undefined): Finding {
    const login = (ok: boolean, message: string, advice?: string): Finding => ({
      name: 'login',
      ok,
      message,
      ...(advice === undefined ? {} : { advice }),
    })
    if (error === undefined) return login(true, 'the access key and its secret are accepted')
    if (isRefusal(error, 'InvalidAccessKeyId', 'XAdminUserNotFound'))
      return login(false, 'The server does not know the access key.', 'Correct MINIO_ACCESS_KEY.')
    if (isRefusal(error, 'SignatureDoesNotMatch')) {
      return login(false, 'The secret key does not belong to the access key.', 'Correct MINIO_SECRET_KEY.')
    }
    if (isRefusal(error, 'RequestTimeTooSkewed')) {
      return login(
        false,
        'The server refuses requests from a clock that is so far from its own.',
        'Set the clocks of this computer and of the server.',
      )
    }
    if (isRefusal(error, 'AuthorizationHeaderMalformed')) {
      return login(false, `The server is in another region: ${error.message}`, 'Set MINIO_REGION to the one that it names.')
    }
    if (isRefusal(error, 'AccessDenied')) return login(true, 'the access key is accepted; it has no right to list buckets')
    return login(
      false,
      `The server refuses to list buckets: ${error.status} ${error.code} ${error.message}`,
      'Check MINIO_ACCESS_KEY and MINIO_SECRET_KEY.',
    )
  }
}

function capabilityFindings({ title, lacks, refusedKeys, atomicConditions, listsMetadata }: StorageCapabilities): readonly Finding[] {
  const weaker = [
    ...(atomicConditions ? [] : ['conditions are looked at before a write and not held during it']),
    ...(listsMetadata ? [] : ['metadata is asked for object by object']),
    ...(refusedKeys.length === 0 ? [] : [`keys it cannot hold: ${refusedKeys.join(', ')}`]),
  ]
  return [
    { name: 'server', ok: true, message: `${title}; it does not tell its version` },
    {
      name: 'capabilities',
      ok: lacks.length === 0,
      message:
        lacks.length === 0
          ? ['versioning, lifecycle, tags and policies', ...weaker].join('; ')
          : [`no ${lacks.join(', no ')}`, ...weaker].join('; '),
      ...(lacks.length === 0 ? {} : { advice: 'Take these settings out of the profile, or use a server that has them.' }),
    },
  ]
}

function clockOf(date: string | undefined): Finding {
  const skew = Date.parse(date ?? '') - Date.now()
  if (Number.isNaN(skew)) return { name: 'clock', ok: true, message: 'the server does not tell its time' }
  const seconds = Math.round(Math.abs(skew) / 1000)
  if (Math.abs(skew) < notableSkewMs) return { name: 'clock', ok: true, message: `it agrees with the server's to ${seconds} s` }
  const message = `The clock of the server is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} that of this computer.`
  const advice =
    Math.abs(skew) < refusedSkewMs
      ? 'Set both: beyond 15 minutes S3 refuses every request.'
      : 'Set both: so far apart S3 refuses every request.'
  return { name: 'clock', ok: false, message, advice }
}
