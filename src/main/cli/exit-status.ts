/** What the answers of a node come to as exit statuses (0 well, 1 error, 2 changes, 3 only migrations left). */
import type { ApplyResult, Plan } from '../../shared/plan'
import { migrationsLeft, type Status } from '../../shared/status'

export function planStatus({ summary, errors }: Plan): number {
  if (errors.length > 0) return 1
  if (summary.create + summary.update + summary.destroy > 0) return 2
  return summary.needs_migration > 0 ? 3 : 0
}

export function applyStatus(result: ApplyResult): number {
  if (!result.converged || result.errors.length > 0) return 1
  return result.needs_migration > 0 ? 3 : 0
}

export function nodeStatus(status: Status): number {
  if (!status.converged) return 1
  return migrationsLeft(status) > 0 ? 3 : 0
}
