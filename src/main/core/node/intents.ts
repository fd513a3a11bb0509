/**
 * Leave to destroy (contracts §6): given for exactly one plan, by its hash, and used once. It is judged by the pass that would use it,
 * on the very look that this pass acts on, before anything is changed.
 */
import { UserError } from '../../../shared/errors'
import { type Change, type Plan, wantsItsName } from '../../../shared/plan'
import { type Clock, isoNow } from '../ports/clock'
import type { Intent, IntentOutcome, Intents } from '../ports/journal'
import type { Leave } from '../reconcile/engine'
import type { PassResult } from '../reconcile/pass-result'

const goodForMs = 15 * 60_000

/** What somebody said about a plan that destroys. */
export interface Acknowledgement {
  readonly hash: string
  readonly by: string
  /** Names of what is not empty and may go all the same. */
  readonly confirmed: readonly string[]
}

export interface IntentParts {
  readonly intents: Intents
  readonly clock: Clock
}

/**
 * Run one pass under an intent of its own. `adopt` is called once the plan was found to be the acknowledged one, and before anything
 * else is changed. Whatever the pass comes to, the intent is closed by it. Rejects with a `UserError`, and nothing changed at all:
 * `plan-changed`, `confirmation-needed` where the plan takes what nobody named, `intent-expired` where it came to its turn too late.
 */
export async function underIntent(
  { intents, clock }: IntentParts,
  { hash, by, confirmed }: Acknowledgement,
  adopt: () => Promise<void>,
  pass: (leave: Leave) => Promise<PassResult>,
): Promise<PassResult> {
  const intent: Intent = {
    id: clock.uuid(),
    plan_hash: hash,
    allow_destructive: true,
    acknowledged_by: by,
    created_at: isoNow(clock),
    expires_at: new Date(clock.now() + goodForMs).toISOString(),
  }
  await intents.addIntent(intent)
  const end = (status: IntentOutcome['status'], message?: string) =>
    intents.closeIntent(intent.id, { at: isoNow(clock), status, ...(message === undefined ? {} : { message }) })

  let accepted = false
  let result: PassResult
  try {
    result = await pass({
      async accept(plan) {
        if (clock.now() >= Date.parse(intent.expires_at)) throw expired(intent)
        judge(plan, hash, confirmed)
        await adopt()
        accepted = true
      },
    })
  } catch (error) {
    await end(accepted ? 'failed' : 'refused', error instanceof Error ? error.message : String(error))
    throw error
  }
  await end(result.leave ?? 'failed')
  return result
}

function judge(plan: Plan, hash: string, confirmed: readonly string[]): void {
  if (plan.hash !== hash) throw planChanged(hash, plan.hash)
  const lacking = plan.changes.filter((change) => wantsItsName(change) && !confirmed.includes(change.name))
  if (lacking.length > 0) throw confirmationNeeded(lacking)
}

function confirmationNeeded(lacking: readonly Change[]): UserError {
  const what = lacking.length === 1 ? 'something that is' : `${lacking.length} things that are`
  return new UserError('confirmation-needed', `This would destroy ${what} not empty. Nothing was changed.`, {
    hint: 'Name each that may go, with `--confirm NAME`.',
    details: lacking.map(({ kind, name, reason }) => ({ path: name, message: `${kind} ${reason}` })),
  })
}

function planChanged(acknowledged: string, now: string): UserError {
  return new UserError(
    'plan-changed',
    `The plan is now ${now}, not the acknowledged ${acknowledged}: the world or the profile has changed since. Nothing was changed.`,
    {
      hint: 'Look at the new one with `thatdam plan --allow-destructive`, and acknowledge that.',
      details: [{ path: 'plan_hash', message: now }],
    },
  )
}

function expired({ created_at, expires_at }: Intent): UserError {
  return new UserError(
    'intent-expired',
    `The acknowledgement of ${created_at} was good until ${expires_at}, and the node was busy so long. Nothing was changed.`,
    { hint: 'Look with `thatdam plan --allow-destructive`, and acknowledge anew.' },
  )
}
