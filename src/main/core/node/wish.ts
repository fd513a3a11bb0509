/** From a profile's text to a wish; from a wish that cannot be read to an error a person can act on. */
import { UserError } from '../../../shared/errors'
import { generationsOf } from '../../../shared/profile/generation'
import { parseProfile } from '../../../shared/profile/parse'
import type { Wish } from '../reconcile/engine'

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
