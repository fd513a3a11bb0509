import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { addressFrom, assignments } from '../../../scripts/servers/addresses.mjs'
import { bringUp, report, takeDown } from '../../../scripts/servers/fleet.mjs'
import { launcher } from '../../../scripts/servers/launch.mjs'
import { freePorts } from '../../../scripts/servers/ports.mjs'
import { end, identify, isAlive, type KnownProcess, signal } from '../../../scripts/servers/processes.mjs'
import { built } from '../../../scripts/servers/programs.mjs'
import { cacheDirectory, readState, runningAddresses, writeState } from '../../../scripts/servers/state.mjs'
import { tempDir } from '../../support/temp'
import { root } from '../../support/thatdam'

const address = { endpoint: 'http://127.0.0.1:1', accessKey: 'a', secretKey: 's' }

async function sleeper(): Promise<KnownProcess> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' })
  await once(child, 'spawn')
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const known = identify(child.pid ?? 0)
  if (known === undefined) throw new Error('sleep did not start')
  return known
}

/** As somebody with nothing running and nothing installed. */
function emptyMachine() {
  const directory = tempDir()
  return { XDG_CACHE_HOME: directory, PATH: join(directory, 'nothing') }
}

describe('a process that is to be known again', () => {
  it('is alive until it ends', async () => {
    const one = await sleeper()
    expect(isAlive(one)).toBe(true)
    await end([one])
    expect(isAlive(one)).toBe(false)
  })

  it('is not another one that has its pid now', async () => {
    const one = await sleeper()
    const former = { ...one, started: `${one.started} before` }
    expect(isAlive(former)).toBe(false)
    expect(signal(former, 'SIGKILL')).toBe(false)
    await end([former])
    expect(isAlive(one)).toBe(true)
  })

  it('is not one of a pid that nobody has', () => {
    expect(identify(2 ** 22 + 1)).toBeUndefined()
  })
})

describe('what runs on this machine', () => {
  it('is nothing at first', () => {
    const env = emptyMachine()
    expect(readState(env)).toEqual({})
    expect(runningAddresses(env)).toEqual({})
    expect(report(env).map(({ how }) => how)).toEqual(['absent', 'absent', 'absent', 'absent', 'absent'])
  })

  it('is told with its address while all of its processes are alive and it was ready', async () => {
    const env = emptyMachine()
    const processes = [await sleeper(), await sleeper()]
    const entry = { address, directory: tempDir(), processes, ready: true }
    writeState({ minio: entry, ceph: { ...entry, ready: false } }, env)
    expect(runningAddresses(env)).toEqual({ minio: address })
    await end(processes.slice(1))
    expect(runningAddresses(env)).toEqual({})
    expect(report(env)[0]).toEqual({ name: 'minio', how: 'broken' })
  })

  it('is in a file for nobody else', () => {
    const env = emptyMachine()
    writeState({}, env)
    expect(statSync(join(cacheDirectory(env), 'running.json')).mode & 0o777).toBe(0o600)
  })

  it('is said to be unreadable rather than taken for nothing', () => {
    const env = emptyMachine()
    mkdirSync(cacheDirectory(env), { recursive: true })
    writeFileSync(join(cacheDirectory(env), 'running.json'), '{"minio":')
    expect(() => readState(env)).toThrow(/running\.json cannot be read .*: end the servers that it names, then remove it\./)
  })
})

describe('taking servers down', () => {
  it('ends their processes and removes their data, and spares a stranger that has a pid of theirs', async () => {
    const env = emptyMachine()
    const [mine, stranger] = [await sleeper(), await sleeper()]
    const directory = join(tempDir(), 'data')
    mkdirSync(directory)
    const processes = [mine, { ...stranger, started: 'long ago' }]
    writeState({ minio: { address, directory, processes, ready: true } }, env)
    expect(await takeDown(['minio', 'ceph'], { env })).toEqual(['minio'])
    expect([isAlive(mine), isAlive(stranger)]).toEqual([false, true])
    expect(() => statSync(directory)).toThrow('ENOENT')
    expect(await takeDown(['minio'], { env })).toEqual([])
  })
})

describe('bringing servers up', () => {
  it('says for each what is lacking and how to get it, and leaves nothing', async () => {
    const env = emptyMachine()
    const outcomes = await bringUp(['minio', 'rabbitmq'], { env: { ...env, THATDAM_TEST_WEAVIATE_URL: 'http://x' } })
    expect(outcomes.map(({ how }) => how)).toEqual(['failed', 'failed'])
    expect(outcomes[0]?.error).toContain('There is no minio on the path, and no Go')
    expect(outcomes[1]?.error).toContain('apt-get install rabbitmq-server')
    expect(readState(env)).toEqual({})
  })

  it('starts none that the environment names', async () => {
    const env = { ...emptyMachine(), THATDAM_TEST_WEAVIATE_URL: 'http://x:1' }
    expect(await bringUp(['weaviate'], { env })).toEqual([{ name: 'weaviate', how: 'named', address: { url: 'http://x:1' } }])
  })

  it('uses what runs', async () => {
    const env = emptyMachine()
    writeState({ minio: { address, directory: tempDir(), processes: [await sleeper()], ready: true } }, env)
    expect(await bringUp(['minio'], { env })).toEqual([{ name: 'minio', how: 'running', address }])
  })

  it('removes the remains of one that a killed command has begun', async () => {
    const env = emptyMachine()
    const begun = await sleeper()
    writeState({ minio: { address, directory: tempDir(), processes: [begun], ready: false } }, env)
    await bringUp(['minio'], { env })
    expect(isAlive(begun)).toBe(false)
    expect(readState(env)).toEqual({})
  })
})

