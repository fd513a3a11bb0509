import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { selfSigned } from '../../support/certificate'
import { proxyTo } from '../../support/proxy'

const mebibyte = 1024 * 1024

/** A server that answers with what it was sent, and keeps what it was asked. */
async function echo() {
  const asked: string[] = []
  const server = createServer(async (incoming, response) => {
    // A request that was cut off was not made.
    const body = await text(incoming).catch(() => undefined)
    if (body === undefined) return
    asked.push(`${incoming.method} ${incoming.url} ${body.length}`)
    response.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

interface Asking {
  readonly method?: string
  readonly body?: string
  readonly agent?: Agent
  readonly signal?: AbortSignal
  readonly ca?: string
}

async function ask(url: string, { method = 'POST', body = 'hello', ...options }: Asking = {}): Promise<string> {
  const asking = (url.startsWith('https:') ? requestTls : request)(url, { method, ...options })
  asking.end(body)
  const [response] = await once(asking, 'response')
  return text(response)
}

describe('the proxy before a real server', () => {
  it('lets everything pass, large bodies too, and counts connections and requests', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.url)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const url = proxy.through(`${server.url}/a?b=c`)
    const large = 'x'.repeat(5 * mebibyte)
    expect(await ask(url, { agent })).toBe('hello')
    expect(await ask(url, { agent, body: large, method: 'PUT' })).toBe(large)
    expect(await ask(url, { agent, method: 'GET', body: '' })).toBe('')
    expect(proxy.requests.map(({ method, target }) => `${method} ${target}`)).toEqual(['POST /a?b=c', 'PUT /a?b=c', 'GET /a?b=c'])
    expect(proxy.mutating).toBe(2)
    expect([proxy.connections, proxy.open]).toEqual([1, 1])
    agent.destroy()
    await proxy.allClosed()
    expect(proxy.open).toBe(0)
  })

  it('counts requests whose bodies come in chunks', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.url)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const url = new URL(proxy.through(server.url))
    for (const body of ['GET / HTTP/1.1\r\n\r\n', 'second']) {
      const asking = request({ host: url.hostname, port: url.port, method: 'PUT', agent })
      asking.write(body.slice(0, 3))
      asking.write(body.slice(3))
      asking.end()
      const [response] = await once(asking, 'response')
      expect(await text(response)).toBe(body)
    }
    expect(proxy.requests.map(({ method }) => method)).toEqual(['PUT', 'PUT'])
    agent.destroy()
  })

  it('keeps user and path of an address', async () => {
    const proxy = await proxyTo('amqp://guest:guest@127.0.0.1:5672')
    expect(proxy.through('amqp://guest:guest@127.0.0.1:5672')).toBe(`amqp://guest:guest@127.0.0.1:${proxy.port}`)
    expect(proxy.through('http://127.0.0.1:5672/v1?x')).toBe(`http://127.0.0.1:${proxy.port}/v1?x`)
  })

  it('cuts, and resets, and the next connection passes', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.url)
    for (const how of ['cut', 'reset'] as const) {
      const client = connect(proxy.port, '127.0.0.1')
      client.on('error', () => {})
      client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      await once(client, 'data')
      proxy[how]()
      await new Promise((resolve) => client.on('close', resolve))
      expect(await ask(proxy.url('http'))).toBe('hello')
    }
  })

  it('loses the answer of what was done', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.url)
    proxy.cutAfter('to-client', 0)
    await expect(ask(`${proxy.url('http')}/once`)).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(server.asked).toEqual(['POST /once 5'])
    expect(await ask(proxy.url('http'))).toBe('hello')
  })

  it('counts what it lets through from when it was told, also on a connection over which much has gone', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.url)
    const client = connect(proxy.port, '127.0.0.1')
    client.on('error', () => {})
    let came = ''
    client.setEncoding('latin1').on('data', (piece: string) => {
      came += piece
    })
    const post = (body: string) => client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    post('first')
    await expect.poll(() => came).toMatch(/first/)
    came = ''
    proxy.cutAfter('to-client', 7)
    const closed = new Promise((resolve) => client.on('close', resolve))
    post('x'.repeat(20_000))
    await closed
    expect(came).toBe('HTTP/1.')
  })

  it('cuts in the middle of what is sent', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.url)
    proxy.cutAfter('to-server', mebibyte)
    await expect(ask(proxy.url('http'), { body: 'x'.repeat(2 * mebibyte) })).rejects.toThrow()
    expect(server.asked).toEqual([])
  })

  it('swallows everything until it is healed, and lets a client go that gives up', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.url)
    proxy.blackHole()
    const giving = new AbortController()
    const abandoned = ask(proxy.url('http'), { signal: giving.signal, body: 'x'.repeat(4 * mebibyte) })
    const patient = ask(proxy.url('http'))
    await expect.poll(() => proxy.requests.length).toBe(2)
    giving.abort()
    await expect(abandoned).rejects.toThrow('aborted')
    await expect.poll(() => proxy.open).toBe(1)
    expect(server.asked).toEqual([])
    await proxy.heal()
    expect(await patient).toBe('hello')
  })

  it('refuses connections, and takes them again on the same port', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.url)
    await proxy.refuse()
    await expect(ask(proxy.url('http'))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await proxy.heal()
    expect(await ask(proxy.url('http'))).toBe('hello')
  })

  it('leaves a client on a connection that the server no longer has', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.url)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    await ask(proxy.url('http'), { agent })
    proxy.halfOpen()
    const giving = new AbortController()
    const asking = ask(proxy.url('http'), { agent, signal: giving.signal })
    await expect.poll(() => proxy.requests.length).toBe(2)
    expect([proxy.connections, proxy.open]).toEqual([1, 1])
    giving.abort()
    await expect(asking).rejects.toThrow('aborted')
    await proxy.allClosed()
    expect(server.asked.length).toBe(1)
    expect(await ask(proxy.url('http'))).toBe('hello')
  })

  it('passes the whole content when it is slow', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.url)
    proxy.delay(2)
    proxy.limit(2 * mebibyte)
    const body = 'slow'.repeat(50_000)
    expect(await ask(proxy.url('http'), { body })).toBe(body)
  })

  it('speaks TLS before a server that does not', async () => {
    const server = await echo()
    const certificate = selfSigned()
    const proxy = await proxyTo(server.url, certificate)
    expect(await ask(proxy.url('https'), { ca: certificate.cert })).toBe('hello')
    expect(proxy.requests.length).toBe(1)
    await expect(ask(proxy.url('https'))).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })
})
