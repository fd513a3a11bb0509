/** What every command gets: where it runs, what it may open and how it shall answer. */
import type { NodeClient } from '../../shared/node-contract'
import type { Attached } from '../host/attach'
import type { Config } from '../host/config'
import type { Host } from './host'
import { createPaint, type Paint } from './render/text'
import type { Terminal } from './terminal'

export interface Context {
  readonly terminal: Terminal
  readonly host: Host
  readonly json: boolean
  /** `--data`, as it was typed. */
  readonly data: string | undefined
  /** The FILE argument, as it was typed; `-` is standard input. */
  readonly file: string | undefined
  /** Aborts when the person asks the command to stop. */
  readonly interrupted: AbortSignal
}

export function configOf(context: Context, flags: { port?: string | undefined } = {}): Promise<Config> {
  const { host, terminal, data } = context
  return host.loadConfig({
    flags: { data, port: flags.port },
    env: terminal.env,
  })
}

/** Do `work` with a node of this data directory, and let go of it however that ends. */
export async function withNode<T>(attaching: Promise<Attached>, work: (client: NodeClient, running: boolean) => Promise<T>): Promise<T> {
  const attached = await attaching
  try {
    return await work(attached.client, attached.running)
  } finally {
    await attached.close()
  }
}

/** The running node, or the same calls served in this process. */
export async function attach(context: Context): Promise<Attached> {
  const attached = await context.host.attach(await configOf(context))
  return attached.running ? attached : stoppable(attached, context.interrupted)
}

/**
 * A call served in this process would work on to its end, through all its retries, since nobody hears whether its caller still
 * waits: so the interruption closes the node under it, and the call ends with the interruption instead of what it met thereby.
 */
function stoppable(attached: Attached, interrupted: AbortSignal): Attached {
  const { client } = attached
  let closing: Promise<void> | undefined
  const close = () => (closing ??= attached.close())
  // A failure to close is told by the close that follows.
  const stop = () => void close().catch(() => undefined)
  interrupted.addEventListener('abort', stop, { once: true })
  return {
    running: attached.running,
    isSetUp: () => attached.isSetUp(),
    client: {
      notices: client.notices,
      async call(name, input, signal) {
        interrupted.throwIfAborted()
        try {
          return await client.call(name, input, signal)
        } catch (error) {
          throw interrupted.aborted ? interrupted.reason : error
        }
      },
    },
    async close() {
      interrupted.removeEventListener('abort', stop)
      await close()
    },
  }
}

/** Answer with one JSON document, or with the text that a person reads. */
export function answer<T>(context: Context, value: T, text: (value: T, paint: Paint) => string): void {
  const { terminal, json } = context
  if (json) terminal.out(`${JSON.stringify(value, null, 2)}\n`)
  else terminal.out(text(value, paintOf(terminal, 'out')))
}

export function paintOf(terminal: Terminal, stream: 'out' | 'err'): Paint {
  const { NO_COLOR: noColor, TERM: term } = terminal.env
  return createPaint(terminal.interactive[stream] && (noColor === undefined || noColor === '') && term !== 'dumb')
}
