/** Two ways lead to a RabbitMQ, AMQP and the management API: what is said where one of them fails, or lets somebody in who may not do all. */
import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { brokerAt } from '../../../src/main/adapters/bus-rabbitmq/address'
import { openBusRabbitmq } from '../../../src/main/adapters/bus-rabbitmq/bus-rabbitmq'
import { openLines } from '../../../src/main/adapters/bus-rabbitmq/lines'
import { bytes, never } from '../../conformance/event-bus/stage'
import { selfSigned } from '../../support/certificate'
import { proxyTo } from '../../support/proxy'
import { describeWith } from '../../support/servers'
import * as troubled from '../../support/troubled-servers'
import { ask, makeVhost, managementOf } from './bus-rabbitmq-harness'

const nothing = { exchanges: [], queues: [] }

interface Way {
  readonly url?: string
  /** Left out where null. */
  readonly managementUrl?: string | null
  readonly ca?: string
  readonly deadlineMs?: number
}

describeWith('rabbitmq', 'the ways to RabbitMQ', (address) => {
  const managementUrl = managementOf(address)

  function open(
    vhost: string | (() => string),
    { url = address.url, managementUrl: api = managementUrl, ca, deadlineMs = 2_000 }: Way = {},
  ) {
    const bus = openBusRabbitmq({
      url,
      ...(api === null ? {} : { managementUrl: api }),
      ...(ca === undefined ? {} : { ca }),
      vhost: typeof vhost === 'string' ? () => vhost : vhost,
      deadlineMs,
      dedupe: { windowMs: 1_000, keysPerQueue: 10 },
      now: Date.now,
      uuid: randomUUID,
    })
    onTestFinished(() => bus.close())
    return bus
  }

  async function ownVhost(): Promise<string> {
    const { name, remove } = await makeVhost(address)
    onTestFinished(remove)
    return name
  }

  /** Somebody with these tags, and these rights in a vhost; with none where there is no `configure`. */
  async function somebody(vhost: string, tags: string, configure?: string): Promise<(url: string) => string> {
    const name = `thatdam-${randomUUID()}`
    await ask(address, 'PUT', `/users/${name}`, { password: 'p', tags })
    onTestFinished(async () => void (await ask(address, 'DELETE', `/users/${name}`)))
    if (configure !== undefined) {
      await ask(address, 'PUT', `/permissions/${encodeURIComponent(vhost)}/${name}`, { configure, write: '.*', read: '.*' })
    }
    return (url) => url.replace(/\/\/(.*@)?/, `//${name}:p@`)
  }

  it('a look is no look where AMQP is away, however well the management API answers', async () => {
    const vhost = await ownVhost()
    const proxy = await proxyTo(address.url)
    const bus = open(vhost, { url: proxy.through(address.url), deadlineMs: 500 })
    expect(await bus.describe(vhost, nothing, never)).toMatchObject({ queues: [] })

    proxy.blackHole()
    await expect(bus.describe(vhost, nothing, never)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^RabbitMQ at amqp:.* did not answer in time/),
    })
    await proxy.heal()
    await expect.poll(() => bus.describe(vhost, nothing, never).catch(({ code }) => code)).toMatchObject({ queues: [] })

    await proxy.refuse()
    await expect
      .poll(() => bus.describe(vhost, nothing, never).catch((error: Error) => error.message))
      .toMatch(/^RabbitMQ at amqp:.* refused the connection/)
    const findings = await bus.examine(never)
    expect(findings.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['connection'])

    await proxy.heal()
    expect(await bus.describe(vhost, nothing, never)).toMatchObject({ queues: [] })
  })

  it('a look is no look where AMQP does not let the user in, and the variable at fault is named', async () => {
    const vhost = await ownVhost()
    const wrong = address.url.replace(/\/\/.*@/, '//guest:wrong-secret@')
    const own = managementUrl.replace('//', '//guest:guest@')
    for (const api of [managementUrl, own]) {
      const refused = open(vhost, { url: wrong, managementUrl: api }).describe(vhost, nothing, never)
      await expect(refused).rejects.toMatchObject({
        code: 'unauthorized',
        message: expect.stringMatching(/ does not let user "guest" in: correct the user name and password in AMQP_URL/),
      })
    }
    const findings = await open(vhost, { url: wrong }).examine(never)
    expect(findings).toMatchObject([
      { name: 'login', ok: false, advice: expect.stringContaining('AMQP_URL') },
      { name: 'management', ok: false, advice: 'Correct the user name and password in AMQP_URL.' },
    ])
    expect(JSON.stringify(findings)).not.toMatch(/wrong-secret|RABBITMQ_MANAGEMENT_URL/)
  })

  it('credentials of its own that the management API does not know are those of its variable', async () => {
    const vhost = await ownVhost()
    const bus = open(vhost, { managementUrl: managementUrl.replace('//', '//guest:wrong-secret@') })
    await expect(bus.describe(vhost, nothing, never)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(
        /^The management API of RabbitMQ at .* correct the user name and password in RABBITMQ_MANAGEMENT_URL\.$/,
      ),
    })
  })

  it('a vhost that is there and that AMQP does not let the user into is no empty one', async () => {
    const vhost = await ownVhost()
    const as = await somebody(vhost, '')
    await expect(
      open(vhost, { url: as(address.url), managementUrl: managementUrl.replace('//', '//guest:guest@') }).describe(vhost, nothing, never),
    ).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining(`Vhost ${JSON.stringify(vhost)} is there, and RabbitMQ does not let the user of AMQP_URL into it`),
    })
  })

  it.each([
    ['no tag', '', '.*', /Not management user\): give that user the tag policymaker/],
    [
      'no rights in the vhost',
      'policymaker',
      undefined,
      /virtual host\): give that user rights in the vhost \(rabbitmqctl set_permissions\)/,
    ],
  ])('a user with %s is told what is lacking', async (_, tags, configure, message) => {
    const vhost = await ownVhost()
    const as = await somebody(vhost, tags, configure)
    const bus = open(vhost, { managementUrl: as(managementUrl) })
    await expect(bus.describe(vhost, nothing, never)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(message),
    })
  })

  it('a user who may look and not set policies is found before that fails, and is told what is lacking when it does', async () => {
    const vhost = await ownVhost()
    const as = await somebody(vhost, 'management', '.*')
    const bus = open(vhost, { url: as(address.url), managementUrl: as(managementUrl) })
    expect((await bus.examine(never)).filter(({ ok }) => !ok)).toMatchObject([
      {
        name: 'rights',
        message: expect.stringMatching(/the vhosts in which it has rights.* has the tag management\.$/),
        advice: expect.stringContaining('policymaker'),
      },
    ])
    await bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)
    await expect(bus.ensureQueuePolicy(vhost, 'q', { ttl: 60, dlx: null }, never)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('give that user the tag policymaker'),
    })
  })

  it('a user who is no administrator cannot make the vhost, and is told so', async () => {
    const vhost = `thatdam test ${randomUUID()}`
    const as = await somebody(vhost, 'policymaker')
    const bus = open(vhost, { url: as(address.url), managementUrl: as(managementUrl) })
    expect(await bus.describe(vhost, nothing, never)).toMatchObject({ queues: [] })
    await expect(bus.ensureExchange(vhost, { name: 'x', type: 'topic' }, never)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/Not administrator user\): give that user the tag administrator/),
    })
  })

  it('a user who may not configure is told which rights it takes', async () => {
    const vhost = await ownVhost()
    const as = await somebody(vhost, '', '^$')
    const bus = open(vhost, { url: as(address.url), managementUrl: null })
    await expect(bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/refused for user.*configure, write and read \(rabbitmqctl set_permissions\)/),
    })
  })

  it('the plugin is advised only where RabbitMQ itself answers', async () => {
    const vhost = await ownVhost()
    const nobody = await troubled.refuses()
    const without = open(vhost, { managementUrl: nobody.url('http') })
    expect((await without.examine(never)).find(({ name }) => name === 'management')?.advice).toContain('rabbitmq-plugins enable')
    const down = open(vhost, { url: nobody.url('amqp'), managementUrl: nobody.url('http') })
    const advice = (await down.examine(never)).map((one) => one.advice)
    expect(advice).toEqual([expect.stringContaining('Start the server'), expect.stringMatching(/^Start RabbitMQ, or correct/)])
  })

  it('leaves the vhost of before once the profile names another: first what is idle, and a stream when it ends', async () => {
    const [before, after] = [await ownVhost(), await ownVhost()]
    let vhost = before
    const proxy = await proxyTo(address.url)
    const bus = open(() => vhost, { url: proxy.through(address.url) })
    await bus.ensureQueue(before, { name: 'q', type: 'classic' }, never)
    await bus.publish('', 'q', { body: bytes('x') }, never)
    const stream = await bus.consume('q', { prefetch: 1 }, never)
    expect(proxy.open).toBe(3)

    vhost = after
    await bus.describe(after, nothing, never)
    await expect.poll(() => proxy.open).toBe(2)
    const { value } = await stream[Symbol.asyncIterator]().next()
    await stream.settle(value.delivery, 'ack')
    await stream.close()
    await expect.poll(() => proxy.open).toBe(1)
    expect(await bus.publish('', 'q', { body: bytes('x') }, never)).toMatchObject({ routed: false })
  })

  it('a certificate is trusted with the authority that signed it, on both ways, and not without', async () => {
    const vhost = await ownVhost()
    const certificate = selfSigned()
    const [amqp, api] = [await proxyTo(address.url, certificate), await proxyTo(managementUrl, certificate)]
    const secure = {
      url: amqp.through(address.url).replace('amqp:', 'amqps:'),
      managementUrl: api.through(managementUrl).replace('http:', 'https:'),
    }
    const bus = open(vhost, { ...secure, ca: certificate.cert })
    await bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)
    expect(await bus.publish('', 'q', { body: bytes('x') }, never)).toMatchObject({ routed: true })
    expect(await bus.describe(vhost, nothing, never)).toMatchObject({ queues: [{ name: 'q' }] })
    expect((await bus.examine(never)).filter(({ ok }) => !ok)).toEqual([])

    const unwell = await open(vhost, { ...secure, ca: selfSigned().cert }).examine(never)
    expect(unwell).toMatchObject([
      {
        name: 'connection',
        ok: false,
        message: expect.stringContaining('is not trusted'),
        advice: expect.stringContaining('(AMQP_CA_FILE)'),
      },
      {
        name: 'management',
        ok: false,
        message: expect.stringContaining('is not trusted'),
        advice: expect.stringContaining('(AMQP_CA_FILE)'),
      },
    ])
  })

  it('what answers AMQP a byte at a time is given up, and its connection ended', async () => {
    const drip = await troubled.dripsAmqp({ everyMs: 20 })
    const bus = open('/', { url: drip.url('amqp'), managementUrl: null, deadlineMs: 200 })
    await expect(bus.ensureQueue('/', { name: 'q', type: 'classic' }, never)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('did not answer in time'),
    })
    await drip.allClosed()
  })

  it('a line is its user’s from the moment it is handed out, whichever vhost is spoken to meanwhile, and is closed once nobody has it', async () => {
    const [vhost, other] = [await ownVhost(), await ownVhost()]
    const lines = openLines(brokerAt(address.url), 5_000)
    onTestFinished(() => lines.close())
    const first = await lines.to(vhost, never)
    first.release()
    const again = lines.to(vhost, never)
    lines.keep(other)
    const line = await again
    await line.openChannel()
    expect(line).toBe(first)
    line.release()
    await expect.poll(() => lines.open()).toEqual([])

    const leaving = new AbortController()
    const left = lines.to(vhost, leaving.signal)
    const reason = new Error('no longer wanted')
    leaving.abort(reason)
    await expect(left).rejects.toBe(reason)
    const stays = await lines.to(other, never)
    await expect.poll(() => lines.open()).toEqual([stays])
    stays.release()
  })
})
