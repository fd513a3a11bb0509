/** What somebody else made at a RabbitMQ is seen as it is and stays as it is. */
import amqp, { type Channel } from 'amqplib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { QueueWish } from '../../../src/main/core/ports/event-bus'
import { bodies, bytes, never, oddNames } from '../../conformance/event-bus/stage'
import { describeWith } from '../../support/servers'
import { ask, makeVhost, openRabbitmq } from './bus-rabbitmq-harness'

describeWith('rabbitmq', 'bus-rabbitmq beside others', (address) => {
  let vhost: string
  let theirs: Channel
  const closing: (() => Promise<unknown>)[] = []
  beforeEach(async () => {
    const made = await makeVhost(address)
    vhost = made.name
    const connection = await amqp.connect(`${address.url}/${encodeURIComponent(vhost)}`, { noDelay: true })
    theirs = await connection.createChannel()
    closing.push(made.remove, () => connection.close())
  })
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  function open(management: boolean) {
    const { bus } = openRabbitmq(address, vhost, { management })
    closing.push(() => bus.close())
    return bus
  }

  const theirPolicy = (name: string, body: object) =>
    ask(address, 'PUT', `/policies/${encodeURIComponent(vhost)}/${name}`, { priority: 0, 'apply-to': 'queues', ...body })
  const everything = () => ask(address, 'GET', `/definitions/${encodeURIComponent(vhost)}`) as Promise<Record<string, unknown[]>>

  async function strange(): Promise<void> {
    await theirs.assertExchange('theirs', 'topic', { durable: true })
    await theirs.assertExchange('passing', 'direct', { durable: false })
    await theirs.assertExchange('inner', 'fanout', { durable: true, internal: true })
    await theirs.bindExchange('inner', 'theirs', '#')
    await theirs.assertQueue('plain', { durable: true })
    await theirs.assertQueue('limited', { durable: true, arguments: { 'x-max-length': 10 } })
    await theirs.assertQueue('stream', { durable: true, arguments: { 'x-queue-type': 'stream' } })
    await theirs.assertQueue('passing', { durable: false })
    await theirs.assertQueue('own', { durable: false, exclusive: true })
    await theirs.assertQueue('mortal', { durable: true, arguments: { 'x-message-ttl': 5_000, 'x-dead-letter-exchange': 'theirs' } })
    await theirs.bindQueue('plain', 'theirs', 'a.#')
  }

  it('shows all there is, with whatever makes it another than what this node makes', async () => {
    await strange()
    const none = { ttl: 0, dlx: null }
    expect(await open(true).describe(vhost, { exchanges: [], queues: [] }, never)).toEqual({
      exchanges: [
        { name: 'inner', type: 'fanout, internal' },
        { name: 'passing', type: 'direct, transient' },
        { name: 'theirs', type: 'topic' },
      ],
      queues: [
        { name: 'limited', type: 'classic', policy: none },
        { name: 'mortal', type: 'classic', policy: { ttl: 5, dlx: 'theirs' } },
        { name: 'own', type: 'classic, transient, exclusive', policy: none },
        { name: 'passing', type: 'classic, transient', policy: none },
        { name: 'plain', type: 'classic', policy: none },
        { name: 'stream', type: 'stream', policy: none },
      ],
      bindings: [{ exchange: 'theirs', queue: 'plain', key: 'a.#' }],
    })
  })

  it('learns the same of what it asks about, without the management API', async () => {
    await strange()
    const before = await everything()
    const wish = (name: string, more: Partial<QueueWish> = {}): QueueWish => ({ name, type: 'classic', ...more })
    const state = await open(false).describe(
      vhost,
      {
        exchanges: [
          { name: 'theirs', type: 'fanout' },
          { name: 'passing', type: 'direct' },
          { name: 'absent', type: 'topic' },
        ],
        queues: [
          wish('limited'),
          wish('mortal', { ttl: 60 }),
          wish('own'),
          wish('passing'),
          wish('plain', { type: 'quorum', dlx: 'x' }),
          wish('stream'),
          wish('absent'),
        ],
      },
      never,
    )
    expect(state).toEqual({
      exchanges: [
        { name: 'passing', type: 'direct, durable false' },
        { name: 'theirs', type: 'topic' },
      ],
      queues: [
        { name: 'limited', type: 'classic', policy: { ttl: 0, dlx: null } },
        { name: 'mortal', type: 'classic', policy: { ttl: 5, dlx: 'theirs' } },
        { name: 'own', type: 'classic, exclusive', policy: { ttl: 0, dlx: null } },
        { name: 'passing', type: 'classic, transient', policy: { ttl: 0, dlx: null } },
        { name: 'plain', type: 'classic', policy: { ttl: 0, dlx: null } },
        { name: 'stream', type: 'stream', policy: { ttl: 0, dlx: null } },
      ],
      bindings: [],
      unseenBindings: expect.stringContaining('RABBITMQ_MANAGEMENT_URL'),
      unseenPolicies: expect.stringContaining('RABBITMQ_MANAGEMENT_URL'),
    })
    expect(await everything()).toEqual(before)
  })

  describe.each([true, false])('with the management API: %j', (management) => {
    it('takes for done what somebody else declared so, and changes nothing of it', async () => {
      await strange()
      const before = await everything()
      const bus = open(management)
      await bus.ensureExchange(vhost, { name: 'theirs', type: 'topic' }, never)
      await bus.ensureQueue(vhost, { name: 'plain', type: 'classic' }, never)
      await bus.ensureQueue(vhost, { name: 'limited', type: 'classic' }, never)
      await bus.ensureQueue(vhost, { name: 'mortal', type: 'classic', ttl: 5, dlx: 'theirs' }, never)
      await bus.ensureQueuePolicy(vhost, 'mortal', { ttl: 5, dlx: 'theirs' }, never)
      await bus.ensureBinding(vhost, { exchange: 'theirs', queue: 'plain', key: 'a.#' }, never)
      expect(await everything()).toEqual(before)
    })

    it('takes an exchange with an alternate one for as good as one of ours', async () => {
      await theirs.assertExchange('theirs', 'topic', { durable: true, alternateExchange: 'amq.fanout' })
      const before = await everything()
      const bus = open(management)
      const asked = { exchanges: [{ name: 'theirs', type: 'topic' as const }], queues: [] }
      expect((await bus.describe(vhost, asked, never)).exchanges).toEqual(asked.exchanges)
      await bus.ensureExchange(vhost, { name: 'theirs', type: 'topic' }, never)
      expect(await everything()).toEqual(before)
    })

    it.each([
      ['exchange', 'passing'],
      ['exchange', 'inner'],
      ['queue', 'passing'],
      ['queue', 'own'],
      ['queue', 'stream'],
    ])('refuses an %s of another kind (%s) as incompatible', async (kind, name) => {
      await strange()
      const bus = open(management)
      const made =
        kind === 'exchange'
          ? bus.ensureExchange(vhost, { name, type: name === 'inner' ? 'fanout' : 'direct' }, never)
          : bus.ensureQueue(vhost, { name, type: 'classic' }, never)
      await expect(made).rejects.toMatchObject({ code: 'incompatible', message: expect.stringContaining(name) })
    })
  })

  it('tells a binding by a number from one by the same text, which no message fits that fits the other', async () => {
    const bus = open(true)
    await bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)
    await bus.ensureExchange(vhost, { name: 'h', type: 'headers' }, never)
    await theirs.bindQueue('q', 'h', '', { pages: 5 })
    const wish = { exchange: 'h', queue: 'q', key: '', arguments: { pages: '5' } }
    const look = async () => (await bus.describe(vhost, { exchanges: [], queues: [] }, never)).bindings
    expect(await look()).not.toContainEqual(wish)
    await bus.ensureBinding(vhost, wish, never)
    expect(await look()).toContainEqual(wish)
    expect(await look()).toHaveLength(2)
  })

  it('sets no policy where the arguments of a queue go before it, and says what stands in the way', async () => {
    await strange()
    const bus = open(true)
    const wish = { ttl: 60, dlx: 'other' }
    await expect(bus.ensureQueuePolicy(vhost, 'mortal', wish, never)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringMatching(/"mortal".*x-message-ttl/),
    })
    const asked = { exchanges: [], queues: [{ name: 'mortal', type: 'classic' as const, ...wish }] }
    expect((await bus.describe(vhost, asked, never)).queues).toContainEqual(
      expect.objectContaining({ name: 'mortal', heldBy: expect.any(String) }),
    )
    expect((await everything()).policies).toEqual([])
  })

  it('neither displaces a policy of somebody else nor goes under it', async () => {
    const bus = open(true)
    await bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)
    await theirPolicy('for-all', { pattern: '.*', definition: { 'message-ttl': 9_000, 'max-length': 100 } })
    const before = await everything()
    const look = async () => (await bus.describe(vhost, { exchanges: [], queues: [] }, never)).queues
    expect(await look()).toEqual([{ name: 'q', type: 'classic', policy: { ttl: 9, dlx: null }, heldBy: 'policy "for-all"' }])
    await expect(bus.ensureQueuePolicy(vhost, 'q', { ttl: 60, dlx: null }, never)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringContaining('for-all'),
    })
    await bus.ensureQueuePolicy(vhost, 'q', { ttl: 9, dlx: null }, never)
    await bus.removeQueuePolicy(vhost, 'q', never)
    expect(await everything()).toEqual(before)
  })

  it('shows that a policy of its own is without effect since somebody set one that goes before it', async () => {
    const bus = open(true)
    await bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)
    await bus.ensureQueuePolicy(vhost, 'q', { ttl: 60, dlx: null }, never)
    await theirPolicy('first', { pattern: '^q', priority: 10, definition: { 'max-length': 100 } })
    expect((await bus.describe(vhost, { exchanges: [], queues: [] }, never)).queues).toEqual([
      { name: 'q', type: 'classic', policy: { ttl: 0, dlx: null }, heldBy: 'policy "first"' },
    ])
    await theirPolicy('also', { pattern: '^q', priority: 0, definition: { 'max-length': 50 } })
    await ask(address, 'DELETE', `/policies/${encodeURIComponent(vhost)}/first`)
    expect((await bus.describe(vhost, { exchanges: [], queues: [] }, never)).queues).toEqual([
      { name: 'q', type: 'classic', policy: { ttl: 60, dlx: null } },
    ])
  })

  it('heeds a policy of the operator', async () => {
    const bus = open(true)
    await bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)
    const body = { pattern: '.*', priority: 0, 'apply-to': 'queues', definition: { 'message-ttl': 3_000 } }
    await ask(address, 'PUT', `/operator-policies/${encodeURIComponent(vhost)}/house`, body)
    const asked = { exchanges: [], queues: [{ name: 'q', type: 'classic' as const, ttl: 60 }] }
    expect((await bus.describe(vhost, asked, never)).queues).toEqual([
      { name: 'q', type: 'classic', policy: { ttl: 3, dlx: null }, heldBy: 'operator policy "house"' },
    ])
    await bus.ensureQueuePolicy(vhost, 'q', { ttl: 1, dlx: null }, never)
    expect((await bus.describe(vhost, asked, never)).queues).toMatchObject([{ policy: { ttl: 1 } }])
  })

  it('sets a policy for one queue alone, whatever its name, and takes it away with the queue', async () => {
    const bus = open(true)
    const names = [...oddNames, 'q', 'q.', 'q+', 'Q', 'qq']
    for (const name of names) await bus.ensureQueue(vhost, { name, type: 'classic' }, never)
    for (const [at, name] of names.entries()) await bus.ensureQueuePolicy(vhost, name, { ttl: at + 1, dlx: null }, never)
    const { queues } = await bus.describe(vhost, { exchanges: [], queues: [] }, never)
    expect(new Map(queues.map(({ name, policy }) => [name, policy.ttl]))).toEqual(new Map(names.map((name, at) => [name, at + 1])))
    for (const name of names) await bus.removeQueue(vhost, name, { contents: false }, never)
    expect(await everything()).toMatchObject({ queues: [], policies: [] })
  })

  it('reads messages of other programs: none of our properties, headers of any type', async () => {
    const bus = open(false)
    await bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)
    theirs.publish('', 'q', Buffer.from('bare'))
    const headers = { text: 'a', number: 7, half: 1.5, yes: true, list: [1, 'two'], table: { a: { b: 1 } }, nothing: null }
    theirs.publish('', 'q', Buffer.from('rich'), { headers, messageId: 'id', contentType: 'text/plain' })
    const stream = (await bus.consume('q', { prefetch: 2 }, never))[Symbol.asyncIterator]()
    const [bare, rich] = [(await stream.next()).value, (await stream.next()).value]
    expect(bare).toMatchObject({ idempotencyKey: '', headers: {}, contentType: 'application/octet-stream', redelivered: false })
    expect(rich).toMatchObject({
      idempotencyKey: 'id',
      headers: { text: 'a', number: '7', half: '1.5', yes: 'true', list: '[1,"two"]', table: '{"a":{"b":1}}', nothing: 'null' },
    })
    expect(bodies([bare, rich])).toEqual(['bare', 'rich'])
  })

  it('delivers every message that has no id, however often the like was acknowledged', async () => {
    const bus = open(false)
    await bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)
    for (let n = 0; n < 2; n++) theirs.publish('', 'q', Buffer.from('same'))
    const subscription = await bus.consume('q', { prefetch: 1 }, never)
    const stream = subscription[Symbol.asyncIterator]()
    await subscription.settle((await stream.next()).value.delivery, 'ack')
    expect(bodies([(await stream.next()).value])).toEqual(['same'])
  })

  it('publishes messages that other programs can read', async () => {
    const bus = open(false)
    await bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)
    await bus.publish(
      '',
      'q',
      { body: bytes('x'), headers: { a: '1' }, idempotencyKey: 'k', contentType: 'text/plain', ttlMs: 60_000 },
      never,
    )
    const found = await theirs.get('q')
    if (found === false) throw new Error('the queue is empty')
    expect(found.content.toString()).toBe('x')
    expect(found.properties).toMatchObject({
      headers: { a: '1' },
      messageId: 'k',
      contentType: 'text/plain',
      expiration: '60000',
      deliveryMode: 2,
    })
  })
})
