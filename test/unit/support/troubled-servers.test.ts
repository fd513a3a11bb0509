import { once } from 'node:events'
import { connect } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { describe, expect, it } from 'vitest'
import * as troubled from '../../support/troubled-servers'

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

/** All that comes on a connection until the server closes it. */
async function told(port: number, ask?: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  let text = ''
  socket.on('data', (piece) => {
    text += piece
  })
  if (ask !== undefined) socket.write(ask)
  await once(socket, 'close')
  return text
}

describe('a stand-in for a server in trouble', () => {
  it('refuses', async () => {
    const { port } = await troubled.refuses()
    await expect(told(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('takes a connection and never answers, and sees it end', async () => {
    const server = await troubled.neverAnswers()
    const socket = connect(server.port, '127.0.0.1')
    socket.write('anybody there?')
    await expect.poll(() => server.open).toBe(1)
    socket.destroy()
    await server.allClosed()
    expect([server.connections, server.open]).toEqual([1, 0])
  })

  it('closes at once, or when it is asked', async () => {
    const first = await troubled.closesAtOnce()
    expect(await told(first.port)).toBe('')
    const second = await troubled.closesWhenAsked()
    expect(await told(second.port, 'hello?')).toBe('')
  })

  it('answers bytes of no protocol', async () => {
    const { port } = await troubled.answersGarbage()
    const socket = connect(port, '127.0.0.1')
    socket.write(get)
    const [bytes] = await once(socket, 'data')
    expect(bytes[0]).toBe(0x15)
    socket.destroy()
  })

  it('answers every request of a connection by HTTP', async () => {
    const unavailable = await fetch((await troubled.answers503()).url('http'), { method: 'PUT', body: 'x'.repeat(100_000) })
    expect([unavailable.status, await unavailable.text()]).toEqual([503, 'Service Unavailable\n'])
    const page = await troubled.answersHtml()
    for (const path of ['/', '/again']) {
      const answer = await fetch(page.url('http') + path)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
      expect(await answer.text()).toContain('It works!')
    }
    expect((await fetch(page.url('http'), { method: 'HEAD' })).status).toBe(200)
    expect(await (await fetch((await troubled.answersJson()).url('http'))).json()).toEqual({ hello: 'world' })
  })

  it('stops in the middle of a body', async () => {
    const { port } = await troubled.answersHttp({ status: 200, body: '0123456789', stallAfter: 4 })
    const socket = connect(port, '127.0.0.1').setEncoding('latin1')
    socket.write(get)
    const [text] = await once(socket, 'data')
    expect(text).toMatch(/Content-Length: 10\r\n\r\n0123$/)
    socket.destroy()
  })

  const handshake = async (port: number, options: ConnectionOptions) => {
    const socket = connectTls({ port, host: '127.0.0.1', ...options })
    await once(socket, 'secureConnect')
    socket.destroy()
  }

  it('has a certificate that only its own authority makes good', async () => {
    const { port, certificate } = await troubled.speaksTls()
    await expect(handshake(port, {})).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    await handshake(port, { ca: certificate.cert })
    await handshake(port, { ca: certificate.cert, servername: 'localhost' })
  })

  it('has a certificate for another host, or of another time', async () => {
    const other = await troubled.speaksTls({ name: 'elsewhere.example', address: false })
    await expect(handshake(other.port, { ca: other.certificate.cert })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    const old = await troubled.speaksTls({ to: new Date('2020-01-01'), from: new Date('2019-01-01') })
    await expect(handshake(old.port, { ca: old.certificate.cert })).rejects.toMatchObject({ code: 'CERT_HAS_EXPIRED' })
  })
})
