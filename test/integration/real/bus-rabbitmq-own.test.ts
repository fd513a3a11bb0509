/** What is peculiar to a bus on RabbitMQ, beyond what every bus promises. */
import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openBusRabbitmq } from '../../../src/main/adapters/bus-rabbitmq/bus-rabbitmq'
import { bodies, bytes, never, numbers, text } from '../../conformance/event-bus/stage'
import { describeWith } from '../../support/servers'
import { answerOf, ask, makeVhost, openRabbitmq } from './bus-rabbitmq-harness'

describeWith('rabbitmq', 'bus-rabbitmq', (address) => {
  async function scene({ management = true } = {}) {
    const vhost = await makeVhost(address)
    onTestFinished(() => vhost.remove())
    const { bus } = openRabbitmq(address, vhost.name, { management })
    onTestFinished(() => bus.close())
    await bus.ensureQueue(vhost.name, { name: 'q', type: 'classic' }, never)
    return { bus, vhost: vhost.name }
  }

  it('says what it can do', async () => {
    const common = { ttl: true, deadLetters: true, dedupe: 'consume', ages: false }
    expect((await scene()).bus.supports).toEqual({ ...common, policies: true, lists: true, contents: 'number' })
    const { bus } = await scene({ management: false })
    expect(bus.supports).toEqual({ ...common, policies: false, lists: false, contents: 'waiting' })
    expect(bus.authoritative).toBe(true)
  })

  describe('publishing', () => {
    it('refuses before it is sent what would close the channel for everybody', async () => {
      const { bus } = await scene()
      const refused = [
        [{ headers: { CC: 'other' } }, 'invalid', /CC/],
        [{ headers: { BCC: 'other' } }, 'invalid', /BCC/],
        [{ headers: { [`x${'y'.repeat(255)}`]: '' } }, 'invalid', /255/],
        [{ headers: { a: 'x'.repeat(64 * 1_024) } }, 'too-large', /headers/],
        [{ headers: { a: 'é'.repeat(32 * 1_024) } }, 'too-large', /headers/],
        [{ ttlMs: 2 ** 32 }, 'invalid', /4294967295/],
        [{ contentType: 'x'.repeat(256) }, 'invalid', /content type/],
        [{ idempotencyKey: 'x'.repeat(256) }, 'invalid', /idempotency key/],
      ] as const
      for (const [more, code, message] of refused) {
        const published = bus.publish('', 'q', { body: bytes('refused'), ...more }, never)
        await expect(published).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
      }
      await expect(bus.publish('', 'r'.repeat(256), { body: bytes('refused') }, never)).rejects.toMatchObject({ code: 'invalid' })
      expect(await bus.publish('', 'q', { body: bytes('taken'), headers: { a: 'x'.repeat(60_000) } }, never)).toMatchObject({
        routed: true,
      })
    })

    it('carries as text a history of deaths that cannot be written as tables', async () => {
      const { bus } = await scene()
      const death = { queue: 'q', reason: 'rejected', exchange: '', 'routing-keys': ['q'], count: 1, time: 1 }
      for (const more of [{ other: { '!': 'bogus', value: 1 } }, { other: [{ '!': 'timestamp', value: 'now' }] }, { other: -1e30 }]) {
        const written = JSON.stringify([{ ...death, ...more }])
        const subscription = await bus.consume('q', { prefetch: 1 }, never)
        await bus.publish('', 'q', { body: bytes('odd'), headers: { 'x-death': written } }, never)
        const { value } = await subscription[Symbol.asyncIterator]().next()
        expect(value.headers).toEqual({ 'x-death': written })
        await subscription.settle(value.delivery, 'ack')
        await subscription.close()
      }
    })

    it('tells apart messages of one id that are under way at once', async () => {
      const { bus } = await scene()
      const same = { body: bytes('same'), idempotencyKey: 'same' }
      const outcomes = await Promise.all([
        bus.publish('', 'q', same, never),
        bus.publish('', 'nobody', same, never),
        bus.publish('', 'q', same, never),
        bus.publish('', 'nobody', same, never),
      ])
      expect(outcomes.map(({ routed }) => routed)).toEqual([true, false, true, false])
    })

    it('goes on for others when an exchange is deleted beneath it, and tells those who used it', async () => {
      const { bus, vhost } = await scene()
      await bus.ensureExchange(vhost, { name: 'x', type: 'fanout' }, never)
      await bus.publish('x', '', { body: bytes('before') }, never)
      await ask(address, 'DELETE', `/exchanges/${encodeURIComponent(vhost)}/x`)
      const outcomes = await Promise.allSettled([
        bus.publish('', 'q', { body: bytes('one') }, never),
        bus.publish('x', '', { body: bytes('lost') }, never),
        bus.publish('', 'q', { body: bytes('two') }, never),
      ])
      expect(outcomes[1]).toMatchObject({ status: 'rejected', reason: { code: 'not-found', message: expect.stringContaining('"x"') } })
      for (const other of [outcomes[0], outcomes[2]]) {
        if (other?.status === 'rejected') expect(other.reason).toMatchObject({ code: 'unavailable' })
      }
      await expect(bus.publish('x', '', { body: bytes('lost') }, never)).rejects.toMatchObject({ code: 'not-found' })
      expect(await bus.publish('', 'q', { body: bytes('three') }, never)).toMatchObject({ routed: true })
    })

    it('refuses an internal exchange, which nobody publishes to', async () => {
      const { bus, vhost } = await scene()
      await ask(address, 'PUT', `/exchanges/${encodeURIComponent(vhost)}/inner`, { type: 'fanout', durable: true, internal: true })
      await expect(bus.publish('inner', '', { body: bytes('lost') }, never)).rejects.toMatchObject({ code: 'unauthorized' })
      expect(await bus.publish('', 'q', { body: bytes('kept') }, never)).toMatchObject({ routed: true })
    })

    it('tells of a queue that is full', async () => {
      const { bus, vhost } = await scene()
      const full = { durable: true, arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } }
      await ask(address, 'PUT', `/queues/${encodeURIComponent(vhost)}/full`, full)
      const sent = await Promise.allSettled(numbers(5).map((n) => bus.publish('', 'full', { body: bytes(n) }, never)))
      expect(sent.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
      for (const one of sent) {
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'unavailable', message: expect.stringContaining('full') })
      }
    })

    it('lets go of a publish whose signal aborts, and of nothing else', async () => {
      const { bus } = await scene()
      const controller = new AbortController()
      const reason = new Error('enough')
      const left = Promise.allSettled(numbers(3_000).map((n) => bus.publish('', 'q', { body: bytes(n) }, controller.signal)))
      const stays = bus.publish('', 'q', { body: bytes('stays') }, never)
      controller.abort(reason)
      for (const one of await left) if (one.status === 'rejected') expect(one.reason).toBe(reason)
      expect(await stays).toMatchObject({ routed: true })
    })
  })

  describe('vhosts', () => {
    it('makes a vhost that is missing with the first thing in it, and tells before that it is not there', async () => {
      const name = `thatdam test ${randomUUID()}`
      const { bus } = openRabbitmq(address, name, { management: true })
      onTestFinished(async () => {
        await bus.close()
        await ask(address, 'DELETE', `/vhosts/${encodeURIComponent(name)}`)
      })
      expect(await bus.describe(name, { exchanges: [], queues: [] }, never)).toEqual({
        exchanges: [],
        queues: [],
        bindings: [],
        vhostAbsent: true,
      })
      expect(await bus.contents(name, 'q', {}, never)).toEqual({ count: 0, bytes: 0 })
      expect(await bus.examine(never)).toContainEqual(expect.objectContaining({ name: 'vhost' }))
      await Promise.all(numbers(3).map((n) => bus.ensureQueue(name, { name: n, type: 'classic' }, never)))
      await bus.publish('', '0', { body: bytes('x') }, never)
      expect((await bus.describe(name, { exchanges: [], queues: [] }, never)).queues).toHaveLength(3)
    })

    it('takes what is to be removed from a vhost that is not there for gone, where it can see that', async () => {
      const name = `thatdam test ${randomUUID()}`
      const { bus } = openRabbitmq(address, name, { management: true })
      onTestFinished(() => bus.close())
      await bus.removeBinding(name, { exchange: 'x', queue: 'q', key: '' }, never)
      await bus.removeQueue(name, 'q', { contents: false }, never)
      await bus.removeQueuePolicy(name, 'q', never)
      await bus.removeExchange(name, 'x', never)
      expect(await ask(address, 'GET', `/vhosts/${encodeURIComponent(name)}`)).toMatchObject({ error: 'Object Not Found' })
      const blind = openRabbitmq(address, name, { management: false }).bus
      onTestFinished(() => blind.close())
      await expect(blind.removeExchange(name, 'x', never)).rejects.toMatchObject({
        code: 'not-found',
        message: expect.stringContaining(name),
      })
    })

    it('follows the vhost it is told, in the middle of work', async () => {
      const [one, other] = [await makeVhost(address), await makeVhost(address)]
      let vhost = one.name
      const bus = openBusRabbitmq({
        url: address.url,
        vhost: () => vhost,
        deadlineMs: 2_000,
        dedupe: { windowMs: 1_000, keysPerQueue: 10 },
        now: Date.now,
        uuid: randomUUID,
      })
      onTestFinished(async () => {
        await bus.close()
        await Promise.all([one.remove(), other.remove()])
      })
      for (const at of [one.name, other.name]) await bus.ensureQueue(at, { name: 'q', type: 'classic' }, never)
      const first = Promise.all(numbers(20).map((n) => bus.publish('', 'q', { body: bytes(n) }, never)))
      const subscription = await bus.consume('q', { prefetch: 1 }, never)
      vhost = other.name
      const second = Promise.all(numbers(30).map((n) => bus.publish('', 'q', { body: bytes(n) }, never)))
      await Promise.all([first, second])
      expect(await bus.contents(other.name, 'q', {}, never)).toMatchObject({ count: 30 })
      const stream = subscription[Symbol.asyncIterator]()
      expect(text((await stream.next()).value.body)).toBe('0')
      await subscription.close()
      expect(await bus.contents(one.name, 'q', {}, never)).toMatchObject({ count: 20 })
    })
  })

  describe('queues', () => {
    it.each(['', 'amq.mine'])('refuses the exchange name %j, which RabbitMQ keeps for itself', async (name) => {
      const { bus, vhost } = await scene()
      const made = bus.ensureExchange(vhost, { name, type: 'topic' }, never)
      await expect(made).rejects.toMatchObject({ code: expect.stringMatching(/^(invalid|unauthorized|incompatible)$/) })
    })

    it('refuses a name with a line end, of which RabbitMQ would make another', async () => {
      const { bus, vhost } = await scene()
      for (const made of [
        bus.ensureQueue(vhost, { name: 'q\n', type: 'classic' }, never),
        bus.ensureExchange(vhost, { name: 'x\r', type: 'topic' }, never),
        bus.consume('q\n', { prefetch: 1 }, never),
        bus.removeQueue(vhost, 'q\n', { contents: true }, never),
      ]) {
        await expect(made).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('line end') })
      }
    })

    it('refuses a TTL that RabbitMQ cannot keep', async () => {
      const { bus, vhost } = await scene()
      const policy = bus.ensureQueuePolicy(vhost, 'q', { ttl: 5_000_000, dlx: null }, never)
      await expect(policy).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('4294967') })
    })

    it('carries messages through a quorum queue', async () => {
      const { bus, vhost } = await scene()
      await bus.ensureQueue(vhost, { name: 'quorum', type: 'quorum' }, never)
      for (const n of numbers(20)) await bus.publish('', 'quorum', { body: bytes(n) }, never)
      const subscription = await bus.consume('quorum', { prefetch: 30 }, never)
      const found: string[] = []
      for await (const delivery of subscription) {
        found.push(...bodies([delivery]))
        await subscription.settle(delivery.delivery, 'ack')
        if (found.length === 20) break
      }
      expect(found).toEqual(numbers(20))
      await bus.removeQueue(vhost, 'quorum', { contents: true }, never)
    })

    it.each([true, false])(
      'removes an empty quorum queue and keeps one that holds something, with the management API: %j',
      async (management) => {
        const { bus, vhost } = await scene({ management })
        for (const name of ['empty', 'full']) await bus.ensureQueue(vhost, { name, type: 'quorum' }, never)
        await bus.publish('', 'full', { body: bytes('x') }, never)
        await bus.removeQueue(vhost, 'empty', { contents: false }, never)
        await expect(bus.removeQueue(vhost, 'full', { contents: false }, never)).rejects.toMatchObject({ code: 'precondition-failed' })
        const { body } = await answerOf(address, 'GET', `/queues/${encodeURIComponent(vhost)}?disable_stats=true`, undefined)
        expect(body).toMatchObject([{ name: 'full' }, { name: 'q' }])
      },
    )

    it('refuses to remove a queue with consumers where it cannot see what they have in hand', async () => {
      const { bus, vhost } = await scene({ management: false })
      const subscription = await bus.consume('q', { prefetch: 1 }, never)
      await expect(bus.removeQueue(vhost, 'q', { contents: false }, never)).rejects.toMatchObject({
        code: 'precondition-failed',
        message: expect.stringContaining('consumers (1)'),
      })
      await subscription.close()
      await bus.removeQueue(vhost, 'q', { contents: false }, never)
    })
  })

  it('needs no more than the rights that the documentation names', async () => {
    const vhost = await makeVhost(address)
    const user = `thatdam-${randomUUID()}`
    await ask(address, 'PUT', `/users/${user}`, { password: 'p', tags: 'policymaker' })
    const rights = { configure: '.*', write: '.*', read: '.*' }
    await ask(address, 'PUT', `/permissions/${encodeURIComponent(vhost.name)}/${user}`, rights)
    const url = address.url.replace(/\/\/.*@/, `//${user}:p@`)
    const managementUrl = (address.managementUrl ?? '').replace(/\/\/(.*@)?/, `//${user}:p@`)
    const bus = openBusRabbitmq({
      url,
      managementUrl,
      vhost: () => vhost.name,
      deadlineMs: 5_000,
      dedupe: { windowMs: 1_000, keysPerQueue: 10 },
      now: Date.now,
      uuid: randomUUID,
    })
    onTestFinished(async () => {
      await bus.close()
      await ask(address, 'DELETE', `/users/${user}`)
      await vhost.remove()
    })
    await bus.ensureQueue(vhost.name, { name: 'q', type: 'classic' }, never)
    await bus.ensureQueuePolicy(vhost.name, 'q', { ttl: 60, dlx: null }, never)
    const { queues } = await bus.describe(vhost.name, { exchanges: [], queues: [] }, never)
    expect(queues).toEqual([{ name: 'q', type: 'classic', policy: { ttl: 60, dlx: null } }])
    const findings = await bus.examine(never)
    expect(findings.filter(({ ok }) => !ok)).toEqual([])
    expect(findings).toContainEqual(expect.objectContaining({ name: 'management', ok: true }))
    await bus.removeQueue(vhost.name, 'q', { contents: false }, never)
  })

  it('finds all well on a server that is', async () => {
    const { bus } = await scene()
    const findings = await bus.examine(never)
    expect(findings.filter(({ ok }) => !ok)).toEqual([])
    expect(findings.map(({ name }) => name)).toEqual(['login', 'version', 'management', 'alarms', 'clock', 'cluster'])
  })

  it('finds that the clocks differ', async () => {
    const vhost = await makeVhost(address)
    const bus = openBusRabbitmq({
      url: address.url,
      ...(address.managementUrl === undefined ? {} : { managementUrl: address.managementUrl }),
      vhost: () => vhost.name,
      deadlineMs: 2_000,
      dedupe: { windowMs: 1_000, keysPerQueue: 10 },
      now: () => Date.now() - 3_600_000,
      uuid: randomUUID,
    })
    onTestFinished(async () => {
      await bus.close()
      await vhost.remove()
    })
    expect(await bus.examine(never)).toContainEqual(
      expect.objectContaining({ name: 'clock', ok: false, message: expect.stringMatching(/ (359\d|360\d) seconds/) }),
    )
  })
})
