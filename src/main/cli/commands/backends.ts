import type { Status } from '../../../shared/status'
import { answer, type Context, configOf, withNode } from '../context'
import { renderBackends } from '../render/backends'

/** `thatdam backends`: the state of each port. With `retry`, everything is looked at anew first. */
export async function backends(context: Context, { retry }: { readonly retry: boolean }): Promise<number> {
  const running = context.host.attachRunning(await configOf(context))
  const { backends: found } = await withNode(running, async (client) => {
    // What the look comes to stands in the status.
    if (retry) await client.call('apply', {}, context.interrupted)
    return client.call('status', {}, context.interrupted)
  })
  answer(context, found, renderBackends)
  return isAnyAway(found) ? 1 : 0
}

function isAnyAway(found: Status['backends']): boolean {
  return Object.values(found).some(({ mode }) => mode === 'degraded')
}
