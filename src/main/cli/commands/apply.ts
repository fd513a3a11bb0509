import type { CallInput } from '../../../shared/node-contract'
import { answer, attach, type Context, withNode } from '../context'
import { applyStatus } from '../exit-status'
import { readProfileFile } from '../profile-file'
import { renderApply } from '../render/apply'

/** `thatdam apply`: plan and apply. With FILE, that profile first becomes the current revision. */
export async function apply(context: Context): Promise<number> {
  const { terminal, file, interrupted } = context
  const profile = file === undefined ? undefined : await readProfileFile(context, file)
  const input: CallInput<'apply'> = {
    ...(profile === undefined ? {} : { profile }),
    ...(profile === undefined || terminal.user === undefined ? {} : { author: terminal.user }),
  }
  const { planned, result } = await withNode(attach(context), async (client) => {
    // The result only counts. A person wants to see which rows they were, so the plan is asked for first.
    const planned = context.json ? undefined : await client.call('plan', profile === undefined ? {} : { profile }, interrupted)
    return { planned, result: await client.call('apply', input, interrupted) }
  })
  answer(context, result, (value, paint) => renderApply(planned, value, paint))
  return applyStatus(result)
}
