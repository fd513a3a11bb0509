/** The command line in a real process: real streams, the real host, and an exit status. */
import { lazyHost } from './host'
import { processTerminal } from './process-terminal'
import { runCli } from './run-cli'

export async function main(argv: readonly string[]): Promise<void> {
  const terminal = processTerminal()
  const status = await runCli(argv, terminal, lazyHost)
  const written = await terminal.drained()
  // Everything that was opened has been closed; what may still hold the loop is an idle connection to the running node.
  process.exit(written ? status : 1)
}
