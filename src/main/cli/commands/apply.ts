import type { CallInput } from '../../../shared/node-contract'
import { answer, attach, type Context, withNode } from '../context'
import { applyStatus } from '../exit-status'
import { readProfileFile } from '../profile-file'
import { renderApply } from '../render/apply'

export interface ApplyOptions {
  readonly acknowledge?: string
  readonly confirm?: readonly string[]
}

/** `thatdam apply`: plan and apply. With FILE, that profile first becomes the current revision; with a hash, what that plan destroys goes. */
export async function apply(context: Context, { acknowledge, confirm }: ApplyOptions): Promise<number> {
  const { terminal, file, interrupted } = context
  const profile = file === undefined ? undefined : await readProfileFile(context, file)
  const input: CallInput<'apply'> = {
    ...(profile === undefined ? {} : { profile }),
    ...((profile === undefined && acknowledge === undefined) || terminal.user === undefined ? {} : { author: terminal.user }),
    ...(acknowledge === undefined ? {} : { acknowledge, confirm: [...(confirm ?? [])] }),
  }
  const look = { ...(profile === undefined ? {} : { profile }), allow_destructive: acknowledge !== undefined }
  const { planned, result } = await withNode(attach(context), async (client) => {
    // The result only counts. A person wants to see which rows they were, so the plan is asked for first.
    const planned = context.json ? undefined : await client.call('plan', look, interrupted)
    return { planned, result: await client.call('apply', input, interrupted) }
  })
  answer(context, result, (value, paint) => renderApply(planned, value, paint))
  return applyStatus(result)
}
