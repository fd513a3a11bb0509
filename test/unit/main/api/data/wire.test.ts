/** What clients do that is not as they should, byte by byte. */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ask, post, token } from '../support'
import { answerTo, type Plane, startData } from './workbench'

interface Wire {
  readonly socket: Socket
  /** All that came until the node ended the connection. */
  readonly all: Promise<string>
  /** Resolves once the text came that is wanted, with all that came. */
  has(text: string): Promise<string>
}

function wireTo(data: Pick<Plane, 'port'>): Wire {
  const socket = connect({ port: data.port, host: '127.0.0.1' })
  onTestFinished(() => void socket.destroy())
  let text = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  return {
    socket,
    all: once(socket, 'close').then(() => text),
    async has(wanted) {
      while (!text.includes(wanted)) await once(socket, 'data')
      return text
    },
  }
}

const head = (data: Pick<Plane, 'port'>, line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, `Host: 127.0.0.1:${data.port}`, `Authorization: Bearer ${token}`, ...headers, '', ''].join('\r\n')

const leftovers = (data: Plane) => readdirSync(join(data.directory, 'storage/.thatdam/tmp'))

describe('a connection', () => {
  it('serves on after a refusal, and after a put', async () => {
    const data = await startData()
    const wire = wireTo(data)
    wire.socket.write(head(data, 'GET /data/storage/art/none'))
    await wire.has('not-found')
    wire.socket.write(`${head(data, 'PUT /data/storage/art/a', 'Content-Length: 2')}hi`)
    await wire.has('"size":2')
    wire.socket.write(head(data, 'HEAD /data/storage/art/none'))
    wire.socket.write(head(data, 'HEAD /data/storage/art/a'))
    wire.socket.write(head(data, 'GET /data/storage/art/a', 'Connection: close'))
    const text = await wire.all
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['404', '200', '404', '200', '200'].map((status) => `HTTP/1.1 ${status}`))
    expect(text.endsWith('\r\n\r\nhi')).toBe(true)
  })

  it('that a client half closes in the middle of an upload leaves nothing', async () => {
    const data = await startData()
    const wire = wireTo(data)
    wire.socket.end(`${head(data, 'PUT /data/storage/art/a', 'Content-Length: 3')}hi`)
    await wire.all
    expect((await data.call('GET', '/data/storage/art/a')).status).toBe(404)
    await vi.waitFor(() => expect(leftovers(data)).toEqual([]))
  })

  it('ends where a body is longer than it said: the rest is no request', async () => {
    const data = await startData()
    const wire = wireTo(data)
    wire.socket.write(`${head(data, 'PUT /data/storage/art/a', 'Content-Length: 2')}hi there\r\n\r\n`)
    expect(await wire.all).toContain('HTTP/1.1 400')
    const { status, text } = await data.call('GET', '/data/storage/art/a')
    expect(status === 404 || text === 'hi').toBe(true)
  })

  it('ends after a refusal that came before the body, and takes in what was under way', async () => {
    const data = await startData()
    const wire = wireTo(data)
    wire.socket.write(head(data, 'PUT /data/storage/nowhere/a', 'Content-Length: 1000000'))
    wire.socket.write(Buffer.alloc(500_000))
    const text = await wire.all
    expect(text).toContain('HTTP/1.1 404')
    expect(text.toLowerCase()).toContain('connection: close')
  })

  it('ends so for a stranger, too', async () => {
    const data = await startData()
    const wire = wireTo(data)
    wire.socket.write(`PUT /data/storage/art/a HTTP/1.1\r\nHost: 127.0.0.1:${data.port}\r\nContent-Length: 1000000\r\n\r\n`)
    const text = await wire.all
    expect(text).toContain('HTTP/1.1 401')
    expect((await data.call('GET', '/data/storage/art/a')).status).toBe(404)
  })
})

describe('a request', () => {
  it('with a broken chunk leaves nothing', async () => {
    const data = await startData()
    const wire = wireTo(data)
    wire.socket.write(`${head(data, 'PUT /data/storage/art/a', 'Transfer-Encoding: chunked')}2\r\nhi\r\nnonsense\r\n`)
    await wire.all
    expect((await data.call('GET', '/data/storage/art/a')).status).toBe(404)
    await vi.waitFor(() => expect(leftovers(data)).toEqual([]))
  })

  it('with two lengths, or a length and chunks, is no request', async () => {
    const data = await startData()
    for (const headers of [
      ['Content-Length: 2', 'Content-Length: 3'],
      ['Content-Length: 2', 'Transfer-Encoding: chunked'],
    ]) {
      const wire = wireTo(data)
      wire.socket.write(`${head(data, 'PUT /data/storage/art/a', ...headers)}hi`)
      expect(await wire.all).toContain('HTTP/1.1 400')
    }
    expect((await data.call('GET', '/data/storage/art/a')).status).toBe(404)
  })

  it('whose address spells the prefix with percent signs finds nothing, rather than another object', async () => {
    const data = await startData()
    await data.call('PUT', { path: '/data/storage/art/a', body: 'x' })
    expect((await data.call('GET', '/%64ata/storage/art/a')).status).toBe(404)
    expect((await data.call('DELETE', '/data/stor%61ge/art/a')).status).toBe(404)
    expect((await data.call('GET', '/data/storage/art/a')).status).toBe(200)
  })

  it('with raw characters beyond ASCII in a header is refused, rather than kept as something else', async () => {
    const data = await startData()
    for (const header of ['X-Meta-Title: é', 'Content-Type: text/plain; title="é"', 'X-Copy-Source: art/é']) {
      const wire = wireTo(data)
      wire.socket.write(Buffer.from(head(data, 'PUT /data/storage/art/a', header, 'Content-Length: 0', 'Connection: close'), 'utf8'))
      expect(await wire.all, header).toContain('beyond ASCII')
    }
    expect((await data.call('GET', '/data/storage/art/a')).status).toBe(404)
  })

  it('by another method is told which there are', async () => {
    const data = await startData()
    const answer = await data.call('PATCH', '/data/storage/art/a')
    expect([answer.status, answer.headers.allow]).toEqual([405, 'PUT, GET, HEAD, DELETE, POST'])
  })

  it('beside the data plane that waits to be told to go on is told so at once', async () => {
    const data = await startData()
    const { headers, ...call } = post('apply', '{"author":"tester"}')
    expect((await ask(data, { ...call, headers: { ...headers, expect: '100-continue' } })).status).toBe(200)
  })
})

describe('metadata', () => {
  it('may be 8 KiB of text that needs percent signs throughout', async () => {
    const data = await startData()
    const title = 'é'.repeat(4_000)
    const request = data.open('PUT', {
      path: '/data/storage/art/a',
      headers: { 'x-meta-title': encodeURIComponent(title), 'content-length': '0' },
    })
    const answer = answerTo(request)
    request.end()
    expect((await answer).json()).toMatchObject({ metadata: { title } })
  })
})
