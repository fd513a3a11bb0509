import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type OwnServer, type Setting, startServer } from '../../support/own-server'
import { describeStarting, type ServerName } from '../../support/servers'

async function started<N extends ServerName>(name: N, setting?: Setting): Promise<OwnServer<N>> {
  const server = await startServer(name, setting)
  onTestFinished(() => server.stop())
  return server
}

const answer = (url: string, headers: Record<string, string> = {}) =>
  fetch(url, { headers, signal: AbortSignal.timeout(5_000) }).then(({ status }) => status)

// A server starts in seconds, and twice in each of these; on a busy machine it may take many times as long.
describe('a server of a test’s own', { timeout: 240_000 }, () => {
  describeStarting('minio', 'MinIO', () => {
    it('can be killed, and comes back at the same address', async () => {
      const server = await started('minio')
      const health = `${server.address.endpoint}/minio/health/ready`
      expect(await answer(health)).toBe(200)
      await server.kill()
      await expect(answer(health)).rejects.toThrow('fetch failed')
      await server.restart()
      expect(await answer(health)).toBe(200)
    })

    it('can be frozen, and goes on where it was', async () => {
      const server = await started('minio')
      const health = `${server.address.endpoint}/minio/health/ready`
      server.freeze()
      await expect(fetch(health, { signal: AbortSignal.timeout(500) })).rejects.toMatchObject({ name: 'TimeoutError' })
      const answering = answer(health)
      server.thaw()
      expect(await answering).toBe(200)
    })
  })

  describeStarting('weaviate', 'Weaviate', () => {
    it('keeps its data through a kill, and asks for a key where one is set', async () => {
      const env = {
        AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: 'false',
        AUTHENTICATION_APIKEY_ENABLED: 'true',
        AUTHENTICATION_APIKEY_ALLOWED_KEYS: 'secret',
        AUTHENTICATION_APIKEY_USERS: 'tester',
      }
      const { address, restart } = await started('weaviate', { env })
      expect(address.apiKey).toBe('secret')
      expect(await answer(`${address.url}/v1/schema`)).toBe(401)
      const login = { Authorization: 'Bearer secret' }
      const made = await fetch(`${address.url}/v1/schema`, {
        method: 'POST',
        headers: { ...login, 'Content-Type': 'application/json' },
        body: JSON.stringify({ class: 'Kept' }),
      })
      expect(made.status).toBe(200)
      await restart()
      expect(await answer(`${address.url}/v1/schema/Kept`, login)).toBe(200)
    })
  })

  describeStarting('rabbitmq', 'RabbitMQ', () => {
    it('keeps its topology through a kill, with settings of the test', async () => {
      const { address, restart } = await started('rabbitmq', { settings: ['heartbeat = 7'] })
      const headers = { Authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}`, 'Content-Type': 'application/json' }
      const queue = `${address.managementUrl}/api/queues/%2F/kept`
      const made = await fetch(queue, { method: 'PUT', headers, body: JSON.stringify({ durable: true }) })
      expect(made.status).toBe(201)
      // Erlang's log on disk gathers for some seconds what is written to it: a kill before that takes the queue along.
      await sleep(5_000)
      await restart()
      expect(await answer(queue, headers)).toBe(200)
    })
  })
})
