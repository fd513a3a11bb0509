// What the start scripts of a checkout share: an up-to-date build, the directory the person is in, and the command line in this process.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildIfStale, root } from './build.mjs'

/** Build when sources are newer than the build; when that fails, show what it said and exit 1. */
export async function ensureBuilt(options) {
  const failure = await buildIfStale(root, options).catch((error) => error.message)
  if (failure === undefined) return
  console.error(failure)
  process.exit(1)
}

/** npm runs scripts in the project. A relative path on the command line means the directory in which npm was called. */
export function enterCallersDirectory(script) {
  const { INIT_CWD: caller, npm_lifecycle_event: running } = process.env
  if (caller !== undefined && running === script && process.cwd() === root) process.chdir(caller)
}

/** Run `thatdam` with these arguments in this process. */
export async function runCommandLine(args) {
  const entry = join(root, 'out', 'main', 'cli.js')
  process.argv = [process.execPath, entry, ...args]
  await import(pathToFileURL(entry).href)
}
