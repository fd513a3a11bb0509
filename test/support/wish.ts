/** A profile's text as a wish; a mistake in it fails the test that made it. */
import type { Wish } from '../../src/main/core/reconcile/looking'
import { generationsOf } from '../../src/shared/profile/generation'
import { parseProfile } from '../../src/shared/profile/parse'

export function wish(text: string): Wish {
  const parsed = parseProfile(text)
  if (!parsed.ok) throw new Error(parsed.errors.map((error) => `${error.line}:${error.column} ${error.message}`).join('\n'))
  return { profile: parsed.profile, generations: generationsOf(parsed.profile) }
}
