/** The policy of a bucket. Servers write it anew as they like, so that two are compared by what they mean. */
import { canonicalPolicy } from '../../../shared/policy'
import type { Policy } from '../../../shared/profile/model'
import type { Server } from './ask'
import { isRefusal, NotS3 } from './refusal'

export async function readPolicy(server: Server, bucket: string, signal: AbortSignal): Promise<Policy | null> {
  try {
    return policyIn(await server.askText({ method: 'GET', bucket, query: { policy: '' } }, signal))
  } catch (error) {
    if (isRefusal(error, 'NoSuchBucketPolicy')) return null
    throw error
  }
}

export async function setPolicy(server: Server, bucket: string, policy: Policy, signal: AbortSignal): Promise<void> {
  const before = await readPolicy(server, bucket, signal)
  if (canonicalPolicy(before, bucket) === canonicalPolicy(policy, bucket)) return
  if (policy === 'private') return dropPolicy(server, bucket, signal)
  const text = policy === 'public-read' ? canonicalPolicy(policy, bucket) : JSON.stringify(policy)
  await server.ask({ method: 'PUT', bucket, query: { policy: '' }, body: Buffer.from(text) }, signal)
}

export async function dropPolicy(server: Server, bucket: string, signal: AbortSignal): Promise<void> {
  try {
    await server.ask({ method: 'DELETE', bucket, query: { policy: '' } }, signal)
  } catch (error) {
    if (!isRefusal(error, 'NoSuchBucketPolicy')) throw error
  }
}

function policyIn(text: string): Policy | null {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw new NotS3(`a policy that is no JSON: ${error instanceof Error ? error.message : ''}`)
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw new NotS3('a policy that is no document')
  return document as Policy
}
