/** The built command in processes of its own, as its user starts it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished } from 'vitest'
import type { UpLine } from '../../src/main/cli/commands/up'
import { type NodeFile, nodeFileSchema } from '../../src/shared/cluster'
import { createHttpClient } from '../../src/shared/http-client'
import type { NodeClient } from '../../src/shared/node-contract'
import { tempDir } from './temp'

export const root = join(import.meta.dirname, '../..')
export const cli = join(root, 'out/main/cli.js')

export interface Run {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Program and arguments that go before node, to start it with fewer rights. */
  readonly through?: readonly string[]
}

/** Variables that a node reads. */
const ours = /^(THATDAM|MINIO|AMQP|RABBITMQ|WEAVIATE|SUPERVISOR)_/

/** Nothing of the tester's own configuration reaches the command, least of all the address of a server that is in use. */
function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !ours.test(name) && name !== 'NODE_OPTIONS')
  return { ...Object.fromEntries(kept), NO_COLOR: '1', XDG_CONFIG_HOME: '/nonexistent', ...extra }
}

function start(args: readonly string[], { env, through = [] }: RunOptions, stdio: 'pipe' | 'ignore'): ChildProcess {
  const [program = process.execPath, ...rest] = [...through, process.execPath, cli, ...args]
  return spawn(program, rest, { env: environment(env), stdio: [stdio, 'pipe', 'pipe'] })
}

/** Start a command whose output nobody reads. */
export function spawnThatdam(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [cli, ...args], { env: environment(), stdio: 'ignore' })
}

/** Run a command to its end. */
export async function thatdam(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = start(args, options, 'pipe')
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  // A command that refuses its configuration may end before it reads anything.
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.input ?? '')
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { status, stdout, stderr }
}

/** A data directory of the test's own, unless told, on which a command has applied `profile`, and the file that holds it. */
export async function applied(profile: string, data?: string): Promise<{ directory: string; data: string; file: string }> {
  const directory = tempDir()
  const made = { directory, data: data ?? join(directory, 'data'), file: join(directory, 'profile.yaml') }
  writeFileSync(made.file, profile)
  expect((await thatdam(['apply', '-f', made.file, '--data', made.data])).status).toBe(0)
  return made
}

export interface UpProcess {
  readonly pid: number
  readonly url: string
  readonly signInUrl: string
  readonly client: NodeClient
  readonly nodeFile: NodeFile
  /** Resolves with the next line of output that `wanted` takes; lines that came before count. */
  line(wanted: (line: UpLine) => boolean): Promise<UpLine>
  converged(): Promise<void>
  signal(name: NodeJS.Signals): void
  /** The exit status, once the process has ended. */
  exited(): Promise<number | null>
}

/** Start `thatdam up` and wait until it serves. It is ended with the test. */
export async function up(data: string, args: readonly string[] = [], options: RunOptions = {}): Promise<UpProcess> {
  const child = start(['up', '--data', data, '--port', '0', '--json', ...args], options, 'ignore')
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const lines: UpLine[] = []
  let wake = () => {}
  let over = false
  if (child.stdout === null) throw new Error('no output to read')
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (text) => {
    lines.push(JSON.parse(text) as UpLine)
    wake()
  })
  reader.on('close', () => {
    over = true
    wake()
  })

  async function line(wanted: (line: UpLine) => boolean): Promise<UpLine> {
    for (let i = 0; ; i++) {
      while (lines[i] === undefined) {
        if (over) throw new Error(`thatdam up ended; it said:\n${lines.map((one) => JSON.stringify(one)).join('\n')}\n${stderr}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      const found = lines[i]
      if (found !== undefined && wanted(found)) return found
    }
  }

  const ready = await line((one) => one.event === 'ready')
  if (ready.event !== 'ready') throw new Error('not ready')
  const read = (): NodeFile => nodeFileSchema.parse(JSON.parse(readFileSync(join(data, 'node.json'), 'utf8')))
  return {
    pid: ready.pid,
    url: ready.url,
    signInUrl: ready.sign_in_url,
    get nodeFile() {
      return read()
    },
    get client() {
      return createHttpClient({ url: ready.url, token: read().token, fetch })
    },
    line,
    async converged() {
      await line((one) => one.event === 'status' && one.status.converged)
    },
    signal: (name) => child.kill(name),
    exited: () => ended,
  }
}
