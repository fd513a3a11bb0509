/** Stand-ins for the process and the host around a command. What they answer is held to the contract's schemas. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from '../../../../src/main/cli/host'
import { runCli } from '../../../../src/main/cli/run-cli'
import type { StopSignal, Terminal } from '../../../../src/main/cli/terminal'
import { loadConfig } from '../../../../src/main/host/config'
import { UserError } from '../../../../src/shared/errors'
import {
  type CallInput,
  type CallName,
  type CallOutput,
  type NodeClient,
  type Notice,
  nodeContract,
} from '../../../../src/shared/node-contract'

export type Answers = { readonly [N in CallName]?: (input: CallInput<N>, signal?: AbortSignal) => CallOutput<N> | Promise<CallOutput<N>> }

export interface FakeNode {
  readonly client: NodeClient
  /** Every call that was made, with its input. */
  readonly calls: { readonly name: CallName; readonly input: unknown }[]
}

export function fakeNode(answers: Answers, notices: readonly Notice[] = []): FakeNode {
  const calls: { name: CallName; input: unknown }[] = []
  return {
    calls,
    client: {
      async call<N extends CallName>(name: N, input: CallInput<N>, signal?: AbortSignal): Promise<CallOutput<N>> {
        const contract = nodeContract[name]
        calls.push({ name, input: contract.input.parse(input) })
        const handler = answers[name]
        if (handler === undefined) throw new UserError('not-found', `the test has no answer to ${name}`)
        return contract.output.parse(await handler(input, signal)) as CallOutput<N>
      },
      async *notices(signal) {
        yield* notices
        await new Promise((resolve) => {
          if (signal.aborted) resolve(undefined)
          else signal.addEventListener('abort', resolve, { once: true })
        })
      },
    },
  }
}

export interface FakeTerminal extends Terminal {
  readonly written: { out: string; err: string }
  readonly exits: number[]
  signal(signal: StopSignal): void
  closeReader(): void
}

export interface TerminalOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
  readonly user?: string
  readonly interactive?: boolean
  readonly input?: string | Uint8Array
}

export function fakeTerminal({
  cwd = tmpdir(),
  env = {},
  user = 'ada',
  interactive = false,
  input = '',
}: TerminalOptions = {}): FakeTerminal {
  const written = { out: '', err: '' }
  const listeners = new Set<(signal: StopSignal) => void>()
  const reader = new AbortController()
  const exits: number[] = []
  return {
    cwd,
    env,
    user,
    interactive: { in: interactive, out: interactive, err: interactive },
    written,
    exits,
    out: (text) => {
      written.out += text
    },
    async write(bytes) {
      written.out += new TextDecoder().decode(bytes)
    },
    err: (text) => {
      written.err += text
    },
    async *input() {
      yield typeof input === 'string' ? new TextEncoder().encode(input) : input
    },
    readerGone: reader.signal,
    now: () => new Date(2026, 10, 24, 6, 12, 3),
    onSignal(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    exit: (status) => {
      exits.push(status)
    },
    signal: (signal) => {
      for (const listener of [...listeners]) listener(signal)
    },
    closeReader: () => reader.abort(),
  }
}

export interface FakeHost extends Host {
  /** How many attachments are open; 0 once a command is done. */
  open(): number
}

export interface HostOptions {
  readonly node?: FakeNode
  /** Whether the node is another process that runs. */
  readonly running?: boolean
  /** Whether there is a node in the data directory. */
  readonly setUp?: boolean
  readonly parts?: Partial<Host>
}

export function fakeHost({ node = fakeNode({}), running = false, setUp = true, parts = {} }: HostOptions = {}): FakeHost {
  let open = 0
  const attached = () => {
    open++
    return {
      client: node.client,
      running,
      isSetUp: async () => setUp,
      close: async () => {
        open--
      },
    }
  }
  return {
    open: () => open,
    loadConfig,
    attach: async () => attached(),
    attachRunning: async ({ dataDir }) => {
      if (running) return attached()
      throw new UserError('not-running', `No node runs on ${dataDir}.`, { hint: 'Start one with `thatdam up`.' })
    },
    runNode: async () => {
      throw new UserError('unavailable', 'the test has no node to run')
    },
    createLog: async () => () => {},
    ...parts,
  }
}

export interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
  /** The one JSON document on standard output. */
  json(): unknown
}

/** Run one command to its end. The data directory is always one that nobody uses. */
export async function run(args: readonly string[], host: FakeHost = fakeHost(), options: TerminalOptions = {}): Promise<Ran> {
  const data = temporaryDirectory()
  const terminal = fakeTerminal({ ...options, env: { THATDAM_DATA_DIR: data.path, ...options.env } })
  try {
    const status = await runCli(args, terminal, host)
    const { out, err } = terminal.written
    return { status, out, err, json: () => JSON.parse(out) as unknown }
  } finally {
    data.remove()
  }
}

export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'thatdam-cli-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
