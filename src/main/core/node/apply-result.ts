/** What an apply came to, as its caller hears it. */
import type { ApplyResult } from '../../../shared/plan'
import type { PassResult } from '../reconcile/pass-result'
import { type Externals, uncertainTexts } from './backends'

export function applyResultOf(pass: PassResult, converged: boolean, externals: Externals): ApplyResult {
  const results = [...pass.components.values()]
  return {
    converged,
    plan_hash: pass.plan.hash,
    applied: pass.applied,
    needs_migration: results.reduce((total, result) => total + result.needsMigration.length, 0),
    errors: results.flatMap((result) => [...result.errors]),
    warnings: [...uncertainTexts(pass.components, externals)],
  }
}
