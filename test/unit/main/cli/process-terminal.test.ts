import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'

const source = pathToFileURL(resolve('src/main/cli/process-terminal.ts')).href

/** A process of its own with a terminal in it, since a broken stream cannot be mended for the tests that follow. */
function child(script: string, stdout: 'pipe' | number = 'pipe'): ChildProcessWithoutNullStreams {
  const code = `import { processTerminal } from ${JSON.stringify(source)}\nconst terminal = processTerminal()\n${script}`
  return spawn(process.execPath, ['--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', code], {
    stdio: ['pipe', stdout, 'pipe'],
  }) as ChildProcessWithoutNullStreams
}

async function ended(process: ChildProcessWithoutNullStreams): Promise<{ status: unknown; err: string }> {
  let err = ''
  process.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const [status] = await once(process, 'close')
  return { status, err }
}

describe('the terminal of a process', () => {
  it('says when its reader has gone, and ends the output quietly', async () => {
    const process = child(`
      terminal.readerGone.addEventListener('abort', async () => {
        clearInterval(writing)
        terminal.out('into the void')
        terminal.exit((await terminal.drained()) ? 5 : 1)
      })
      const writing = setInterval(() => terminal.out('line\\n'), 1)`)
    process.stdout.once('data', () => process.stdout.destroy())
    expect(await ended(process)).toEqual({ status: 5, err: '' })
  })

  it.skipIf(!existsSync('/dev/full'))('says that the answer could not be written where there is no space for it', async () => {
    const full = openSync('/dev/full', 'w')
    const process = child(`terminal.out('answer'); terminal.exit((await terminal.drained()) ? 0 : 1)`, full)
    closeSync(full)
    const { status, err } = await ended(process)
    expect(status).toBe(1)
    expect(err).toMatch(/^error: the answer could not be written to standard output: .*ENOSPC.*\n$/)
  })

  it('delivers all that was written before it is left', async () => {
    const process = child(`terminal.out('x'.repeat(3_000_000)); await terminal.drained(); terminal.exit(0)`)
    let size = 0
    process.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
    })
    expect(await ended(process)).toEqual({ status: 0, err: '' })
    expect(size).toBe(3_000_000)
  })

  it('gives up on standard input when it is told to', async () => {
    const process = child(`
      const stop = new AbortController()
      setTimeout(() => stop.abort(new Error('enough')), 1)
      try {
        for await (const chunk of terminal.input(stop.signal)) void chunk
      } catch (error) {
        terminal.err(error.cause.message)
        terminal.exit(4)
      }`)
    expect(await ended(process)).toEqual({ status: 4, err: 'enough' })
  })

  it.skipIf(process.platform === 'win32')('hears the signals that ask it to stop, until it no longer wants to', async () => {
    const listening = child(`
      const forget = terminal.onSignal((signal) => {
        forget()
        terminal.out(signal + '\\n')
      })
      setInterval(() => {}, 1000)
      terminal.out('ready\\n')`)
    let out = ''
    listening.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      listening.kill(out.includes('SIGTERM') ? 'SIGINT' : 'SIGTERM')
    })
    const [status, signal] = await once(listening, 'close')
    expect({ status, signal, out }).toEqual({ status: null, signal: 'SIGINT', out: 'ready\nSIGTERM\n' })
  })
})
