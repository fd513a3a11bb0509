/** Calls from the window: one channel, and for each call the same three questions. Who asks, for what, and with which input. */
import { type BrowserWindow, ipcMain } from 'electron'
import { type Answer, callChannel } from '../../shared/bridge'
import { issueDetails, toErrorBody, UserError } from '../../shared/errors'
import { type CallInput, type CallName, nodeContract } from '../../shared/node-contract'
import type { ShellNode } from './node'
import { isOurPage } from './sender'

/** Answer the calls of `window` with what `node` says. A call that comes before the node is up waits for it. */
export function serveCalls(window: BrowserWindow, node: Promise<ShellNode>): void {
  ipcMain.handle(callChannel, async (event, name: unknown, input: unknown): Promise<Answer<unknown>> => {
    try {
      if (!isOurPage(event, window)) throw new UserError('forbidden', 'Only the window of this application may call its node.')
      if (!isCallName(name)) throw new UserError('invalid', 'The node knows no call of this name.')
      return { ok: true, value: await call(name, input, node) }
    } catch (error) {
      return { ok: false, error: toErrorBody(error) }
    }
  })
}

function isCallName(name: unknown): name is CallName {
  return typeof name === 'string' && Object.hasOwn(nodeContract, name)
}

async function call<N extends CallName>(name: N, input: unknown, node: Promise<ShellNode>): Promise<unknown> {
  const parsed = nodeContract[name].input.safeParse(input)
  if (!parsed.success) {
    throw new UserError('invalid', `The input of "${name}" is not valid.`, { details: issueDetails(parsed.error) })
  }
  const { client } = await node
  return client.call(name, parsed.data as CallInput<N>)
}
