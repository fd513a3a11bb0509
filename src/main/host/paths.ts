/** Where things are: the data directory and the files in it. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../shared/errors'

export type Environment = Readonly<Record<string, string | undefined>>

/** The files and folders of a data directory. */
export function pathsOf(dataDir: string) {
  return {
    cluster: join(dataDir, 'cluster.json'),
    settings: join(dataDir, 'settings.json'),
    nodeFile: join(dataDir, 'node.json'),
    lock: join(dataDir, 'node.lock'),
    sessionKey: join(dataDir, 'session.key'),
    tokens: join(dataDir, 'tokens.json'),
    upkeep: join(dataDir, 'upkeep.json'),
    spool: join(dataDir, 'spool'),
    journal: join(dataDir, 'node.db'),
    storage: join(dataDir, 'storage'),
    bus: join(dataDir, 'bus'),
    index: join(dataDir, 'index'),
  } as const
}
export type DataPaths = ReturnType<typeof pathsOf>

const locationSchema = z.object({ data_dir: z.string().refine(isAbsolute, 'must be an absolute path') })

/** `--data`, else `THATDAM_DATA_DIR`, else the directory chosen in the wizard, else `ThatDAM` in the home directory. */
export async function resolveDataDir(flag: string | undefined, env: Environment): Promise<string> {
  const named = flag ?? env.THATDAM_DATA_DIR
  if (named !== undefined) {
    if (named.trim() === '') {
      throw new UserError('invalid-setting', `${flag === undefined ? 'THATDAM_DATA_DIR' : '--data'} is empty.`, {
        hint: 'Name a directory, or leave it out.',
      })
    }
    return resolve(named)
  }
  return (await chosenLocation(locationFile(env))) ?? join(homedir(), 'ThatDAM')
}

/** `thatdam/location.json` in the OS's configuration directory. A variable that is empty counts as unset, as the XDG specification has it. */
function locationFile(env: Environment): string {
  if (process.platform === 'win32') return join(env.APPDATA || join(homedir(), 'AppData', 'Roaming'), 'thatdam', 'location.json')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'thatdam', 'location.json')
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'thatdam', 'location.json')
}

async function chosenLocation(file: string): Promise<string | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unreadableLocation(file, error)
  }
  try {
    return locationSchema.parse(JSON.parse(text)).data_dir
  } catch (error) {
    throw unreadableLocation(file, error)
  }
}

function unreadableLocation(file: string, cause: unknown): UserError {
  return new UserError('invalid-setting', `${file} should say where the data directory is, but cannot be read.`, {
    hint: 'Mend it ({"data_dir": "/path"}), remove it to use the default, or name the directory with --data.',
    cause,
  })
}
