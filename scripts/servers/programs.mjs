// Where the servers' programs come from: the path, or a cache outside the repository into which Go builds them once per machine, or Debian.
import { execFile, execFileSync } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { cacheDirectory } from './state.mjs'

/** What Go builds, at these versions: a change here builds it anew. */
export const built = {
  minio: { package: 'github.com/minio/minio', version: 'v0.0.0-20260212201848-7aac2a2c5b7c', minutes: 2 },
  versitygw: { package: 'github.com/versity/versitygw/cmd/versitygw', version: 'v1.8.0', minutes: 1 },
  'weaviate-server': { package: 'github.com/weaviate/weaviate/cmd/weaviate-server', version: 'v1.39.0', minutes: 4 },
  mc: { package: 'github.com/minio/mc', version: 'v0.0.0-20250313080218-cf909e1063a9', minutes: 1 },
}

/** Another program is called so too, and stands on many paths (Midnight Commander). */
const notFromPath = ['mc']

/**
 * A source of programs: `find` gives them by name, or undefined while one is lacking; `get` brings them, or throws what a person can do.
 * This one is a program that Go builds.
 */
export function builtProgram(name) {
  return {
    find(env) {
      const program = (notFromPath.includes(name) ? undefined : onPath(name, env)) ?? fromCache(name, env)
      return program === undefined ? undefined : { [name]: program }
    },
    get: (options) => build(name, options),
  }
}

/** Programs of Debian packages, which `get` installs only where that was asked for and this is root. */
export function installedPrograms(packages, locate) {
  const how = `apt-get install ${packages.join(' ')}`
  return {
    find(env) {
      const programs = locate(env)
      return Object.values(programs).includes(undefined) ? undefined : programs
    },
    async get({ env, say, install, signal }) {
      if (!install) throw new Error(`It is not installed: on Debian, \`${how}\` does it, as root.`)
      if (process.getuid?.() !== 0 || onPath('apt-get', env) === undefined)
        throw new Error(`Only root can install it, on Debian: \`${how}\`.`)
      say(`Installing ${packages.join(', ')} from Debian.`)
      const options = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, signal }
      await tell('apt-get', ['update', '-q'], options)
      await tell('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], options)
    },
  }
}

export function onPath(name, env = process.env) {
  const places = (env.PATH ?? '').split(delimiter).filter((place) => place !== '')
  return places.map((place) => join(place, name)).find(isProgram)
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there, or not for us to run: either way not a program.
    return false
  }
}

const bin = (env) => join(cacheDirectory(env), 'bin')

/** The program in the cache, if it is of the version that is wanted. The version stands beside it; in one without, Go has noted it. */
function fromCache(name, env) {
  const program = join(bin(env), name)
  if (!existsSync(program)) return undefined
  const record = `${program}.version`
  if (!existsSync(record)) {
    const version = notedVersion(program, env)
    if (version === undefined) return undefined
    writeFileSync(record, version)
  }
  return readFileSync(record, 'utf8') === built[name].version ? program : undefined
}

function notedVersion(program, env) {
  const go = onPath('go', env)
  if (go === undefined) return undefined
  return /^\tmod\t\S+\t(\S+)/m.exec(execFileSync(go, ['version', '-m', program], { encoding: 'utf8' }))?.[1]
}

/** Beside the cache and then into it in one step: nobody starts half a program. */
async function build(name, { env, say, signal }) {
  const { package: source, version, minutes } = built[name]
  const go = onPath('go', env)
  if (go === undefined) {
    throw new Error(
      `There is no ${name} on the path, and no Go (1.26 or newer, https://go.dev/dl) to build it with: install one of the two.`,
    )
  }
  say(`Building ${name} ${version} with Go, once: about ${minutes} min.`)
  mkdirSync(bin(env), { recursive: true })
  const making = mkdtempSync(join(cacheDirectory(env), 'building-'))
  try {
    await tell(go, ['install', '-trimpath', '-ldflags=-s -w', `${source}@${version}`], {
      env: { ...env, CGO_ENABLED: '0', GOBIN: making },
      signal,
    })
    renameSync(join(making, name), join(bin(env), name))
    writeFileSync(join(bin(env), `${name}.version`), version)
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
}

/** Run a program to its end; when it fails, its last lines are the error. */
async function tell(program, args, options) {
  try {
    await promisify(execFile)(program, args, { ...options, maxBuffer: 64 * 1024 * 1024 })
  } catch (error) {
    options.signal?.throwIfAborted()
    const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trimEnd().split('\n').slice(-15).join('\n')
    throw new Error(`${program} ${args.slice(0, 1).join(' ')} failed:\n${said || error.message}`, { cause: error })
  }
}
