/** Starting the built node as its user does, and reading what the operating system says of it. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const cli = join(import.meta.dirname, '../../out/main/cli.js')

export async function inTempDir(work) {
  const directory = await mkdtemp(join(tmpdir(), 'thatdam-bench-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Milliseconds that a whole process takes. */
export function timeProcess(args) {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: 'ignore' })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve(performance.now() - started) : reject(new Error(`${args.join(' ')} exited ${code}`))))
  })
}

/** Starts `thatdam up`; resolves once it has converged, with the milliseconds that took. */
export async function startNode(data, env = {}) {
  const started = performance.now()
  const child = spawn(process.execPath, [cli, 'up', '--data', data, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env, THATDAM_LOG_LEVEL: 'warn' },
  })
  const exited = new Promise((resolve) => child.on('exit', resolve))
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const event = JSON.parse(line)
    if (event.error !== undefined) throw new Error(event.error.message)
    if (event.event === 'status' && event.status.converged) break
  }
  const convergedMs = performance.now() - started
  child.stdout.resume()
  const { url, token } = JSON.parse(readFileSync(join(data, 'node.json'), 'utf8'))
  return {
    pid: child.pid,
    convergedMs,
    async call(name, input = {}) {
      const response = await fetch(`${url}/api/v1/${name}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(input),
      })
      if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
      return response.json()
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** Resident memory in MB, and the larger of it that no other process shares. */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}

/** Milliseconds of processor time so far. */
export function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Bytes that the process has caused to be written to disk so far. */
export function diskWritesOf(pid) {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
}
