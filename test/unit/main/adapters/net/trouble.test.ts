/** What the network does to a call, in words: from real sockets where there is one to be had. */
import { createServer as createHttpServer, get } from 'node:http'
import { get as getSecurely } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { networkError, timedOut, troubleOf } from '../../../../../src/main/adapters/net/trouble'
import { selfSigned } from '../../../../support/certificate'

const place = { server: 'MinIO', address: 'http://minio:9000' }

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return (server.address() as AddressInfo).port
}

function failure(call: typeof get, url: string): Promise<Error> {
  return new Promise((resolve, reject) => {
    call(url, () => reject(new Error('this was to fail'))).on('error', resolve)
  })
}

describe('a call that meets', () => {
  it('a closed port says that nothing listens there', async () => {
    const port = await listen(createServer())
    const closed = createServer()
    const free = await listen(closed)
    await new Promise<void>((resolve) => closed.close(() => resolve()))
    expect(free).not.toBe(port)
    expect(troubleOf(await failure(get, `http://127.0.0.1:${free}`), place)).toMatchObject({
      code: 'unavailable',
      message: 'MinIO at http://minio:9000 refused the connection: nothing listens there.',
    })
  })

  it('a host of several addresses that all refuse says the same', () => {
    const one = (port: number) => Object.assign(new Error(`connect ECONNREFUSED ${port}`), { code: 'ECONNREFUSED' })
    const error = new TypeError('fetch failed', { cause: new AggregateError([one(1), one(2)]) })
    expect(networkError(error, place)).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('nothing listens there'),
      cause: error,
    })
  })

  it('a name that nobody knows names it', async () => {
    const error = await failure(get, 'http://nobody.invalid')
    expect(troubleOf(error, place)?.message).toMatch(/^The name of MinIO at http:\/\/minio:9000 cannot be resolved \(E[A-Z_]+\)/)
  })

  it('a server that hangs up says so', async () => {
    const port = await listen(createServer((socket) => socket.on('data', () => socket.destroy())))
    expect(troubleOf(await failure(get, `http://127.0.0.1:${port}`), place)?.message).toContain(
      'closed the connection in the middle of a call',
    )
  })

  it('a server that speaks something else says that it is not HTTP', async () => {
    const port = await listen(createServer((socket) => socket.resume().end('AMQP\0\0\x09\x01')))
    expect(troubleOf(await failure(get, `http://127.0.0.1:${port}`), place)?.message).toContain('does not speak HTTP, so it is not MinIO')
  })

  it('plain HTTP where TLS was meant says how to write the address', async () => {
    const port = await listen(createHttpServer((_request, response) => response.end()))
    const trouble = troubleOf(await failure(getSecurely, `https://127.0.0.1:${port}`), place)
    expect(trouble).toMatchObject({
      message: expect.stringContaining('did not answer with it'),
      advice: expect.stringContaining('without the s'),
    })
  })

  it.each([
    ['takes other versions of TLS', { minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' }],
    ['wants a certificate of its clients', { requestCert: true, rejectUnauthorized: true }, {}],
  ] as const)('a server that %s says that TLS failed, and not that there is none', async (_, theirs, ours) => {
    const port = await listen(createTlsServer({ ...selfSigned(), ...theirs }))
    const call = ((url: string) => getSecurely(url, { ...ours, rejectUnauthorized: false })) as unknown as typeof get
    expect(troubleOf(await failure(call, `https://127.0.0.1:${port}`), place)).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^TLS with MinIO at http:\/\/minio:9000 failed \((EPROTO|ERR_SSL_\w+)\)/),
    })
  })

  it.each([
    ['a firewall that forbids the call', 'connect', 'EPERM', 'cannot be reached (EPERM)'],
    ['no room for one more connection', 'connect', 'EMFILE', 'cannot be reached (EMFILE)'],
    ['a resolver in trouble', 'getaddrinfo', 'EAI_FAIL', 'cannot be resolved (EAI_FAIL)'],
  ])('%s is told with the code of the system', (_, syscall, code, words) => {
    const error = Object.assign(new Error(`${syscall} ${code}`), { syscall, code })
    expect(troubleOf(error, place)).toMatchObject({ code: 'unavailable', message: expect.stringContaining(words) })
  })

  it('a deadline without progress says that it did not answer in time', () => {
    expect(troubleOf(timedOut(2_000), place)?.message).toBe('MinIO at http://minio:9000 did not answer in time.')
  })
})

describe('what is no trouble of the network', () => {
  it.each([
    new Error('something else'),
    Object.assign(new Error('access denied'), { code: 'AccessDenied' }),
    Object.assign(new Error('odd'), { code: 'constructor' }),
    Object.assign(new Error('EACCES: permission denied, open'), { code: 'EACCES', syscall: 'open' }),
    'a text',
    undefined,
  ])('%s is left to the adapter', (error) => {
    expect(troubleOf(error, place)).toBeUndefined()
    expect(networkError(error, place)).toBeUndefined()
  })

  it('is not looked for in circles', () => {
    const one = new Error('one')
    one.cause = new Error('other', { cause: one })
    expect(troubleOf(one, place)).toBeUndefined()
  })
})
