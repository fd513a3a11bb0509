/** From a profile's text to a wish; from a wish that cannot be read to an error a person can act on. */
import { UserError } from '../../../shared/errors'
import { generationsOf } from '../../../shared/profile/generation'
import { parseProfile } from '../../../shared/profile/parse'
import type { StoredRevision } from '../ports/journal'
import type { Wish } from '../reconcile/looking'

export interface ProfileText {
  readonly text: string
  /** Only shown in messages. */
  readonly file?: string | undefined
}

/** Throws a `UserError` `invalid-profile` whose details are all the errors found. Changes nothing. */
export function wishOf({ text, file }: ProfileText): Wish {
  const parsed = parseProfile(text, file === undefined ? {} : { file })
  if (!parsed.ok) {
    const count = parsed.errors.length
    throw new UserError(
      'invalid-profile',
      `${file ?? 'The profile'} has ${count === 1 ? 'an error' : `${count} errors`}. Nothing was changed.`,
      {
        hint: 'Mend what is listed and try again.',
        details: parsed.errors,
      },
    )
  }
  return { profile: parsed.profile, generations: generationsOf(parsed.profile) }
}

/** The wish of a stored revision. One that this version cannot read must not keep the node from starting: a new one mends it. */
export function readRevision({ text, revision }: StoredRevision): { wish: Wish | undefined; trouble: string | undefined } {
  try {
    return { wish: wishOf({ text, file: `revision ${revision}` }), trouble: undefined }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const [first] = error.details ?? []
    const why = first === undefined ? error.message : `line ${first.line ?? 1}: ${first.message}`
    return { wish: undefined, trouble: `This version cannot read revision ${revision} (${why}). Set another profile, or roll back.` }
  }
}
