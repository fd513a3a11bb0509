/** What "Check now" came to. */
import type { ApplyResult } from '../../shared/plan'
import type { Tone } from './component'
import { count } from './count'

export interface Outcome {
  readonly tone: Tone
  readonly text: string
}

export function outcomeOf({ applied, errors, needs_migration }: ApplyResult): Outcome {
  const did = applied === 0 ? 'Nothing had to change' : `${count(applied, 'change')} applied`
  const [first] = errors
  if (first !== undefined) {
    const rest = errors.length === 1 ? '' : `, and ${count(errors.length - 1, 'other error')}`
    return { tone: 'bad', text: `${did}. ${first.message}${rest}.`.replace(/\.\.$/, '.') }
  }
  if (needs_migration > 0)
    return { tone: 'warn', text: `${did}; ${count(needs_migration, 'resource needs', 'resources need')} a migration.` }
  return { tone: 'ok', text: applied === 0 ? 'Checked. Nothing had to change.' : `Checked. ${did}.` }
}
