import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { version } from '../../../../package.json'
import { errorBodySchema, PortError, UserError } from '../../../../src/shared/errors'
import { fakeHost, fakeNode, run } from './fakes'

const failure = z.strictObject({ error: errorBodySchema })

describe('wrong arguments', () => {
  it.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['pln'], "unknown command 'pln'"],
    [['up', '--supervise'], "unknown option '--supervise'"],
    [['plan', '--allow-everything'], "unknown option '--allow-everything'"],
    [['apply', '--acknowledge'], "option '--acknowledge <HASH>' argument missing"],
    [['plan', 'extra'], "too many arguments for 'plan'"],
    [['profile', 'set'], "missing required argument 'FILE'"],
    [['profile', 'frobnicate'], "unknown command 'frobnicate'"],
    [['plan', '-f'], "option '-f, --file <FILE>' argument missing"],
    [['profile', 'rollback', '1.5'], "'1.5' is not a revision"],
    [['profile', 'rollback', '0'], "'0' is not a revision"],
  ])('%j exit 1 with one sentence and what to do', async (args, sentence) => {
    const { status, out, err } = await run(args)
    expect(status).toBe(1)
    expect(out).toBe('')
    expect(err).toMatch(/^error: .+\n {2}\S.+\n$/)
    expect(err).toContain(sentence)
  })

  it('are one JSON document on standard output with --json, wherever it stands', async () => {
    for (const args of [
      ['--json', 'plan', '--frobnicate'],
      ['plan', '--frobnicate', '--json'],
    ]) {
      const ran = await run(args)
      expect(ran.status).toBe(1)
      expect(ran.err).toBe('')
      expect(failure.parse(ran.json()).error).toMatchObject({ code: 'usage', message: "unknown option '--frobnicate'" })
    }
  })

  it.each([
    [['data', 'ls'], 'BUCKET'],
    [['data', 'publish'], 'EXCHANGE'],
    [['data', 'consume'], 'QUEUE'],
    [['data', 'query'], 'CLASS'],
  ])('%j say where every %s is named', async (args, named) => {
    expect((await run(args)).err).toContain(
      `error: missing required argument '${named}'\n  \`thatdam profile show\` prints every ${named} of the profile;`,
    )
  })

  it('get the nearest known word as a hint', async () => {
    expect((await run(['stats'])).err).toContain('Did you mean status?')
  })

  it.each([[[]], [['profile']]])('%j lacks a command: the help goes to standard error', async (args) => {
    const { status, out, err } = await run(args)
    expect(status).toBe(1)
    expect(out).toBe('')
    expect(err).toContain('Usage: thatdam')
  })

  it('that lack a command are an error in JSON too', async () => {
    expect(failure.parse((await run(['profile', '--json'])).json()).error.code).toBe('usage')
  })
})

describe('help and version', () => {
  it('come without a data directory and exit 0', async () => {
    const help = await run(['--help'])
    expect(help.status).toBe(0)
    expect(help.out).toContain('Usage: thatdam')
    expect(help.out).toContain('doctor')
    expect(await run(['--version'])).toMatchObject({ status: 0, out: `${version}\n` })
  })

  it('of a command names the options that every command takes', async () => {
    const { out } = await run(['profile', 'set', '--help'])
    expect(out).toContain('--data <DIR>')
    expect(out).toContain('--json')
  })
})

describe('the data directory', () => {
  it('is the one of --data, before or after the command', async () => {
    for (const args of [
      ['--data', '/srv/dam', 'status'],
      ['status', '--data', '/srv/dam'],
    ]) {
      expect((await run(args)).err).toContain('No node runs on /srv/dam.')
    }
  })

  it('may not be empty', async () => {
    expect(await run(['status', '--data', ''])).toMatchObject({ status: 1, err: expect.stringContaining('--data is empty') })
  })
})

describe('a failure', () => {
  const failing = (error: unknown) =>
    fakeHost({
      node: fakeNode({
        status() {
          throw error
        },
      }),
      running: true,
    })
  const cause = new Error('the cause')
  const refused = new UserError('damaged-data', 'node.db is damaged.', { hint: 'Restore it.\nOr move it away.', cause })

  it('that a person can mend is told without a stack trace', async () => {
    const host = failing(refused)
    const { status, out, err } = await run(['status'], host)
    expect({ status, out, err }).toEqual({ status: 1, out: '', err: 'error: node.db is damaged.\n  Restore it.\n  Or move it away.\n' })
    expect(host.open()).toBe(0)
  })

  it('in JSON keeps code, message and hint', async () => {
    const ran = await run(['status', '--json'], failing(refused))
    expect(ran.status).toBe(1)
    expect(failure.parse(ran.json()).error).toEqual({
      code: 'damaged-data',
      message: 'node.db is damaged.',
      hint: 'Restore it.\nOr move it away.',
    })
  })

  it.each(['debug', 'trace'])('shows its stack and its cause at log level %s', async (level) => {
    const { err } = await run(['status'], failing(refused), { env: { THATDAM_LOG_LEVEL: level } })
    expect(err).toContain('run-cli.test.ts')
    expect(err).toContain('the cause')
  })

  it('of a port is told by its message', async () => {
    const { err } = await run(['status'], failing(new PortError('unavailable', 'bucket media-raw: disk is away')))
    expect(err).toBe('error: bucket media-raw: disk is away\n')
  })

  it('that nobody expected says how to report it, with its stack on standard error', async () => {
    const mistake = new TypeError('undefined is not a function')
    const text = await run(['status'], failing(mistake))
    expect(text.status).toBe(1)
    expect(text.err).toContain('error: undefined is not a function\n  This is a mistake in ThatDAM itself. Please report it')
    expect(text.err).toContain('run-cli.test.ts')
    const json = await run(['status', '--json'], failing(mistake))
    expect(failure.parse(json.json()).error).toMatchObject({ code: 'internal', message: 'undefined is not a function' })
    expect(json.err).toContain('run-cli.test.ts')
  })

  it('is in colour at a terminal, and not under NO_COLOR or a dumb terminal', async () => {
    const errors = await Promise.all(
      [{}, { NO_COLOR: '1' }, { TERM: 'dumb' }].map(
        async (env) => (await run(['status'], failing(refused), { interactive: true, env })).err,
      ),
    )
    expect(errors.map((err) => err.includes('\u001b['))).toEqual([true, false, false])
  })
})
