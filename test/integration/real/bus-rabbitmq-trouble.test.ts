/** What a person who made a mistake, or whose server is in trouble, is told; and that a call ends in time. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openBusRabbitmq } from '../../../src/main/adapters/bus-rabbitmq/bus-rabbitmq'
import { bytes, never } from '../../conformance/event-bus/stage'
import { proxyTo } from '../../support/proxy'
import { describeWith } from '../../support/servers'
import * as troubled from '../../support/troubled-servers'
import { makeVhost, openRabbitmq } from './bus-rabbitmq-harness'

type Bus = ReturnType<typeof openBusRabbitmq>

const deadlineMs = 400

function busAt(url: string, more: { managementUrl?: string; vhost?: string } = {}): Bus {
  const { vhost = '/', ...rest } = more
  const bus = openBusRabbitmq({
    url,
    vhost: () => vhost,
    deadlineMs,
    dedupe: { windowMs: 1_000, keysPerQueue: 10 },
    now: Date.now,
    uuid: () => crypto.randomUUID(),
    ...rest,
  })
  onTestFinished(() => bus.close())
  return bus
}

/** Every way to speak AMQP fails the same. */
async function refusals(bus: Bus) {
  const found = await Promise.allSettled([
    bus.publish('', 'q', { body: bytes('lost') }, never),
    bus.consume('q', { prefetch: 1 }, never),
    bus.ensureQueue('/', { name: 'q', type: 'classic' }, never),
    bus.removeQueue('/', 'q', { contents: true }, never),
  ])
  return found.map((one) => (one.status === 'rejected' ? one.reason : one.value))
}

const unavailable = (message: RegExp) => ({ name: 'PortError', code: 'unavailable', message: expect.stringMatching(message) })

describe('bus-rabbitmq where something else is', () => {
  it.each([
    ['nothing listens', () => troubled.refuses(), 'amqp', /refused the connection/],
    ['nothing is ever answered', () => troubled.neverAnswers(), 'amqp', /did not answer in time/],
    ['connections are closed at once', () => troubled.closesAtOnce(), 'amqp', /port.*TLS|closed the connection/],
    ['connections are closed when something is asked', () => troubled.closesWhenAsked(), 'amqp', /port.*TLS|closed the connection/],
    ['a web server is', () => troubled.answersHtml(), 'amqp', /does not speak AMQP|did not answer|ended the connection/],
    ['garbage is answered', () => troubled.answersGarbage(), 'amqp', /does not speak AMQP/],
    ['TLS is spoken and was not expected', () => troubled.speaksTls(), 'amqp', /ended the connection at once|does not speak AMQP/],
    ['TLS is expected and was not spoken', () => troubled.answersGarbage(), 'amqps', /spoken to with TLS/],
    ['the certificate is not trusted', () => troubled.speaksTls(), 'amqps', /certificate.*not trusted/],
  ] as const)('says so where %s, on every call and without credentials', async (_, open, scheme, message) => {
    const { url } = await open()
    const bus = busAt(url(scheme).replace('://', '://guest:top-secret@'))
    const found = await refusals(bus)
    for (const one of found) {
      expect(one).toMatchObject(unavailable(message))
      expect(one.message).not.toContain('top-secret')
    }
    const findings = await bus.examine(never)
    expect(findings[0]).toMatchObject({ name: 'connection', ok: false, advice: expect.stringContaining('AMQP_URL') })
    expect(JSON.stringify(findings)).not.toContain('top-secret')
  })

  it('says that the name of the host is not known', async () => {
    const bus = busAt(`amqp://${troubled.unknownHost}`)
    for (const one of await refusals(bus)) expect(one).toMatchObject(unavailable(/cannot be resolved/))
  })

  it.each(['not a url', 'http://host', 'amqp://', 'amqp:///vhost'])('refuses %j at once as no address', (url) => {
    expect(() => busAt(url)).toThrow(expect.objectContaining({ code: 'invalid', message: expect.stringContaining('AMQP_URL') }))
  })

  it.each([
    ['AMQP_URL', { url: 'amqp://dam:100%secret@host' }],
    ['AMQP_URL', { url: 'amqp://host/50%' }],
    ['RABBITMQ_MANAGEMENT_URL', { url: 'amqp://host', managementUrl: 'http://dam:100%secret@host' }],
  ])('says how a percent sign is written in %s, and not what follows it', (variable, { url, ...more }) => {
    const message = expect.stringMatching(new RegExp(`^${variable} .*%25`))
    expect(() => busAt(url, more)).toThrow(expect.objectContaining({ name: 'PortError', code: 'invalid', message }))
    expect(() => busAt(url, more)).not.toThrow(/secret/)
  })

  it('gives up a connection that is being opened when the signal aborts', async () => {
    const { url } = await troubled.neverAnswers()
    const bus = busAt(url('amqp'))
    const reason = new Error('enough')
    const controller = new AbortController()
    const calls = [
      bus.publish('', 'q', { body: bytes('lost') }, controller.signal),
      bus.consume('q', { prefetch: 1 }, controller.signal),
      bus.ensureQueue('/', { name: 'q', type: 'classic' }, controller.signal),
      bus.examine(controller.signal),
    ]
    const refused = Promise.all(calls.map((call) => expect(call).rejects.toBe(reason)))
    controller.abort(reason)
    await refused
  })

  it('leaves no connection open', async () => {
    const server = await troubled.neverAnswers()
    const bus = busAt(server.url('amqp'))
    const lost = refusals(bus)
    await bus.close()
    await lost
    await server.allClosed()
    expect(server.open).toBe(0)
  })
})

