import type { Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { httpTo } from '../../../../../src/main/adapters/net/http'
import { live } from '../../../../conformance/vector-index/harness'
import { type Loopback, listen } from '../../../../support/loopback'
import * as troubled from '../../../../support/troubled-servers'

function open(server: Loopback, deadlineMs: number) {
  const url = server.url('http')
  const place = { server: 'Weaviate', address: url }
  const http = httpTo({ url, place, headers: {}, deadlineMs, maxSockets: 32, longestAnswer: 1_000_000 })
  onTestFinished(() => http.close(closed))
  return http
}

const closed = Object.assign(new Error('it was closed'), { code: 'ECONNABORTED' })

async function served(accept: (socket: Socket) => void): Promise<Loopback> {
  const server = await listen(accept)
  onTestFinished(() => server.close())
  return server
}

it('a call that still waits for a connection is ended by its signal all the same, and by a close', async () => {
  const silent = await troubled.neverAnswers()
  const http = open(silent, 60_000)
  const stop = new AbortController()
  const others = Array.from({ length: 40 }, () => http.send('GET', '/x', undefined, 'data', live).catch((error: unknown) => error))
  const waiting = http.send('GET', '/x', undefined, 'data', stop.signal).catch((error: unknown) => error)
  const reason = new Error('no longer wanted')
  stop.abort(reason)
  expect(await waiting).toBe(reason)
  http.close(closed)
  for (const other of others) expect(await other).toMatchObject({ code: 'ECONNABORTED' })
  await silent.allClosed()
})

it('a long body that a slow server goes on taking is progress, however long that takes', async () => {
  const bytes = 24 * 1024 * 1024
  const slow = await served((socket) => {
    let taken = 0
    // What fits into the buffers on the way is less than what is taken slowly.
    const timer = setInterval(() => socket.resume(), 10)
    socket.on('close', () => clearInterval(timer))
    socket.on('data', (piece: Buffer) => {
      taken += piece.byteLength
      if (taken < bytes / 2) socket.pause()
      else clearInterval(timer)
      if (taken > bytes) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
    })
  })
  expect(await open(slow, 700).send('POST', '/x', 'x'.repeat(bytes), 'data', live)).toMatchObject({ status: 200, text: '{}' })
})

it('an answer that comes a byte at a time is waited for where data are moved, and given up where a server is looked at', async () => {
  const patient = await troubled.drips({ everyMs: 20, count: 50 })
  expect(await open(patient, 100).send('GET', '/x', undefined, 'data', live)).toMatchObject({ status: 200, text: `${' '.repeat(50)}{}` })
  const endless = await troubled.drips({ everyMs: 20 })
  await expect(open(endless, 100).send('GET', '/x', undefined, 'control', live)).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  await endless.allClosed()
})

it('a long answer to a look is no drip, however many deadlines it takes', async () => {
  const pieces = 40
  const busy = await served((socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${pieces * 16_384}\r\n\r\n`)
      let left = pieces
      const timer = setInterval(() => (left-- > 0 ? socket.write('x'.repeat(16_384)) : clearInterval(timer)), 20)
      socket.on('close', () => clearInterval(timer))
    })
  })
  const { text } = await open(busy, 100).send('GET', '/x', undefined, 'control', live)
  expect(text.length).toBe(pieces * 16_384)
})

it('what has arrived while this process was busy is no silence', async () => {
  const server = await troubled.answersJson()
  const http = open(server, 100)
  const answer = http.send('GET', '/x', undefined, 'data', live)
  await new Promise<void>((resolve) => setTimeout(resolve, 0))
  const until = performance.now() + 300
  while (performance.now() < until);
  expect(await answer).toMatchObject({ status: 200 })
})

it('a switch to another protocol, which nobody asked for, is an answer', async () => {
  const odd = await served((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'))
  })
  expect(await open(odd, 60_000).send('GET', '/x', undefined, 'data', live)).toMatchObject({ status: 101, text: '' })
  await odd.allClosed()
})

it('an answer that goes on beyond what is expected is given up, and it is said whose it is', async () => {
  const endless = await served((socket) => {
    socket.on('error', () => {})
    const more = () => void (socket.destroyed || socket.write('x'.repeat(10_000), more))
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n', more))
  })
  await expect(open(endless, 60_000).send('GET', '/x', undefined, 'data', live)).rejects.toMatchObject({
    code: 'unavailable',
    message: `An answer of Weaviate at ${endless.url('http')} went on beyond 1000000 bytes.`,
  })
  await endless.allClosed()
})
