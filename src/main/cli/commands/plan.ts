import { answer, attach, type Context, withNode } from '../context'
import { planStatus } from '../exit-status'
import { readProfileFile } from '../profile-file'
import { renderPlan } from '../render/plan'

/** `thatdam plan`: compare the current profile, or the one in FILE, with the world. Changes nothing. */
export async function plan(context: Context, { allowDestructive }: { readonly allowDestructive: boolean }): Promise<number> {
  const profile = context.file === undefined ? undefined : await readProfileFile(context, context.file)
  const found = await withNode(attach(context), (client) =>
    client.call('plan', { ...(profile === undefined ? {} : { profile }), allow_destructive: allowDestructive }, context.interrupted),
  )
  answer(context, found, (value, paint) => renderPlan(value, paint, context))
  return planStatus(found)
}
