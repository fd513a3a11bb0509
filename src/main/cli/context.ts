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
  return context.host.attach(await configOf(context))
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
