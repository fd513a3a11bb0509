import { describe, expect, it } from 'vitest'
import type { UpLine } from '../../../../src/main/cli/commands/up'
import type { Host } from '../../../../src/main/cli/host'
import { runCli } from '../../../../src/main/cli/run-cli'
import type { RunningNode } from '../../../../src/main/host/run'
import { UserError } from '../../../../src/shared/errors'
import type { NodeClient, Notice } from '../../../../src/shared/node-contract'
import { statusSchema } from '../../../../src/shared/status'
import { type FakeTerminal, fakeHost, fakeNode, fakeTerminal, type HostOptions, type TerminalOptions } from './fakes'
import { nodeStatus } from './samples'

const url = 'http://127.0.0.1:7717'
const notices: readonly Notice[] = [
  { type: 'status', status: nodeStatus({ converged: false }) },
  { type: 'status', status: nodeStatus() },
  { type: 'status', status: nodeStatus() },
]

interface Up {
  readonly terminal: FakeTerminal
  readonly done: Promise<number>
  /** Resolves once `text` was written. */
  said(text: string): Promise<void>
  readonly started: { setup?: string; port?: number; closed: number }
}

interface UpOptions {
  readonly args?: readonly string[]
  readonly terminal?: TerminalOptions
  readonly client?: NodeClient
  readonly crashed?: Promise<unknown>
  readonly host?: HostOptions
}

function startUp({ args = [], terminal: options = {}, client = fakeNode({}, notices).client, crashed, host = {} }: UpOptions = {}): Up {
  const terminal = fakeTerminal({ ...options, env: { THATDAM_DATA_DIR: '/srv/dam', ...options.env } })
  const waiting: { text: string; resolve: () => void }[] = []
  const out = terminal.out
  terminal.out = (text) => {
    out(text)
    for (const { text: wanted, resolve } of waiting) if (terminal.written.out.includes(wanted)) resolve()
  }
  const started: Up['started'] = { closed: 0 }
  const runNode: Host['runNode'] = async (config, { setup }): Promise<RunningNode> => {
    Object.assign(started, { setup, port: config.port })
    return {
      client,
      url,
      token: 'token',
      signInUrl: () => `${url}/sign-in?code=once`,
      crashed: crashed ?? new Promise(() => {}),
      close: async () => {
        started.closed++
      },
    }
  }
  const done = runCli(['up', ...args], terminal, fakeHost({ ...host, parts: { runNode, ...host.parts } }))
  return {
    terminal,
    done,
    started,
    said: (text) =>
      new Promise((resolve) => {
        if (terminal.written.out.includes(text)) resolve()
        else waiting.push({ text, resolve })
      }),
  }
}

