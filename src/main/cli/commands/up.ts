/** `thatdam up`: the node in the foreground, until it is asked to stop. */
import { type ErrorDetail, UserError } from '../../../shared/errors'
import type { Status } from '../../../shared/status'
import type { Config } from '../../host/config'
import type { RunningNode } from '../../host/run'
import { type Context, configOf, paintOf, withNode } from '../context'
import { createNarrator } from '../render/narration'
import { lines, oneLine } from '../render/text'
import { releaseYoungGeneration } from '../young-generation'

export interface UpOptions {
  readonly port?: string
  readonly setup?: boolean
}

/** With `--json`, one of these on each line. `status` comes whenever something changed that the text would tell, too. */
export type UpLine =
  | { readonly event: 'ready'; readonly pid: number; readonly url: string; readonly sign_in_url: string; readonly data_dir: string }
  | { readonly event: 'status'; readonly status: Status }
  | { readonly event: 'stopped' }

export async function up(context: Context, options: UpOptions): Promise<number> {
  const config = await configOf(context, { port: options.port })
  const node = await start(context, config, options.setup === true)
  try {
    tellReady(context, config, node)
    await tellChanges(context, node)
  } finally {
    await node.close()
  }
  tell(context, { event: 'stopped' }, 'Stopped.\n')
  return 0
}

async function start(context: Context, config: Config, wait: boolean): Promise<RunningNode> {
  const { host, terminal } = context
  // A person who sees both streams in one place reads the changes of state, and wants of the log what is wrong.
  const level = config.logLevel ?? (terminal.interactive.out && terminal.interactive.err ? 'warn' : 'info')
  const log = await host.createLog({ level, terminal: terminal.interactive.err })
  try {
    return await host.runNode(config, { setup: wait ? 'wait' : 'at-once', log })
  } catch (error) {
    if (error instanceof UserError && error.code === 'locked') throw await withSignInLink(error, context, config)
    throw error
  }
}

/** A person who starts a second node wants to see the first: give them a fresh link to its page where it can be had. */
async function withSignInLink(locked: UserError, context: Context, config: Config): Promise<UserError> {
  const details = locked.details ?? []
  if (details.some(({ path }) => path === 'sign_in_url')) return locked
  const link = await signInLink(context, config)
  if (link === undefined) return locked
  return new UserError(locked.code, locked.message, {
    ...(locked.hint === undefined ? {} : { hint: locked.hint }),
    details: [...details, link],
    cause: locked,
  })
}

async function signInLink(context: Context, config: Config): Promise<ErrorDetail | undefined> {
  try {
    const { url } = await withNode(context.host.attachRunning(config), (client) => client.call('signInLink', {}, context.interrupted))
    return { path: 'sign_in_url', message: url }
  } catch (error) {
    // The other process serves nobody, or is just starting or stopping. `locked` already says all that is known of it.
    if (error instanceof UserError) return undefined
    throw error
  }
}

function tellReady(context: Context, config: Config, node: RunningNode): void {
  const paint = paintOf(context.terminal, 'out')
  const signIn = node.signInUrl()
  tell(
    context,
    { event: 'ready', pid: process.pid, url: node.url, sign_in_url: signIn, data_dir: config.dataDir },
    lines(
      `${paint('bold', 'ThatDAM is serving on')} ${paint('cyan', node.url)}`,
      `  sign in:  ${paint('cyan', signIn)}`,
      `  data:     ${oneLine(config.dataDir)}`,
    ),
  )
}

/** Tell each change of state until somebody stops the node, or nobody reads any more. Throws what the node cannot go on after. */
async function tellChanges(context: Context, node: RunningNode): Promise<void> {
  const { interrupted, terminal } = context
  const crash = new AbortController()
  void node.crashed.then((mistake) => crash.abort(mistake))
  const asked = AbortSignal.any([interrupted, terminal.readerGone])
  const stop = AbortSignal.any([asked, crash.signal])
  const narrate = createNarrator()
  try {
    for await (const notice of node.client.notices(stop)) {
      if (notice.type !== 'status') continue
      if (notice.status.pass !== null) releaseYoungGeneration()
      const news = narrate(notice.status)
      if (news.length > 0) tell(context, { event: 'status', status: notice.status }, timed(news, terminal.now()))
    }
  } catch (error) {
    // A wait that was broken off may end with the reason of the signal.
    if (!stop.aborted) throw error
  }
  if (asked.aborted) return
  if (crash.signal.aborted) throw crash.signal.reason
  throw new UserError('unavailable', 'The node has stopped by itself.', { hint: 'The log says why; `thatdam doctor` looks for the cause.' })
}

function timed(sentences: readonly string[], now: Date): string {
  const time = now.toTimeString().slice(0, 8)
  return lines(sentences.map((sentence) => `${time}  ${sentence}`))
}

function tell({ json, terminal }: Context, line: UpLine, text: string): void {
  terminal.out(json ? `${JSON.stringify(line)}\n` : text)
}
