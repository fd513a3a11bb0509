/** `npm run servers` as its user calls it, on a cache of the test's own, so that the servers of this machine are left alone. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { recipes } from '../../../scripts/servers/instance.mjs'
import { end, isAlive } from '../../../scripts/servers/processes.mjs'
import { cacheDirectory, readState } from '../../../scripts/servers/state.mjs'
import { describeStarting, type ServerName } from '../../support/servers'
import { tempDir } from '../../support/temp'
import { root } from '../../support/thatdam'

/** The command on a machine on which nothing runs yet, with the programs that this one has. */
function machine(...names: ServerName[]) {
  const programs = names.flatMap((name) => Object.values(recipes[name].programs.find(process.env) ?? {}))
  const env = { XDG_CACHE_HOME: tempDir(), PATH: [...programs.map((path) => dirname(path)), process.env.PATH].join(delimiter) }
  onTestFinished(async () => {
    await begin('down').ended
  })

  function begin(...args: string[]) {
    const child = spawn(process.execPath, [join(root, 'scripts/servers.mjs'), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const status = new Promise<number | null>((resolve) => child.on('close', resolve))
    const ended = Promise.all([status, text(child.stdout), text(child.stderr)])
    return { child, ended: ended.then(([code, stdout, stderr]) => ({ code, stdout, stderr })) }
  }

  return { env, begin, run: (...args: string[]) => begin(...args).ended }
}

const endpointIn = (stdout: string) => /^export THATDAM_TEST_MINIO_ENDPOINT='(.*)'$/m.exec(stdout)?.[1]

describeStarting('minio', '`npm run servers`', () => {
  describe('with MinIO', { timeout: 120_000 }, () => {
    it('brings it up, says where, uses it when called again, and takes it down', async () => {
      const { run, env } = machine('minio')
      const first = await run('up', 'minio')
      expect(first).toMatchObject({ code: 0, stderr: 'MinIO runs.\n' })
      const endpoint = endpointIn(first.stdout)
      expect(first.stdout).toContain(`export MINIO_ENDPOINT='${endpoint}'`)
      expect((await fetch(`${endpoint}/minio/health/ready`)).status).toBe(200)

      expect(await run('up', 'minio')).toEqual({ ...first, stderr: 'MinIO runs already.\n' })
      const { processes = [], directory = '' } = readState(env).minio ?? {}
      const status = await run('status')
      expect(status.stdout).toContain(`minio      running at ${endpoint}, process ${processes[0]?.pid}, in ${directory}\n`)
      expect(status.stdout).toContain('rabbitmq   not running\n')

      expect(await run('down')).toMatchObject({ code: 0, stderr: 'Ended, and their data removed: MinIO.\n' })
      await expect(fetch(endpoint ?? '')).rejects.toThrow('fetch failed')
      expect(existsSync(directory)).toBe(false)
      expect(await run('down')).toMatchObject({ code: 0, stderr: 'Nothing was up.\n' })
    })

    it('starts one, when it is called twice at once', async () => {
      const { run } = machine('minio')
      const [one, other] = await Promise.all([run('up', 'minio'), run('up', 'minio')])
      expect([one.code, other.code]).toEqual([0, 0])
      expect(one.stdout).toBe(other.stdout)
      expect([one.stderr, other.stderr].sort()).toEqual(['MinIO runs already.\n', 'MinIO runs.\n'])
    })

    it('says that it has ended, and starts it anew', async () => {
      const { run, env } = machine('minio')
      await run('up', 'minio')
      const { processes = [], directory = '' } = readState(env).minio ?? {}
      await end(processes)
      expect((await run('status')).stdout).toContain('minio      not running: it was started and has ended.')
      expect((await run('up', 'minio')).code).toBe(0)
      expect((await run('status')).stdout).toContain('minio      running at')
      expect(existsSync(directory)).toBe(false)
    })
  })

  it('says what it can do when it is called wrongly', async () => {
    const { run } = machine('minio')
    expect(await run('up', 'minion')).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no server called minion.') })
    expect(await run()).toMatchObject({ code: 2, stderr: expect.stringContaining('npm run servers -- up [NAME') })
  })
})

describeStarting('rabbitmq', '`npm run servers` with RabbitMQ', () => {
  it('leaves nothing of what it began when it is interrupted', { timeout: 120_000 }, async () => {
    const { begin, env } = machine('minio', 'rabbitmq')
    const { child, ended } = begin('up', 'minio', 'rabbitmq')
    // The server and its epmd: both are there long before it is ready. MinIO is ready by then, or nearly.
    await expect.poll(() => readState(env).rabbitmq?.processes.length, { timeout: 60_000 }).toBe(2)
    const begun = Object.values(readState(env))
    child.kill('SIGINT')
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/Stopped: nothing of it runs\.\n$/) })
    for (const { processes, directory } of begun) {
      expect(processes.filter(isAlive)).toEqual([])
      expect(existsSync(directory)).toBe(false)
    }
    expect(readState(env)).toEqual({})
  })

  it('does not wait for another one when it is interrupted', { timeout: 120_000 }, async () => {
    const { begin, env } = machine('rabbitmq')
    const working = begin('up', 'rabbitmq')
    await expect.poll(() => readState(env).rabbitmq !== undefined, { timeout: 60_000 }).toBe(true)
    const waiting = begin('up', 'minio')
    const isWaiting = () => readdirSync(cacheDirectory(env)).some((name) => name.startsWith('lock.'))
    await expect.poll(isWaiting, { timeout: 60_000 }).toBe(true)
    waiting.child.kill('SIGINT')
    expect(await waiting.ended).toEqual({ code: 1, stdout: '', stderr: 'Stopped: nothing of it runs.\n' })
    expect(isWaiting()).toBe(false)
    expect((await working.ended).code).toBe(0)
  })
})
