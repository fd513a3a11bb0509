/**
 * The order of a durable write, seen from outside: a kill alone does not prove a sync, since what the kernel has it also keeps. For an
 * object, a message and a vector, the bytes are written and synced, the commit is synced, and only then the answer leaves.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { randomFrom } from '../support/random'
import { applied, up } from '../support/thatdam'
import { type Client, clientOf } from './data-plane/client'

const profile = `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: order }
spec:
  storage: { buckets: [{ name: media }, { name: versions, versioning: true }] }
  broker:
    exchanges: [{ name: order, type: fanout }]
    queues: [{ name: all }]
    bindings: [{ exchange: order, queue: all }]
  indices: { weaviate: { classes: [{ name: Asset, properties: [title] }] } }
`

/** Why this cannot be seen here, unless it must be. */
function whyNoStrace(): string | undefined {
  if (process.env.THATDAM_REQUIRE === 'all') return undefined
  const { status } = spawnSync('strace', ['-f', '-y', '-o', '/dev/null', 'true'])
  return status === 0 ? undefined : 'skipped: strace is not installed, or may not trace here'
}

type Step = 'write' | 'sync' | 'rename' | 'answer'
interface Call {
  readonly step: Step
  /** The file it concerns; both names of a rename. */
  readonly path: string
}

/** A trace of the node's system calls, in order of their completion. */
async function traced(pid: number, log: string, work: () => Promise<void>): Promise<Call[]> {
  const calls = 'pwrite64,write,writev,pwritev,sendto,sendmsg,fsync,fdatasync,rename,renameat,renameat2'
  const tracer: ChildProcess = spawn('strace', ['-f', '-y', '-qq', '-s', '64', '-e', `trace=${calls}`, '-o', log, '-p', String(pid)], {
    stdio: 'ignore',
  })
  const ended = new Promise((resolve) => tracer.once('close', resolve))
  onTestFinished(() => void tracer.kill('SIGKILL'))
  while (!isTraced(pid)) await sleep(20)
  await work()
  tracer.kill('SIGINT')
  await ended
  return completedCalls(readFileSync(log, 'utf8'))
}

function isTraced(pid: number): boolean {
  return !/^TracerPid:\s+0$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

/** A call that another thread interrupts in the log takes two lines; it is done where the second one stands. */
function completedCalls(log: string): Call[] {
  const begun = new Map<string, string>()
  const calls: Call[] = []
  for (const line of log.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, rest)
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>/.test(rest)
    const call = callOf(resumed ? (begun.get(thread) ?? '') : rest)
    if (call !== undefined) calls.push(call)
  }
  return calls
}

function callOf(text: string): Call | undefined {
  const name = /^\w+/.exec(text)?.[0] ?? ''
  const descriptor = /^\w+\(\d+<([^>]*)>/.exec(text)?.[1] ?? ''
  if (name.startsWith('rename')) return { step: 'rename', path: [...text.matchAll(/"([^"]*)"/g)].map(([, path]) => path).join(' -> ') }
  if (name === 'fsync' || name === 'fdatasync') return { step: 'sync', path: descriptor }
  if (descriptor.startsWith('socket:') || descriptor.startsWith('TCP:')) {
    return /"HTTP\/1\.1 20\d/.test(text) ? { step: 'answer', path: '' } : undefined
  }
  return descriptor.startsWith('/') ? { step: 'write', path: descriptor } : undefined
}

/** Whether `wanted` come in this order, others in between. */
function inOrder(calls: readonly Call[], wanted: readonly { readonly step: Step; readonly path: RegExp }[]): string {
  let from = 0
  for (const { step, path } of wanted) {
    const at = calls.findIndex((call, i) => i >= from && call.step === step && path.test(call.path))
    if (at < 0)
      return `no ${step} of ${path} after call ${from} of:\n${calls.map((call, i) => `${i} ${call.step} ${call.path}`).join('\n')}`
    from = at + 1
  }
  return 'in order'
}

describe.skipIf(whyNoStrace() !== undefined)(`the order of a durable write${whyNoStrace() ?? ''}`, () => {
  async function node(): Promise<{ pid: number; client: Client; log: string }> {
    const { directory, data } = await applied(profile)
    const running = await up(data)
    await running.converged()
    return { pid: running.pid, client: clientOf(running.url, running.nodeFile.token), log: join(directory, 'strace.log') }
  }
  const body = randomFrom(1).bytes(100_000)

  it('of an object: file, its sync, the catalogue’s sync, the rename, the answer', async () => {
    const { pid, client, log } = await node()
    const put = () => client.request('PUT', '/data/storage/media/clips/one.bin', { body }).then((response) => response.text())
    await put()
    const calls = await traced(pid, log, async () => void (await put()))
    expect(
      inOrder(calls, [
        { step: 'write', path: /\.thatdam\/tmp\// },
        { step: 'sync', path: /\.thatdam\/tmp\// },
        { step: 'write', path: /storage\.db-wal$/ },
        { step: 'sync', path: /storage\.db-wal$/ },
        { step: 'rename', path: /\.thatdam\/tmp\/.* -> .*\/media\/clips\/one\.bin$/ },
        { step: 'answer', path: /^$/ },
      ]),
    ).toBe('in order')
  })

  it('of a version: the same, and the old version has its own place before the answer', async () => {
    const { pid, client, log } = await node()
    const put = () => client.request('PUT', '/data/storage/versions/one.bin', { body }).then((response) => response.text())
    await put()
    const calls = await traced(pid, log, async () => void (await put()))
    expect(
      inOrder(calls, [
        { step: 'sync', path: /\.thatdam\/tmp\// },
        { step: 'sync', path: /storage\.db-wal$/ },
        { step: 'rename', path: /\.thatdam\/tmp\/.* -> .*\/versions\/one\.bin$/ },
        { step: 'answer', path: /^$/ },
      ]),
    ).toBe('in order')
  })

  for (const [what, size] of Object.entries({ small: 200, large: 100_000 })) {
    it(`of a ${what} message: the bus’s log, its sync, the answer`, async () => {
      const { pid, client, log } = await node()
      const publish = () =>
        client
          .request('POST', '/data/bus/exchanges/order/messages?key=a', { body: randomFrom(2).bytes(size) })
          .then((response) => response.text())
      await publish()
      const calls = await traced(pid, log, async () => void (await publish()))
      expect(
        inOrder(calls, [
          ...(size > 4_096 ? [{ step: 'write', path: /\/bus\// } as const, { step: 'sync', path: /\/bus\// } as const] : []),
          { step: 'write', path: /bus\.db-wal$/ },
          { step: 'sync', path: /bus\.db-wal$/ },
          { step: 'answer', path: /^$/ },
        ]),
      ).toBe('in order')
    })
  }

  it('of a vector: the index’s log, its sync, the answer', async () => {
    const { pid, client, log } = await node()
    // Another vector each time: SQLite writes nothing where nothing changes.
    const upsert = (last: number) => client.json('PUT', '/data/index/Asset/a', { vector: [1, 2, last], metadata: { title: 'a' } })
    await upsert(3)
    const calls = await traced(pid, log, async () => void (await upsert(4)))
    expect(
      inOrder(calls, [
        { step: 'write', path: /index\.db-wal$/ },
        { step: 'sync', path: /index\.db-wal$/ },
        { step: 'answer', path: /^$/ },
      ]),
    ).toBe('in order')
  })
})
