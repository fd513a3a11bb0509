/** The keys of the owner's servers, which come from the environment alone. */
import { UserError } from '../../shared/errors'
import { refuseEmpty } from './addresses'
import type { Environment } from './paths'

export interface KeyPair {
  readonly accessKey: string
  readonly secretKey: string
}

/** Undefined where neither of the two is set. Throws a `UserError` that names the variable at fault, and does not repeat it. */
export function keyPair(env: Environment): KeyPair | undefined {
  const { MINIO_ACCESS_KEY: accessKey, MINIO_SECRET_KEY: secretKey } = env
  refuseBadKey(env, 'MINIO_ACCESS_KEY', inHeader)
  refuseBadKey(env, 'MINIO_SECRET_KEY', onlySigning)
  if (accessKey !== undefined && secretKey !== undefined) return { accessKey, secretKey }
  if (accessKey === undefined && secretKey === undefined) return undefined
  const [has, lacks] = accessKey === undefined ? ['MINIO_SECRET_KEY', 'MINIO_ACCESS_KEY'] : ['MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY']
  throw new UserError('invalid-setting', `${has} is set, and ${lacks} is not.`, { hint: `Set ${lacks} too: the two belong together.` })
}

/** Throws as the other does. */
export function apiKeyOf(env: Environment): string | undefined {
  refuseBadKey(env, 'WEAVIATE_API_KEY', inHeader)
  return env.WEAVIATE_API_KEY
}

/** What the head of a request has room for. */
const inHeader = /^[\x21-\x7e]+$/
/** Anything that a person could have meant. */
const onlySigning = /^(?!\s)\P{Cc}+(?<!\s)$/u

/** The usual fault is the line end of a file that the key was read from. */
function refuseBadKey(env: Environment, name: string, good: RegExp): void {
  const key = env[name]
  if (key === undefined) return
  refuseEmpty(key, name, 'Give the key')
  if (good.test(key)) return
  if (onlySigning.test(key)) {
    throw new UserError(
      'invalid-setting',
      `${name} has characters in it that cannot be sent: a key is of letters, digits and signs of ASCII.`,
      {
        hint: 'Check that it was copied whole and as it is, without typographic quotes, say; if the server has such a key, make another one there.',
      },
    )
  }
  throw new UserError('invalid-setting', `${name} has characters in it that no such key has.`, {
    hint: 'Give the key alone, without a line end or white space around it.',
  })
}
