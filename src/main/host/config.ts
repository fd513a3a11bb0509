/** The configuration of one node: flag, then environment, then `settings.json`, then default. Read before anything is opened. */
import { UserError } from '../../shared/errors'
import { type Externals, readExternals } from './externals'
import { type DataPaths, type Environment, pathsOf, resolveDataDir } from './paths'
import { readSettings, type Settings } from './settings'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevelName = (typeof logLevels)[number]

export interface Config {
  readonly dataDir: string
  readonly paths: DataPaths
  /** 0 for any free one. */
  readonly port: number
  /** As asked for; each shell has its own default. */
  readonly logLevel: LogLevelName | undefined
  readonly settings: Settings
  /** The owner's servers that serve instead of the embedded backends. Holds secrets: it is neither logged nor shown. */
  readonly externals: Externals
}

export interface ConfigInput {
  readonly flags: { readonly data?: string | undefined; readonly port?: string | undefined }
  readonly env: Environment
}

const defaultPort = 7717

/** Variables of versions to come. Ignoring one would let its owner believe that it works. */
const laterVariables = ['SUPERVISOR_URL', 'SUPERVISOR_JOIN_CODE']

/** The last two tell a program where the data plane is: `thatdam data` is one, and a node that a program starts has its own. */
const ownVariables = ['THATDAM_DATA_DIR', 'THATDAM_PORT', 'THATDAM_LOG_LEVEL', 'THATDAM_URL', 'THATDAM_TOKEN']

/** Throws a `UserError` that names the flag, variable or file at fault. */
export async function loadConfig({ flags, env }: ConfigInput): Promise<Config> {
  refuseUnsupported(env)
  const port = parsePort(flags.port, '--port') ?? parsePort(env.THATDAM_PORT, 'THATDAM_PORT') ?? defaultPort
  const logLevel = parseLogLevel(env.THATDAM_LOG_LEVEL)
  const dataDir = await resolveDataDir(flags.data, env)
  const paths = pathsOf(dataDir)
  const settings = await readSettings(paths.settings)
  return { dataDir, paths, port, logLevel, settings, externals: await readExternals(env, settings, paths.settings) }
}

function refuseUnsupported(env: Environment): void {
  for (const name of laterVariables) {
    if (env[name] === undefined) continue
    throw new UserError('unsupported-setting', `${name} is set, but this version of ThatDAM does not support it yet.`, {
      hint: `Unset ${name}. This node works by itself for now.`,
    })
  }
  for (const name of Object.keys(env)) {
    // `npm run servers` exports those of the tests together with the node's own.
    if (name.startsWith('THATDAM_TEST_')) continue
    if (!name.startsWith('THATDAM_') || ownVariables.includes(name)) continue
    throw new UserError('unsupported-setting', `${name} is set, but ThatDAM knows no such variable.`, {
      hint: `Known are ${ownVariables.join(', ')}.`,
    })
  }
}

function parsePort(text: string | undefined, source: string): number | undefined {
  if (text === undefined) return undefined
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new UserError('invalid-setting', `${source} is "${text}", which is not a port.`, {
    hint: 'Give a number from 1 to 65535, or 0 for any free port.',
  })
}

function parseLogLevel(text: string | undefined): LogLevelName | undefined {
  if (text === undefined) return undefined
  const level = logLevels.find((one) => one === text)
  if (level !== undefined) return level
  throw new UserError('invalid-setting', `THATDAM_LOG_LEVEL is "${text}", which is not a log level.`, {
    hint: `Use one of ${logLevels.join(', ')}.`,
  })
}
