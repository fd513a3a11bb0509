/** The session of docs/TECHNICAL/data-plane.md, command for command, and every answer that stands there. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { applied, root, up } from '../support/thatdam'

const page = readFileSync(join(root, 'docs/TECHNICAL/data-plane.md'), 'utf8')

interface Step {
  /** What `sh` runs, and the answer that the page gives. */
  readonly commands: string
  readonly answer: string
}

const profile = /^```yaml\n(.*?)^```$/ms.exec(page)?.[1] ?? ''
const steps: readonly Step[] = [...page.matchAll(/^```sh\n(.*?)^```\n\n```text\n(.*?)^```$/gms)].map(([, commands = '', answer = '']) => ({
  commands,
  answer: answer.trimEnd(),
}))

/** What is different each time, by the name that the page has for it, and what it looks like. */
const placeholders: Readonly<Record<string, RegExp>> = {
  TIME: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/,
  'VERSION-ID': /[0-9a-f-]{36}/,
  'MESSAGE-ID': /[0-9a-f-]{36}/,
  DELIVERY: /[0-9a-f-]{36}\.\d+/,
}

/** The answer as it came, with the page's names for what is different each time. Lines that differ then show in the failure. */
function named(actual: string, expected: string): string {
  let result = ''
  let at = 0
  for (const part of expected.split(/\b(TIME|VERSION-ID|MESSAGE-ID|DELIVERY)\b/)) {
    const shape = placeholders[part]
    if (shape === undefined) {
      if (!actual.startsWith(part, at)) break
      at += part.length
    } else {
      const found = new RegExp(shape, 'y')
      found.lastIndex = at
      if (!found.test(actual)) break
      at = found.lastIndex
    }
    result += part
  }
  return result + actual.slice(at)
}

/** All blocks in one shell, as in one terminal. Each ends with a line that no answer has. */
function run(env: Readonly<Record<string, string>>): readonly string[] {
  const end = '\u001e'
  const script = steps.map(({ commands }) => `${commands}\nprintf '\\n${end}'\n`).join('')
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', ...env },
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect(stderr).toBe('')
  return stdout.replaceAll('\r', '').split(end).slice(0, -1)
}

function whyNoCurl(): string | undefined {
  const absent = ['bash', 'curl'].filter((program) => spawnSync(program, ['--version']).status !== 0)
  if (absent.length === 0 || process.env.THATDAM_REQUIRE === 'all') return undefined
  return `skipped: ${absent.join(' and ')} is not installed`
}

const reason = whyNoCurl()

describe('the page about the data plane', () => {
  it('has an answer below every command, and a profile', () => {
    expect(profile).toContain('kind: EnvironmentProfile')
    expect(steps.length).toBe(page.match(/^```sh$/gm)?.length)
    expect(steps.length).toBeGreaterThan(20)
  })

  it.skipIf(reason !== undefined)(
    `says what happens when its commands are run${reason === undefined ? '' : ` (${reason})`}`,
    async () => {
      const { data } = await applied(profile)
      const node = await up(data)
      await node.converged()
      const { token } = await node.client.call('createToken', { name: 'session' })

      const answers = run({ URL: node.url, TOKEN: token })

      const told = steps.map(({ commands, answer }, i) => ({ commands, answer: named(answers[i]?.trim() ?? '', answer) }))
      expect(told).toEqual(steps)
    },
    90_000,
  )
})
