import { constants } from 'node:os'
import { CommanderError } from 'commander'
import type { ErrorBody } from '../../shared/errors'
import type { Context } from './context'
import type { Host } from './host'
import { createProgram, type GlobalOptions } from './program'
import type { StopSignal, Terminal } from './terminal'

/**
 * Run one command and return its exit status. Whatever goes wrong has then been told, in the form that was asked for.
 * The first SIGINT or SIGTERM asks the command to end in good order, the second one does not wait for that.
 */
export async function runCli(argv: readonly string[], terminal: Terminal, host: Host): Promise<number> {
  const interrupt = new AbortController()
  let signalled: StopSignal | undefined
  let status = 0
  let usage = ''
  let context: Context | undefined
  let streams = false
  let chosen: GlobalOptions = {}

  const program = createProgram(
    {
      out: (text) => terminal.out(text),
      usage: (text) => {
        usage += text
      },
    },
    async (command, work) => {
      const { data, json = false } = chosen
      streams = command.streams === true
      context = { terminal, host, json, data, file: command.file, interrupted: interrupt.signal }
      status = await work(context)
    },
  )
  program.hook('preAction', (_program, command) => {
    chosen = command.optsWithGlobals<GlobalOptions>()
  })

  const forget = terminal.onSignal((signal) => {
    if (signalled !== undefined) return terminal.exit(signalStatus(signal))
    signalled = signal
    if (terminal.interactive.err) terminal.err('Stopping. Once more leaves at once.\n')
    interrupt.abort()
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return status
  } catch (error) {
    return await failed(error)
  } finally {
    forget()
  }

  async function failed(error: unknown): Promise<number> {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    // Loaded only now: a command that goes well does without.
    const { reportBody, reportFailure } = await import('./report')
    const options = { json: context?.json ?? argv.includes('--json'), jsonLines: streams, file: context?.file }
    if (error instanceof CommanderError) {
      if (usage !== '' && !options.json) terminal.err(usage)
      else reportBody(usageError(error), terminal, options)
      return 1
    }
    if (signalled !== undefined && comesFrom(error, interrupt.signal.reason)) {
      reportBody({ code: 'interrupted', message: `Stopped by ${signalled} before it was done.` }, terminal, options)
      return signalStatus(signalled)
    }
    reportFailure(error, terminal, options)
    return 1
  }
}

/** Commander's own words, and what to do next. */
function usageError({ code, message }: CommanderError): ErrorBody {
  if (code === 'commander.help') return { code: 'usage', message: 'This needs a command.', hint: 'Add --help for the list of them.' }
  const [first = message, suggestion] = message.split('\n')
  return {
    code: 'usage',
    message: first.replace(/^error: /, ''),
    hint: suggestion === undefined ? whatIsTaken(first) : suggestion.replace(/^\(|\)$/g, ''),
  }
}

/** Where the names are that the data commands take: the data plane itself lists none. */
function whatIsTaken(message: string): string {
  const [, named] = /^error: missing required argument '(BUCKET|EXCHANGE|QUEUE|CLASS)'$/.exec(message) ?? []
  if (named === undefined) return 'Add --help for what it takes.'
  return `\`thatdam profile show\` prints every ${named} of the profile; --help says what else this takes.`
}

/** Whether an error is `origin`, or was caused by it: an adapter may have wrapped the reason of an abort. */
function comesFrom(error: unknown, origin: unknown): boolean {
  return error === origin || (error instanceof Error && error.cause !== undefined && comesFrom(error.cause, origin))
}

function signalStatus(signal: StopSignal): number {
  return 128 + constants.signals[signal]
}
