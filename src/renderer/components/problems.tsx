/** What is wrong with a component, in words: what happened, where, and what to do. */
import type { ComponentStatus } from '../../shared/status'
import { adviceFor, migrationAdvice } from '../words/advice'
import type { Tone } from '../words/component'
import { count } from '../words/count'
import { Prose } from './prose'
import { ToneIcon } from './state'

interface Problem {
  readonly tone: Tone
  readonly name: string | undefined
  readonly text: string
  readonly advice: string
}

/** More than these are counted: thirty resources on a full disk are one thing to do. */
const shownPerAdvice = 4

export function Problems({ component, label }: { readonly component: ComponentStatus; readonly label: string }) {
  const problems = problemsOf(component)
  if (problems.length === 0) return null
  return (
    <ul className="problems" aria-label={`What to look at in ${label}`}>
      {[...Map.groupBy(problems, ({ advice }) => advice)].map(([advice, group]) => (
        <ProblemGroup key={advice} advice={advice} group={group} />
      ))}
    </ul>
  )
}

function problemsOf({ errors, needs_migration }: ComponentStatus): readonly Problem[] {
  return [
    ...errors.map(({ name, code, message }) => ({ tone: 'bad' as const, name, text: message, advice: adviceFor(code) })),
    ...needs_migration.map(({ name, reason }) => ({ tone: 'warn' as const, name, text: reason, advice: migrationAdvice })),
  ]
}

/** Problems that call for the same thing stand together, and what to do stands below them once. */
function ProblemGroup({ advice, group }: { readonly advice: string; readonly group: readonly Problem[] }) {
  const hidden = group.length - shownPerAdvice
  return (
    <li>
      <ToneIcon tone={group[0]?.tone ?? 'bad'} />
      <div>
        {group.slice(0, shownPerAdvice).map(({ name, text }) => (
          <p key={`${name} ${text}`}>
            {name !== undefined && (
              <>
                <code>{name}</code>:{' '}
              </>
            )}
            <Prose text={text} />
          </p>
        ))}
        {hidden > 0 && <p>… and {count(hidden, 'other')} like these.</p>}
        <p className="advice">
          <Prose text={advice} />
        </p>
      </div>
    </li>
  )
}
