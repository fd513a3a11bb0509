/** The node whose data plane a command uses: the one that runs, or one of its own for as long as the command takes. */
import { setTimeout } from 'node:timers/promises'
import { UserError } from '../../shared/errors'
import type { Attached } from '../host/attach'
import type { Config } from '../host/config'
import type { Context } from './context'

/** How long a command waits for another one that works on the same data directory, and how often it looks. */
const patienceMs = 10_000
const lookMs = 50

interface NodeAtWork {
  readonly url: string
  readonly token: string
  close(): Promise<void>
}

/**
 * The node that runs, or one of this process's own. Another command that has the directory for a moment is waited for. A directory that
 * nobody has set up is refused, and stays as it is: where to keep data is not for a command to decide that somebody typed in passing.
 */
export async function nodeOf(context: Context, config: Config): Promise<NodeAtWork> {
  const { interrupted } = context
  for (let left = patienceMs / lookMs; ; left--) {
    const attached = await context.host.attach(config)
    if (attached.running && attached.address !== undefined) return { ...attached.address, close: () => attached.close() }
    try {
      await refuseUnused(attached, config)
    } finally {
      await attached.close()
    }
    try {
      return await ownNode(context, config)
    } catch (error) {
      if (left === 0 || !(error instanceof UserError) || error.code !== 'locked') throw error
    }
    await setTimeout(lookMs, undefined, { signal: interrupted }).catch(() => interrupted.throwIfAborted())
  }
}

async function refuseUnused(attached: Attached, { dataDir }: Config): Promise<void> {
  if (await attached.isSetUp()) return
  throw new UserError('not-set-up', `No node runs, and ${dataDir} is not set up. Nothing was changed.`, {
    hint: 'Set it up with `thatdam up` or `thatdam apply`, or choose another data directory with --data.',
  })
}

async function ownNode({ host, terminal, interrupted }: Context, config: Config): Promise<NodeAtWork> {
  const log = await host.createLog({ level: config.logLevel ?? 'error', terminal: terminal.interactive.err })
  const node = await host.runNode(config, { setup: 'at-once', announce: false, log })
  try {
    // What the profile names is there before it is used. What cannot be made is told by whatever needs it: a pass more would wait for a
    // server that is silent once more.
    await node.client.call('start', {}, interrupted)
    const { pass } = await node.client.call('status', {}, interrupted)
    // Where none could be carried through, this one says why.
    if (pass === null) await node.client.call('apply', {}, interrupted)
    return node
  } catch (error) {
    await node.close()
    throw error
  }
}
