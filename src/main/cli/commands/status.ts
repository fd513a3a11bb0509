import { answer, type Context, configOf, withNode } from '../context'
import { nodeStatus } from '../exit-status'
import { renderStatus } from '../render/status'

/** `thatdam status`: the status surface of the running node. Throws `not-running` where none runs on the data directory. */
export async function status(context: Context): Promise<number> {
  const running = context.host.attachRunning(await configOf(context))
  const found = await withNode(running, (client) => client.call('status', {}, context.interrupted))
  answer(context, found, renderStatus)
  return nodeStatus(found)
}
