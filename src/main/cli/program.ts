/** The commands and their arguments. What each of them does is in `commands/`, loaded when it is asked for. */
import { Command } from 'commander'
import { version } from '../../../package.json'
import type { ApplyOptions } from './commands/apply'
import type { UpOptions } from './commands/up'
import { addDataCommands } from './data-program'
import { many, type Run } from './run'

export interface GlobalOptions {
  readonly data?: string
  readonly json?: boolean
}

interface FileOption {
  readonly file?: string
}

interface Output {
  /** Help and version, when they were asked for. */
  out(text: string): void
  /** The help of a command that cannot run without a subcommand. */
  usage(text: string): void
}

const fileHint = 'a profile in YAML or JSON; - reads standard input'

/** The whole command line. Parsing it rejects with a `CommanderError` where the arguments are wrong or only help was wanted. */
export function createProgram(output: Output, run: Run): Command {
  const program = new Command('thatdam')
    .description('A working media environment on one computer, reconciled from one profile.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print help, also for each command')
    // What stands behind a command is the command's: `data get --version ID` wants a version of an object, not that of the program.
    .enablePositionalOptions()
    .configureOutput({ writeOut: output.out, writeErr: output.usage, outputError: () => {} })
    .exitOverride()

  program
    .command('up')
    .summary('run the node in the foreground')
    .description('run the node in the foreground: print its URL as soon as it serves, then each change of state')
    .option('--port <N>', 'port to serve on, 0 for any free one (default: THATDAM_PORT or 7717)')
    .option('--setup', 'on a new data directory, wait for a person to start it on the page')
    .action((options: UpOptions) => run({ streams: true }, async (context) => (await import('./commands/up')).up(context, options)))
  program
    .command('plan')
    .summary('show what an apply would do; changes nothing')
    .description('show what an apply would do; changes nothing (exit: 0 nothing to do, 2 changes, 3 only migrations, 1 error)')
    .option('-f, --file <FILE>', fileHint)
    .option('--allow-destructive', 'show as well what would delete, narrow or lose something')
    .action(({ file, allowDestructive = false }: FileOption & { allowDestructive?: boolean }) =>
      run({ file }, async (context) => (await import('./commands/plan')).plan(context, { allowDestructive })),
    )
  program
    .command('apply')
    .summary('plan and apply')
    .description('plan and apply; with -f the file first becomes the current revision (exit: 0 converged, 3 migrations left, 1 error)')
    .option('-f, --file <FILE>', fileHint)
    .option('--acknowledge <HASH>', 'carry out what the plan of this hash destroys; `thatdam plan --allow-destructive` gives it')
    .option('--confirm <NAME>', 'of what it destroys, this may go though it is not empty; may be given again', many)
    .action(({ file, ...options }: FileOption & ApplyOptions) =>
      run({ file }, async (context) => (await import('./commands/apply')).apply(context, options)),
    )
  program
    .command('status')
    .summary('show the state of the running node')
    .description('show the state of the running node (exit: 0 converged, 3 migrations left, 1 not converged or not running)')
    .action(() => run({}, async (context) => (await import('./commands/status')).status(context)))
  addBackendCommands(program, run)
  addProfileCommands(program, run)
  addDataCommands(program, run)
  addTokenCommands(program, run)
  program
    .command('doctor')
    .summary('check this machine and each adapter, with advice')
    .description('check this machine and each adapter, with advice (exit: 0 all well)')
    .action(() => run({}, async (context) => (await import('./commands/doctor')).doctor(context)))
  addGlobalOptions(program)
  return program
}

/** Understood before and behind the name of every command. */
function addGlobalOptions(command: Command): void {
  command
    .option('--data <DIR>', 'data directory (default: THATDAM_DATA_DIR, the one chosen in the app, or ~/ThatDAM)')
    .option('--json', 'answer in JSON')
  for (const one of command.commands) addGlobalOptions(one)
}

function addBackendCommands(program: Command, run: Run): void {
  const load = () => import('./commands/backends')
  const backends = program
    .command('backends')
    .summary('show what serves storage, messages and vectors')
    .description('show what serves storage, messages and vectors (exit: 0 all in reach, 1 a server is out of reach or no node runs)')
    .action(() => run({}, async (context) => (await load()).backends(context, { retry: false })))
  backends
    .command('retry')
    .description('look at everything anew first, now and not at the next pass')
    .action(() => run({}, async (context) => (await load()).backends(context, { retry: true })))
}

function addProfileCommands(program: Command, run: Run): void {
  const load = () => import('./commands/profile')
  const profile = program.command('profile').description('the profile and its revisions')
  profile
    .command('show')
    .description('print the current profile')
    .action(() => run({}, async (context) => (await load()).show(context)))
  profile
    .command('set')
    .description('make FILE the current revision')
    .argument('<FILE>', fileHint)
    .action((file: string) => run({ file }, async (context) => (await load()).set(context, file)))
  profile
    .command('validate')
    .description('check FILE; needs no data directory')
    .argument('<FILE>', fileHint)
    .action((file: string) => run({ file }, async (context) => (await load()).validate(context, file)))
  profile
    .command('history')
    .description('list all revisions, newest first')
    .action(() => run({}, async (context) => (await load()).history(context)))
  profile
    .command('rollback')
    .description('make an earlier revision current again, as a new revision')
    .argument('<REV>', 'a revision number of `thatdam profile history`')
    .action((revision: string) => run({}, async (context) => (await load()).rollback(context, revision)))
}

function addTokenCommands(program: Command, run: Run): void {
  const load = () => import('./commands/token')
  const token = program.command('token').description('tokens by which programs use the data plane')
  token
    .command('create')
    .description('make a token; it is shown this once')
    .argument('<NAME>', 'a-z, 0-9 and -')
    .action((name: string) => run({}, async (context) => (await load()).create(context, name)))
  token
    .command('list')
    .description('list their names')
    .action(() => run({}, async (context) => (await load()).list(context)))
  token
    .command('revoke')
    .description('take a token back, at once')
    .argument('<NAME>', 'a name of `thatdam token list`')
    .action((name: string) => run({}, async (context) => (await load()).revoke(context, name)))
}
