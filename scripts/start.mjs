// `npm start`: the app in its window where that is possible, and otherwise the same node without one.
import './check-node.mjs'
import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './build.mjs'
import { ensureBuilt, enterCallersDirectory, runCommandLine } from './checkout.mjs'
import { electronBinary, electronPackage, startMode } from './electron-binary.mjs'

const downloadSeconds = 60
const args = process.argv.slice(2)
const directory = electronPackage()
// What is said here goes to stderr: with `--json`, stdout belongs to the node.
const say = (sentence) => console.error(sentence)

await ensureBuilt({ making: () => say('Building ThatDAM, because its sources are newer than the build.') })
enterCallersDirectory('start')

let mode = startMode({ directory })
if (mode === 'download') {
  say(`The Electron binary is not here yet: downloading it once, for at most ${downloadSeconds} seconds.`)
  const failure = await download(directory)
  mode = failure === undefined ? 'window' : 'headless'
  if (failure !== undefined) say(`It could not be downloaded (${failure}), so ThatDAM runs without a window: open the page below instead.`)
} else if (mode === 'headless') {
  say(
    directory === undefined
      ? 'Electron is not installed, so ThatDAM runs without a window: open the page below instead.'
      : 'There is no display here, so ThatDAM runs without a window: open the page below instead.',
  )
}
if (mode === 'window') await showWindow(electronBinary(directory))
else await runCommandLine(['up', ...args])

/** Resolves with undefined once the binary is here, or with why it is not. */
async function download(directory) {
  const dist = join(directory, 'dist')
  const hadDist = existsSync(dist)
  const { code, output } = await run(process.execPath, [join(directory, 'install.js')], { timeout: downloadSeconds * 1000 })
  if (code === 0 && existsSync(electronBinary(directory))) return undefined
  // Half an unpacked binary would pass for a whole one at the next start.
  if (!hadDist) rmSync(dist, { recursive: true, force: true })
  const reason = output.split('\n').find((line) => /error/i.test(line)) ?? output.split('\n')[0]
  return code === null ? `not done after ${downloadSeconds} seconds` : reason?.trim() || `its installer ended with ${code}`
}

function run(command, commandArgs, { timeout }) {
  return new Promise((resolve) => {
    const child = spawn(command, commandArgs, { stdio: ['ignore', 'pipe', 'pipe'], timeout, killSignal: 'SIGKILL' })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
      })
    }
    child.on('error', (error) => resolve({ code: 1, output: error.message }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** The app's process is the one that counts: signals go to it, and its exit status is ours. */
async function showWindow(binary) {
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env
  const child = spawn(binary, [root, ...args], { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  const failure = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error))
    child.on('close', (code, signal) => {
      process.exitCode = code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1)
      resolve(undefined)
    })
  })
  if (failure === undefined) return
  process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM')
  say(`${binary} could not be started (${failure.message}), so ThatDAM runs without a window: open the page below instead.`)
  await runCommandLine(['up', ...args])
}
