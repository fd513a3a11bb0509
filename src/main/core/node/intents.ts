/**
 * Leave to destroy (contracts §6): given for exactly one plan, by its hash, and used once. Everything is judged before anything is
 * changed, and once more by the pass itself.
 */
import { UserError } from '../../../shared/errors'
import type { ChangeKind, Plan } from '../../../shared/plan'
import { type Clock, isoNow } from '../ports/clock'
import type { Intent, Intents } from '../ports/journal'
import type { PassResult } from '../reconcile/engine'

const goodForMs = 15 * 60_000

/** What holds something that nobody could get back, and so must be named once more. */
const named: ReadonlySet<ChangeKind> = new Set<ChangeKind>(['bucket', 'queue', 'class'])

/** Throws a `UserError`: `plan-changed` where the plan is not the acknowledged one, `confirmation-needed` where it takes what nobody named. */
export function judgeAcknowledgement(plan: Plan, hash: string, confirmed: readonly string[]): void {
  if (plan.hash !== hash) throw planChanged(hash, plan.hash)
  const lacking = plan.changes.filter(
    ({ action, kind, name, after, loses }) =>
      action === 'destroy' && after === undefined && named.has(kind) && (loses?.count ?? 0) > 0 && !confirmed.includes(name),
  )
  if (lacking.length === 0) return
  throw new UserError(
    'confirmation-needed',
    `This would take what ${lacking.length === 1 ? 'is' : 'they are'} not empty: nothing was changed.`,
    {
      hint: `Name each that may go: ${lacking.map(({ name }) => `--confirm ${name}`).join(' ')}`,
      details: lacking.map(({ kind, name, reason }) => ({ path: name, message: `${kind} ${name}: ${reason}` })),
    },
  )
}

export function planChanged(acknowledged: string, now: string): UserError {
  return new UserError(
    'plan-changed',
    `The plan is not the one that was acknowledged (${acknowledged.slice(0, 12)}…): the world or the profile has changed since. Nothing was destroyed.`,
    {
      hint: 'Look at the new one with `thatdam plan --allow-destructive`, and acknowledge that.',
      details: [{ path: 'plan_hash', message: now }],
    },
  )
}

export function newIntent(hash: string, by: string, clock: Clock): Intent {
  return {
    id: clock.uuid(),
    plan_hash: hash,
    allow_destructive: true,
    acknowledged_by: by,
    created_at: isoNow(clock),
    expires_at: new Date(clock.now() + goodForMs).toISOString(),
  }
}

/** Whatever `pass` comes to, the intent is closed by it. */
export async function underIntent(intents: Intents, intent: Intent, clock: Clock, pass: () => Promise<PassResult>): Promise<PassResult> {
  await intents.addIntent(intent)
  try {
    const result = await pass()
    const status = result.leave ?? 'failed'
    await intents.closeIntent(intent.id, {
      at: isoNow(clock),
      status,
      ...(status === 'refused' ? { message: `the plan was ${result.plan.hash}` } : {}),
    })
    return result
  } catch (error) {
    await intents.closeIntent(intent.id, { at: isoNow(clock), status: 'failed', message: String(error) })
    throw error
  }
}
