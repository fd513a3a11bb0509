/** What an apply came to: the rows it changed, what it could not do, and the final sentence. */
import type { ApplyResult, ComponentFailure, Plan } from '../../../shared/plan'
import { renderChanges } from './plan'
import { count, lines, oneLine, type Paint } from './text'

/**
 * `planned` is the plan that was made just before, if one was. Its rows are shown as done only where the result accounts for every one of them;
 * where the world moved in between, or a whole component failed, the numbers alone are certain.
 */
export function renderApply(planned: Plan | undefined, result: ApplyResult, paint: Paint): string {
  const failed = new Set(result.errors.map(nameOf))
  const changes = planned?.changes ?? []
  const wished = changes.filter(({ action }) => action !== 'none' && action !== 'needs-migration')
  const done = wished.filter((change) => !failed.has(nameOf(change)))
  const accounted = planned?.hash === result.plan_hash && done.length === result.applied
  const left = changes.filter(({ action }) => action === 'needs-migration')
  return lines(
    ...renderChanges([...(accounted ? done : []), ...left], paint),
    ...result.errors.map((failure) => `${paint('red', 'failed')} ${failureLine(failure)}`),
    ...result.warnings.map((warning) => `${paint('yellow', 'warning')} ${oneLine(warning)}`),
    ...(result.errors.length + result.warnings.length === 0 ? [] : ['']),
    ...finalSentences(result),
  )
}

function nameOf(row: Pick<ComponentFailure, 'component' | 'kind' | 'name'>): string {
  return JSON.stringify([row.component, row.kind, row.name])
}

/** `broker queue ingest: the message (code)`. */
function failureLine({ component, kind, name, code, message }: ComponentFailure): string {
  const subject = [component, kind, name].filter((part) => part !== undefined).join(' ')
  return `${oneLine(subject)}: ${oneLine(message)} (${code})`
}

function finalSentences(result: ApplyResult): string[] {
  const { applied, converged, errors, needs_migration: migrations } = result
  const did = applied === 0 ? 'Nothing was changed' : `Applied ${count(applied, 'change')}`
  const rest =
    migrations === 0
      ? []
      : [
          `${count(migrations, 'resource')} ${migrations === 1 ? 'needs' : 'need'} a migration, which ThatDAM leaves to you: \`thatdam plan\` says why.`,
        ]
  if (errors.length > 0) return [`${did}, ${count(errors.length, 'error')}: not converged.`, ...rest]
  if (!converged) return [`${did}, and the environment has not converged yet: \`thatdam plan\` shows what is left.`, ...rest]
  if (migrations > 0) return [`${did}. All that can be added is as the profile asks.`, ...rest]
  return [applied === 0 ? 'Nothing to do: everything is as the profile asks.' : `${did}. Everything is as the profile asks.`]
}
