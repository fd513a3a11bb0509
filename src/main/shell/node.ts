/** The node behind the window: one that runs in this process or, where another process runs it already, that one. */
import { UserError } from '../../shared/errors'
import type { NodeClient } from '../../shared/node-contract'

/** What the shell needs of the host. `Config` is the host's own and passes through unread. */
export interface Host<Config> {
  /** Throws `UserError` for a malformed value, before anything is opened. */
  loadConfig(input: { flags: Flags; env: Record<string, string | undefined> }): Promise<Config>
  /** Run the node here; a data directory that is not set up waits for the person. Throws `UserError` `locked` when it runs elsewhere. */
  runNode(config: Config): Promise<ShellNode>
  /** The node that runs elsewhere on the same data directory; `running` is false when there is none after all. */
  attach(config: Config): Promise<ShellNode & { running: boolean }>
}

export interface Flags {
  readonly data?: string
  readonly port?: string
}

export interface ShellNode {
  readonly client: NodeClient
  /** Resolves, with the mistake, when a node of this process cannot go on. */
  readonly crashed?: Promise<unknown>
  close(): Promise<void>
}

export async function openNode<Config>(host: Host<Config>, flags: Flags, env: Record<string, string | undefined>): Promise<ShellNode> {
  const config = await host.loadConfig({ flags, env })
  try {
    return await host.runNode(config)
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'locked') throw error
    const other = await host.attach(config)
    if (other.running) return other
    await other.close()
    throw error
  }
}
