/**
 * The named tokens of programs, which open the data plane for as long as they are not revoked. `tokens.json` in the data directory
 * (mode 0600) keeps the sha256 of each: a token itself is shown once, when it is made.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { UserError } from '../../shared/errors'
import type { DataPaths } from './paths'
import { replacePrivateFile } from './private-file'

const fileSchema = z.strictObject({
  tokens: z.array(z.strictObject({ name: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/), created_at: z.string() })),
})
type Stored = z.infer<typeof fileSchema>['tokens'][number]

export interface Tokens {
  /** Whose token this is. Takes as long for one that is nearly right as for any other. */
  recognises(token: string): { readonly name: string } | undefined
  list(): { name: string; created_at: string }[]
  /** Throws a `UserError` `already-exists` where the name is taken. */
  create(name: string): { name: string; token: string; created_at: string }
  /** Takes effect at once. Throws a `UserError` `not-found` where there is none of that name. */
  revoke(name: string): void
}

/** Reads the file once; the process that has the data directory's lock is the only one that writes it. Throws a `UserError` for a file that cannot be understood. */
export function openTokens(paths: DataPaths): Tokens {
  let tokens: readonly Stored[] = read(paths.tokens)

  function replace(next: readonly Stored[]): void {
    // A power cut must not bring a revoked token back.
    replacePrivateFile(paths.tokens, `${JSON.stringify({ tokens: next }, null, 2)}\n`, { durable: true })
    tokens = next
  }

  return {
    recognises(token) {
      const given = createHash('sha256').update(token).digest()
      // Every one is compared, so that the time tells nothing about which.
      const found = tokens.filter(({ sha256 }) => timingSafeEqual(given, Buffer.from(sha256, 'hex')))
      return found[0] === undefined ? undefined : { name: found[0].name }
    },
    list: () => tokens.map(({ name, created_at }) => ({ name, created_at })),
    create(name) {
      if (tokens.some((one) => one.name === name)) {
        throw new UserError('already-exists', `There is a token named "${name}" already.`, {
          hint: `Choose another name, or revoke that one first: thatdam token revoke ${name}`,
        })
      }
      const token = `thatdam_${randomBytes(32).toString('base64url')}`
      const created_at = new Date().toISOString()
      replace([...tokens, { name, sha256: createHash('sha256').update(token).digest('hex'), created_at }])
      return { name, token, created_at }
    },
    revoke(name) {
      if (!tokens.some((one) => one.name === name)) {
        throw new UserError('not-found', `There is no token named "${name}".`, { hint: 'See `thatdam token list` for those there are.' })
      }
      replace(tokens.filter((one) => one.name !== name))
    },
  }
}

function read(file: string): readonly Stored[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw unreadable(file, `it cannot be read (${code ?? String(error)})`, error)
  }
  try {
    return fileSchema.parse(JSON.parse(text)).tokens
  } catch (error) {
    throw unreadable(file, 'it does not hold tokens of this version', error)
  }
}

function unreadable(file: string, what: string, cause: unknown): UserError {
  return new UserError('unreadable-tokens', `${file} says which programs may use this node, but ${what}.`, {
    hint: 'Nothing was changed. Restore it from a backup, or move it away and make new tokens with `thatdam token create NAME`.',
    cause,
  })
}
