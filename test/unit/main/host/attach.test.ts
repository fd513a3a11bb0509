/** Which node a command talks to. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { attach } from '../../../../src/main/host/attach'
import { loadConfig } from '../../../../src/main/host/config'
import { writeNodeFile } from '../../../../src/main/host/node-file'
import { tempDir } from '../../../support/temp'

/** A server whose `/health` answers with `instance`; `tokens` are what it was sent. */
async function server(instance: string): Promise<{ url: string; tokens: string[] }> {
  const tokens: string[] = []
  const http = createServer(({ headers }, response) => {
    if (headers.authorization !== undefined) tokens.push(headers.authorization)
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ status: 'ok', version: '0.1.0', instance }))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void http.close())
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, tokens }
}

async function attachedTo(url: string, instance: string) {
  const config = await loadConfig({ flags: { data: tempDir() }, env: {} })
  const token = 'a-token-of-more-than-16-characters'
  writeNodeFile(config.paths, { pid: process.pid, instance, url, token, version: '0.1.0', started_at: '2026-11-24T08:00:00.000Z' })
  const attached = await attach(config)
  onTestFinished(() => attached.close())
  return attached
}

it('the node that wrote the file is the one that runs', async () => {
  const instance = randomUUID()
  const { url } = await server(instance)
  expect((await attachedTo(url, instance)).running).toBe(true)
})

it('a stranger on the port of a node that died gets no token', async () => {
  const { url, tokens } = await server(randomUUID())
  const attached = await attachedTo(url, randomUUID())
  expect(attached.running).toBe(false)
  expect((await attached.client.call('status', {})).role).toBe('none')
  expect(tokens).toEqual([])
})
