/** The node whose data plane a command uses: the one that runs, or one of its own for as long as the command takes. */
import { setTimeout } from 'node:timers/promises'
import { UserError } from '../../shared/errors'
import type { Attached } from '../host/attach'
import type { Config } from '../host/config'
import type { Context } from './context'

export interface DataOptions {
  /** False for what needs something that is there already: it then makes no data directory only to find it empty. */
  readonly setUp?: boolean
}

/** How long a command waits for another one that works on the same data directory, and how often it looks. */
const patienceMs = 10_000
const lookMs = 50

interface NodeAtWork {
  readonly url: string
  readonly token: string
  close(): Promise<void>
}

/** The node that runs, or one of this process's own. Another command that has the directory for a moment is waited for. */
export async function nodeOf(context: Context, config: Config, options: DataOptions): Promise<NodeAtWork> {
  const { interrupted } = context
  for (let left = patienceMs / lookMs; ; left--) {
    const attached = await context.host.attach(config)
    if (attached.running && attached.address !== undefined) return { ...attached.address, close: () => attached.close() }
    try {
      if (options.setUp === false) await refuseUnused(attached, config)
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

async function refuseUnused({ client }: Attached, { dataDir }: Config): Promise<void> {
  const { done } = await client.call('setup', {})
  if (done) return
  throw new UserError('not-set-up', `${dataDir} is not set up, so there is nothing in it.`, {
    hint: 'Choose another data directory with --data, or set this one up with `thatdam up` or `thatdam apply`.',
  })
}

async function ownNode({ host, terminal, interrupted }: Context, config: Config): Promise<NodeAtWork> {
  const log = await host.createLog({ level: config.logLevel ?? 'error', terminal: terminal.interactive.err })
  const node = await host.runNode(config, { setup: 'at-once', announce: false, log })
  try {
    // What the profile names is there before it is used. What cannot be made is told by whatever needs it.
    await node.client.call('apply', {}, interrupted)
    return node
  } catch (error) {
    await node.close()
    throw error
  }
}
