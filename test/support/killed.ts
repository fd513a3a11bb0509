/** Programs that work until they are killed, with no chance to clean up. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect } from 'vitest'

/** Start a program of Node, kill it with SIGKILL once it has printed `count` lines, and return all that it printed. It may not complain. */
export async function runUntilKilled(args: readonly string[], count: number, aborted: AbortSignal): Promise<string[]> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], signal: aborted, killSignal: 'SIGKILL' })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const exited = once(child, 'exit')
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length === count) child.kill('SIGKILL')
  }
  const [, killedBy] = await exited
  expect(complaint).toBe('')
  expect(killedBy).toBe('SIGKILL')
  return lines
}