describeWith('rabbitmq', 'bus-rabbitmq in trouble', (address) => {
  const at = new URL(address.url)

  it('says that the password is wrong', async () => {
    const bus = busAt(`amqp://${at.username}:wrong-secret@${at.host}`)
    for (const one of await refusals(bus)) {
      expect(one).toMatchObject({ code: 'unauthorized', message: expect.stringContaining(at.username) })
      expect(one.message).not.toContain('wrong-secret')
    }
    expect(await bus.examine(never)).toMatchObject([{ name: 'login', ok: false }, { name: 'management' }])
  })

  it('says that the vhost is not there, and what to do', async () => {
    const bus = busAt(address.url, { vhost: 'no such vhost' })
    const consumed = bus.consume('q', { prefetch: 1 }, never)
    await expect(consumed).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/"no such vhost".*RABBITMQ_MANAGEMENT_URL/),
    })
    expect(await bus.examine(never)).toMatchObject([{ name: 'vhost', ok: false }, { name: 'management' }])
  })

  it('refuses a vhost in the address that is another than the one of the profile, and names both', async () => {
    const bus = busAt(`${address.url}/one`, { vhost: 'two' })
    for (const call of [
      bus.publish('', 'q', { body: bytes('lost') }, never),
      bus.consume('q', { prefetch: 1 }, never),
      bus.ensureQueue('two', { name: 'q', type: 'classic' }, never),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'invalid', message: expect.stringMatching(/"one".*"two"/) })
    }
  })

  it.each([
    ['nothing listens', () => troubled.refuses(), /refused/],
    ['nothing is ever answered', () => troubled.neverAnswers(), /did not answer in time/],
    ['503 is answered', () => troubled.answers503(), /^The management API of RabbitMQ at .* is not ready.*status 503.*try again/],
    [
      'another page is pointed to',
      () => troubled.redirects('https://me:top-secret@mq.studio/?t=top-secret'),
      /redirects to https:\/\/mq.studio\/ \(/,
    ],
    ['nothing of that name is known', () => troubled.answersHttp({ status: 404, body: '<h1>Not Found</h1>' }), /not the management API/],
    [
      'another service knows no such path',
      () => troubled.answersJson({ error: 'no such route' }, 404),
      /not the management API.*\(status 404\)/,
    ],
    ['nothing is known, without a word', () => troubled.answersHttp({ status: 404 }), /not the management API.*\(status 404, not JSON\)/],
    ['the answer comes a byte at a time', () => troubled.drips({ everyMs: 20 }), /did not answer in time/],
    ['the certificate is not trusted', () => troubled.speaksTls(), /^The certificate of the management API of RabbitMQ at/],
    ['a web page is answered', () => troubled.answersHtml(), /not the management API/],
    ['the connection is closed', () => troubled.closesWhenAsked(), /closed the connection/],
    ['another protocol is spoken', () => troubled.answersGarbage(), /does not speak HTTP/],
  ] as const)('says so where at the address of the management API %s', async (_, open, message) => {
    const { url, certificate } = { certificate: undefined, ...(await open()) }
    const scheme = certificate === undefined ? 'http' : 'https'
    const bus = busAt(address.url, { managementUrl: url(scheme).replace('://', '://u:top-secret@') })
    const described = bus.describe('/', { exchanges: [], queues: [] }, never)
    await expect(described).rejects.toMatchObject(unavailable(message))
    const findings = await bus.examine(never)
    const [finding] = findings.filter(({ name }) => name === 'management')
    expect(finding).toMatchObject({
      ok: false,
      message: expect.stringMatching(message),
      advice: expect.stringContaining('RABBITMQ_MANAGEMENT_URL'),
    })
    expect(JSON.stringify(findings)).not.toContain('top-secret')
  })

  it('does not count the time that a question waits for its turn at the management API', async () => {
    const missing = JSON.stringify({ error: 'Object Not Found', reason: 'Not Found' })
    const slow = createServer((_, response) => {
      setTimeout(() => response.writeHead(404).end(missing), deadlineMs / 2)
    })
    slow.listen(0, '127.0.0.1')
    await once(slow, 'listening')
    onTestFinished(() => {
      slow.closeAllConnections()
      slow.close()
    })
    const bus = busAt(address.url, { managementUrl: `http://127.0.0.1:${(slow.address() as AddressInfo).port}` })
    const looks = Array.from({ length: 40 }, (_, n) => bus.contents('/', String(n), {}, never))
    expect(await Promise.all(looks)).toEqual(looks.map(() => ({ count: 0, bytes: 0 })))
  })

  it('lets go at once of a question that waits for its turn when its signal aborts', async () => {
    const { url } = await troubled.neverAnswers()
    const bus = busAt(address.url, { managementUrl: url('http') })
    const others = Array.from({ length: 8 }, (_, n) => bus.contents('/', String(n), {}, never).catch(() => 'another'))
    const controller = new AbortController()
    const left = bus.contents('/', 'left', {}, controller.signal).catch((error: unknown) => error)
    controller.abort('enough')
    expect(await Promise.race([...others, left])).toBe('enough')
    await Promise.all(others)
  })

  it('asks nothing more of the management API once it is closed, also not what waited for its turn', async () => {
    const server = await troubled.neverAnswers()
    const bus = busAt(address.url, { managementUrl: server.url('http') })
    const looks = Array.from({ length: 12 }, (_, n) => bus.contents('/', String(n), {}, never))
    const refused = Promise.all(looks.map((look) => expect(look).rejects.toMatchObject({ code: 'unavailable' })))
    await expect.poll(() => server.connections).toBe(8)
    await bus.close()
    await refused
    await server.allClosed()
    expect(server.connections).toBe(8)
  })

  it('says that the management API answers in a form that is not known', async () => {
    const { url } = await troubled.answersJson({ hello: 'world' })
    const bus = busAt(address.url, { managementUrl: url('http') })
    await expect(bus.describe('/', { exchanges: [], queues: [] }, never)).rejects.toMatchObject({ code: 'internal' })
  })

  it('closes without waiting for a deadline while something is being opened', async () => {
    const vhost = await makeVhost(address)
    const proxy = await proxyTo(address.url)
    const far = { url: proxy.through(address.url), deadlineMs: 600_000 }
    const { bus } = openRabbitmq(address, vhost.name, { management: true }, far)
    const calls = Promise.allSettled([
      bus.consume('q', { prefetch: 1 }, never),
      bus.publish('', 'q', { body: bytes('x') }, never),
      bus.ensureQueue(vhost.name, { name: 'q', type: 'classic' }, never),
    ])
    await bus.close()
    await calls
    await proxy.allClosed()
    expect(proxy.open).toBe(0)
    await vhost.remove()
  })

  describe('through a network', () => {
    async function scene() {
      const vhost = await makeVhost(address)
      onTestFinished(() => vhost.remove())
      const proxy = await proxyTo(address.url)
      const { bus } = openRabbitmq(address, vhost.name, { management: false }, { url: proxy.through(address.url), deadlineMs: 1_000 })
      onTestFinished(() => bus.close())
      await bus.ensureQueue(vhost.name, { name: 'q', type: 'classic' }, never)
      await bus.publish('', 'q', { body: bytes('first') }, never)
      return { bus, proxy, vhost: vhost.name }
    }

    it.each(['cut', 'reset'] as const)('ends what is open when the network is %s, and goes on with the next call', async (how) => {
      const { bus, proxy, vhost } = await scene()
      const stream = (await bus.consume('q', { prefetch: 10 }, never))[Symbol.asyncIterator]()
      expect(await stream.next()).toMatchObject({ done: false })
      const waiting = stream.next()
      const refused = expect(waiting).rejects.toMatchObject({ code: 'unavailable' })
      proxy[how]()
      await refused
      expect(await stream.next()).toMatchObject({ done: true })
      // Each connection hears of the cut for itself, and a call that comes before that is lost with it.
      await vi.waitFor(() => bus.publish('', 'q', { body: bytes('second') }, never))
      await vi.waitFor(() => bus.ensureQueue(vhost, { name: 'other', type: 'classic' }, never))
      const again = (await bus.consume('q', { prefetch: 10 }, never))[Symbol.asyncIterator]()
      expect(await again.next()).toMatchObject({ value: { redelivered: true } })
    })

    it('is unavailable, in time, on a connection over which nothing moves any more', async () => {
      const { bus, proxy, vhost } = await scene()
      const { value } = await (await bus.consume('q', { prefetch: 10 }, never))[Symbol.asyncIterator]().next()
      expect(value).toBeDefined()
      proxy.blackHole()
      const calls = await Promise.allSettled([
        bus.publish('', 'q', { body: bytes('lost') }, never),
        bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never),
        bus.consume('q', { prefetch: 10 }, never),
      ])
      expect(calls).toMatchObject(calls.map(() => ({ status: 'rejected', reason: unavailable(/did not answer in time/) })))
      await proxy.heal()
      expect(await bus.publish('', 'q', { body: bytes('second') }, never)).toMatchObject({ routed: true })
    })

    it('tells of each publish that was under way when the connection broke that it may be lost', async () => {
      const { bus, proxy } = await scene()
      proxy.cutAfter('to-server', 10_000)
      const sent = await Promise.allSettled(Array.from({ length: 300 }, () => bus.publish('', 'q', { body: new Uint8Array(100) }, never)))
      const failed = sent.filter(({ status }) => status === 'rejected')
      expect(failed.length).toBeGreaterThan(0)
      expect(failed).toMatchObject(failed.map(() => ({ reason: { code: 'unavailable' } })))
    })

    it('waits for a large message that moves slowly', async () => {
      const { bus, proxy } = await scene()
      proxy.limit(6_000_000)
      expect(await bus.publish('', 'q', { body: new Uint8Array(16 * 1024 * 1024) }, never)).toMatchObject({ routed: true })
    })

    it('leaves no connection open after close', async () => {
      const { bus, proxy } = await scene()
      await bus.consume('q', { prefetch: 10 }, never)
      expect(proxy.open).toBe(3)
      await bus.close()
      await bus.close()
      await proxy.allClosed()
      expect(proxy.open).toBe(0)
    })
  })

  it('ends a stream whose whole vhost is deleted beneath it', async () => {
    const vhost = await makeVhost(address)
    const { bus } = openRabbitmq(address, vhost.name, { management: true })
    onTestFinished(() => bus.close())
    await bus.ensureQueue(vhost.name, { name: 'q', type: 'classic' }, never)
    const stream = (await bus.consume('q', { prefetch: 1 }, never))[Symbol.asyncIterator]()
    const refused = expect(stream.next()).rejects.toMatchObject({ code: expect.stringMatching(/^(not-found|unavailable)$/) })
    await vhost.remove()
    await refused
    const absent = { exchanges: [], queues: [], bindings: [], vhostAbsent: true }
    expect(await bus.describe(vhost.name, { exchanges: [], queues: [] }, never)).toEqual(absent)
  })
})
