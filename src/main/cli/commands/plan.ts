import { answer, attach, type Context, withNode } from '../context'
import { planStatus } from '../exit-status'
import { readProfileFile } from '../profile-file'
import { renderPlan } from '../render/plan'

/** `thatdam plan`: compare the current profile, or the one in FILE, with the world. Changes nothing. What cannot be looked at is told besides. */
export async function plan(context: Context, { allowDestructive }: { readonly allowDestructive: boolean }): Promise<number> {
  const profile = context.file === undefined ? undefined : await readProfileFile(context, context.file)
  const found = await withNode(attach(context), (client) =>
    client.call('plan', { ...(profile === undefined ? {} : { profile }), allow_destructive: allowDestructive }, context.interrupted),
  )
  answer(context, found, (value, paint) => renderPlan(value, paint, context))
  if (!context.json && found.errors.length > 0) {
    const { reportBody } = await import('../report')
    for (const { component, code, message } of found.errors) {
      reportBody({ code, message: `The ${component} could not be looked at: ${message}` }, context.terminal, { json: false })
    }
  }
  return planStatus(found)
}