describe('starting a program', () => {
  const inDirectory = (directory: string, options = {}) => launcher({ directory, detached: false, onProcess: () => {}, ...options })

  it('tells the end of its log when it dies instead of serving', async () => {
    const { launch, until } = inDirectory(tempDir())
    launch('sh', ['-c', 'echo the port is taken >&2; exit 3'])
    await expect(until(async () => false)).rejects.toThrow(/^sh ended with status 3\. It said:\n {2}the port is taken$/)
  })

  it('tells that it is not there', async () => {
    const { launch, until } = inDirectory(tempDir())
    launch('/nonexistent/server', [])
    await expect(until(async () => false)).rejects.toThrow('ENOENT')
  })

  it('gives up at its deadline, with the log', async () => {
    const processes: KnownProcess[] = []
    const { launch, until } = inDirectory(tempDir(), { deadlineMs: 300, onProcess: (one: KnownProcess) => processes.push(one) })
    launch('sh', ['-c', 'echo loading; exec sleep 600'])
    await expect(until(async () => false)).rejects.toThrow('not ready after 0.3 s')
    await end(processes)
  })

  it('ends the wait with the reason of an abort', async () => {
    const { until } = inDirectory(tempDir(), { signal: AbortSignal.abort(new Error('enough')) })
    await expect(until(async () => false)).rejects.toThrow('enough')
  })

  it('hands on nothing of the caller’s environment but the path', async () => {
    const { run } = inDirectory(tempDir(), { env: { PATH: process.env.PATH, MINIO_ROOT_USER: 'somebody' } })
    expect(await run('sh', ['-c', 'echo "[$MINIO_ROOT_USER]"'])).toBe('[]\n')
  })
})

describe('free ports', () => {
  it('are in a row, and none of them is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => {
      taken.close()
    })
    const ports = await freePorts(6)
    expect(ports.map((port) => port - (ports[0] ?? 0))).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('are given once: several servers may look for theirs before any of them listens', async () => {
    const first = await freePorts(2, () => 0.25)
    const places = [0.25, 0.25 - 1 / 11_998]
    const second = await freePorts(2, () => places.shift() ?? Math.random())
    expect(new Set([...first, ...second]).size).toBe(4)
  })

  it('are looked for elsewhere when one is taken', async () => {
    const [port = 0] = await freePorts(1)
    const taken = createServer().listen(port, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => {
      taken.close()
    })
    const places = [(port - 20_000 + 0.5) / (32_000 - 20_000 - 1), 0.123]
    expect(await freePorts(1, () => places.shift() ?? 0.5)).not.toEqual([port])
  })
})

describe('the variables that name a server', () => {
  it('are read as they were written', () => {
    const pairs = assignments('minio', address)
    expect(pairs.map(([variable]) => variable)).toEqual([
      'THATDAM_TEST_MINIO_ENDPOINT',
      'THATDAM_TEST_MINIO_ACCESS_KEY',
      'THATDAM_TEST_MINIO_SECRET_KEY',
    ])
    expect(addressFrom('minio', Object.fromEntries(pairs))).toEqual(address)
    expect(addressFrom('minio', Object.fromEntries(assignments('minio', address, '')))).toBeUndefined()
  })

  it('may leave out what is optional, and nothing else', () => {
    expect(addressFrom('rabbitmq', { THATDAM_TEST_AMQP_URL: 'amqp://x' })).toEqual({ url: 'amqp://x' })
    expect(() => addressFrom('minio', { THATDAM_TEST_MINIO_ENDPOINT: 'http://x' })).toThrow(
      'MinIO is named by the environment, but not THATDAM_TEST_MINIO_ACCESS_KEY and THATDAM_TEST_MINIO_SECRET_KEY: set all of them or none.',
    )
  })
})

describe('the versions that are built', () => {
  const read = (path: string) => readFileSync(join(root, path), 'utf8')

  it.each(['minio', 'versitygw', 'weaviate-server'] as const)('are those that the page about the servers names: %s', (name) => {
    expect(read('docs/TECHNICAL/test-servers.md')).toContain(`Go, \`${built[name].version}\``)
  })

  it('are those that people with Docker get', () => {
    expect(read('docker-compose.yml')).toContain(`/weaviate:${built['weaviate-server'].version.slice(1)}\n`)
  })
})
