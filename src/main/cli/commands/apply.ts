import type { CallInput } from '../../../shared/node-contract'
import { type Plan, wantsItsName } from '../../../shared/plan'
import { askForNames, canAsk } from '../ask'
import { answer, attach, type Context, withNode } from '../context'
import { applyStatus } from '../exit-status'
import { readProfileFile } from '../profile-file'
import { renderApply } from '../render/apply'

export interface ApplyOptions {
  readonly acknowledge?: string
  readonly confirm?: readonly string[]
}

/** `thatdam apply`: plan and apply. With FILE, that profile first becomes the current revision; with a hash, what that plan destroys goes. */
export async function apply(context: Context, { acknowledge, confirm = [] }: ApplyOptions): Promise<number> {
  const { terminal, file, interrupted } = context
  const profile = file === undefined ? undefined : await readProfileFile(context, file)
  const wish = profile === undefined ? {} : { profile }
  const author = (profile === undefined && acknowledge === undefined) || terminal.user === undefined ? {} : { author: terminal.user }
  const { planned, result } = await withNode(attach(context), async (client) => {
    // The result only counts. A person wants to see which rows they were, so the plan is asked for first.
    const planned = context.json
      ? undefined
      : await client.call('plan', { ...wish, allow_destructive: acknowledge !== undefined }, interrupted)
    const leave: Partial<CallInput<'apply'>> =
      acknowledge === undefined ? {} : { acknowledge, confirm: [...confirm, ...(await typedNames(context, acknowledge, confirm, planned))] }
    return { planned, result: await client.call('apply', { ...wish, ...author, ...leave }, interrupted) }
  })
  answer(context, result, (value, paint) => renderApply(planned, value, paint))
  return applyStatus(result)
}

/**
 * Of what is not empty and was not named with an option, the names that a person typed. Where nobody can be asked, or the world cannot
 * be seen whole, the node refuses.
 */
async function typedNames(context: Context, hash: string, confirmed: readonly string[], planned: Plan | undefined): Promise<string[]> {
  if (planned?.hash !== hash || planned.errors.length > 0 || !canAsk(context)) return []
  const lacking = planned.changes.filter((change) => wantsItsName(change) && !confirmed.includes(change.name))
  if (lacking.length > 0) await askForNames(context, lacking)
  return lacking.map(({ name }) => name)
}