describe('up', () => {
  it('prints where it serves, then each change of state, and exits 0 when it is stopped', async () => {
    const up = startUp()
    await up.said('Converged')
    up.terminal.signal('SIGTERM')
    expect(await up.done).toBe(0)
    expect(up.terminal.written).toEqual({
      out: [
        `ThatDAM is serving on ${url}`,
        `  sign in:  ${url}/sign-in?code=once`,
        '  data:     /srv/dam',
        '06:12:03  Converging.',
        '06:12:03  Converged: 14 resources are as the profile asks.',
        'Stopped.',
        '',
      ].join('\n'),
      err: '',
    })
    expect(up.started).toEqual({ setup: 'at-once', port: 7717, closed: 1 })
  })

  it('speaks JSON lines with --json', async () => {
    const up = startUp({ args: ['--json'] })
    await up.said('"converged":true')
    up.terminal.signal('SIGINT')
    expect(await up.done).toBe(0)
    const events = up.terminal.written.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as UpLine)
    expect(events.map(({ event }) => event)).toEqual(['ready', 'status', 'status', 'stopped'])
    expect(events[0]).toEqual({ event: 'ready', pid: process.pid, url, sign_in_url: `${url}/sign-in?code=once`, data_dir: '/srv/dam' })
    expect(events[2]).toEqual({ event: 'status', status: statusSchema.strict().parse(nodeStatus()) })
  })

  it('takes its port and whether to wait for the set-up from the arguments', async () => {
    const up = startUp({ args: ['--port', '0', '--setup'] })
    await up.said('Converged')
    up.terminal.signal('SIGTERM')
    await up.done
    expect(up.started).toMatchObject({ setup: 'wait', port: 0 })
  })

  it.each(['http', '-1', '65536', '80.5', ''])('refuses port %j before anything is started', async (port) => {
    const up = startUp({ args: [`--port=${port}`] })
    expect(await up.done).toBe(1)
    expect(up.terminal.written.err).toContain('--port')
    expect(up.started).toEqual({ closed: 0 })
  })

  it('ends quietly and in good order when nobody reads any more', async () => {
    const up = startUp()
    await up.said('Converged')
    up.terminal.closeReader()
    expect(await up.done).toBe(0)
    expect(up.terminal.written.err).toBe('')
    expect(up.started.closed).toBe(1)
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('leaves at once on a second signal: %s', async (signal, status) => {
    const up = startUp()
    await up.said('Converged')
    up.terminal.signal('SIGTERM')
    up.terminal.signal(signal)
    expect(up.terminal.exits).toEqual([status])
    await up.done
  })

  it('stops when the signal comes while it starts', async () => {
    const up = startUp()
    up.terminal.signal('SIGTERM')
    expect(await up.done).toBe(0)
    expect(up.started.closed).toBe(1)
  })

  it('closes the node and exits 1 when the node cannot go on', async () => {
    const up = startUp({ crashed: Promise.resolve(new TypeError('a mistake')) })
    expect(await up.done).toBe(1)
    expect(up.terminal.written.err).toContain('error: a mistake\n  This is a mistake in ThatDAM itself')
    expect(up.started.closed).toBe(1)
  })

  it('closes the node and exits 1 when its notices end by themselves', async () => {
    const client: NodeClient = { ...fakeNode({}).client, async *notices() {} }
    const up = startUp({ client, args: ['--json'] })
    expect(await up.done).toBe(1)
    expect(JSON.parse(up.terminal.written.out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ error: { code: 'unavailable' } })
    expect(up.started.closed).toBe(1)
  })
})

describe('a second up', () => {
  const locked = new UserError('locked', `Process 42 already works on /srv/dam, at ${url}.`, { hint: 'Use that one.' })
  const parts: Partial<Host> = { runNode: () => Promise.reject(locked) }

  it('says where the first one is, with a fresh link to its page', async () => {
    const node = fakeNode({ signInLink: () => ({ url: `${url}/sign-in?code=fresh` }) })
    const up = startUp({ host: { node, running: true, parts } })
    expect(await up.done).toBe(1)
    expect(up.terminal.written.out).toBe('')
    expect(up.terminal.written.err).toBe(
      `error: Process 42 already works on /srv/dam, at ${url}.\n  Use that one.\nsign_in_url: ${url}/sign-in?code=fresh\n`,
    )
  })

  it('says so in one JSON line with --json', async () => {
    const node = fakeNode({ signInLink: () => ({ url: `${url}/sign-in?code=fresh` }) })
    const up = startUp({ args: ['--json'], host: { node, running: true, parts } })
    expect(await up.done).toBe(1)
    expect(JSON.parse(up.terminal.written.out)).toEqual({
      error: {
        code: 'locked',
        message: locked.message,
        hint: 'Use that one.',
        details: [{ path: 'sign_in_url', message: `${url}/sign-in?code=fresh` }],
      },
    })
  })

  it('says what is known when the first one serves nobody', async () => {
    const up = startUp({ host: { parts } })
    expect(await up.done).toBe(1)
    expect(up.terminal.written.err).toBe(`error: Process 42 already works on /srv/dam, at ${url}.\n  Use that one.\n`)
  })
})

describe('an interrupted command', () => {
  it('lets go of the node, says so, and exits with the status of the signal', async () => {
    const terminal = fakeTerminal({ env: { THATDAM_DATA_DIR: '/srv/dam' } })
    const host = fakeHost({
      node: fakeNode({
        apply: (_, signal) =>
          new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(new Error('wrapped', { cause: signal.reason })))
            terminal.signal('SIGINT')
          }),
      }),
    })
    expect(await runCli(['apply', '--json'], terminal, host)).toBe(130)
    expect(JSON.parse(terminal.written.out)).toMatchObject({ error: { code: 'interrupted' } })
    expect(host.open()).toBe(0)
  })

  it('stops waiting for standard input', async () => {
    const terminal = fakeTerminal({ env: { THATDAM_DATA_DIR: '/srv/dam' } })
    terminal.input = async function* (signal) {
      terminal.signal('SIGTERM')
      signal.throwIfAborted()
      yield new Uint8Array()
    }
    expect(await runCli(['plan', '-f', '-'], terminal, fakeHost())).toBe(143)
    expect(terminal.written).toEqual({ out: '', err: 'error: Stopped by SIGTERM before it was done.\n' })
  })
})
