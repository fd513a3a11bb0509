/** Which node a command talks to. */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
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

it('a directory that no node was set up in is said to be so without a word to its servers, and one that is a file is refused', async () => {
  let connections = 0
  const silent = createTcpServer(() => connections++)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const env = { WEAVIATE_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` }
  const at = async (data: string) => {
    const attached = await attach(await loadConfig({ flags: { data }, env }))
    onTestFinished(() => attached.close())
    return attached
  }
  const data = tempDir()
  expect(await (await at(data)).isSetUp()).toBe(false)
  writeFileSync(join(data, 'file'), '')
  await expect((await at(join(data, 'file'))).isSetUp()).rejects.toMatchObject({ code: 'unwritable-data' })
  expect(connections).toBe(0)
})
