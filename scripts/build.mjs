// The build that `npm start` and `npm run thatdam` run by themselves when sources are newer than it.
// It is made beside the one in use and then moved over it file by file, chunks before the entries that name them: a node that runs
// from out/ meanwhile, and loads a part of itself later, still finds it. Invocations at the same time wait for one another.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { withLock } from './lock.mjs'

export const root = dirname(import.meta.dirname)

const inputs = [
  'src',
  'resources',
  'electron.vite.config.ts',
  'vite.plugins.ts',
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
  'tsconfig.json',
]
/** What no longer belongs to the build is kept for this long, for the sake of nodes that run from it. */
const keepMs = 7 * 24 * 3_600_000

/**
 * Build `directory` unless its out/ holds the build of exactly these sources. `making` is called before a build that is needed.
 * Resolves with undefined when out/ is good, or with what the build said when it failed; the previous build is then still there.
 */
export async function buildIfStale(directory = root, { making = () => {}, build = electronVite, always = false } = {}) {
  const out = join(directory, 'out')
  const stamp = join(out, '.stamp')
  const whole = () => existsSync(stamp) && existsSync(join(out, 'main', 'cli.js'))
  const fresh = () => !always && whole() && readFileSync(stamp, 'utf8') === fingerprint(directory)
  if (fresh()) return undefined
  mkdirSync(out, { recursive: true })
  return withLock(join(out, '.lock'), async () => {
    if (fresh()) return undefined
    making()
    // Taken before the build, so that a source which is saved meanwhile makes the next one.
    const sources = fingerprint(directory)
    const next = join(out, '.next')
    rmSync(next, { recursive: true, force: true })
    const failure = await build(directory, next)
    if (failure !== undefined) return failure
    rmSync(stamp, { force: true })
    moveOver(next, out, always ? 0 : keepMs)
    writeFileSync(stamp, sources)
    return undefined
  })
}

/** Name, size and time of every input: what was added, changed, removed or put back is another fingerprint. */
export function fingerprint(directory) {
  const hash = createHash('sha256')
  for (const input of inputs) {
    const path = join(directory, input)
    if (!existsSync(path)) continue
    for (const file of statSync(path).isDirectory() ? filesIn(path) : [path]) {
      const { size, mtimeMs } = statSync(file)
      hash.update(`${relative(directory, file)}\0${size}\0${mtimeMs}\n`)
    }
  }
  return hash.digest('hex')
}

function filesIn(directory) {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
}

function moveOver(next, out, keep) {
  const files = filesIn(next).map((file) => relative(next, file))
  const depth = (file) => file.split(sep).length
  const now = new Date()
  for (const file of files.sort((a, b) => depth(b) - depth(a))) {
    mkdirSync(dirname(join(out, file)), { recursive: true })
    renameSync(join(next, file), join(out, file))
    utimesSync(join(out, file), now, now)
  }
  rmSync(next, { recursive: true, force: true })
  const current = new Set(files)
  for (const file of filesIn(out)) {
    const name = relative(out, file)
    if (current.has(name) || name.startsWith('.')) continue
    if (now.getTime() - statSync(file).mtimeMs >= keep) rmSync(file, { force: true })
  }
}

/** Resolves with undefined, or with the output of a build that failed. */
function electronVite(directory, outDir) {
  const cli = join(directory, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
  if (!existsSync(cli)) return 'ThatDAM has to be built first, and its build tools are not installed: run npm ci.'
  return new Promise((resolve) => {
    const args = [cli, 'build', '--logLevel', 'warn', '--outDir', relative(directory, outDir)]
    const child = spawn(process.execPath, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
      })
    }
    child.on('error', (error) => resolve(`The build could not be started: ${error.message}`))
    child.on('close', (code, signal) =>
      resolve(code === 0 ? undefined : `${stripVTControlCharacters(output).trimEnd()}\nThe build failed (${signal ?? code}).`),
    )
  })
}

if (process.argv[1] === import.meta.filename) {
  const failure = await buildIfStale(root, { always: true })
  if (failure !== undefined) {
    console.error(failure)
    process.exitCode = 1
  }
}
