import { expect, it } from 'vitest'
import type { Settlement } from '../../../src/main/core/ports/event-bus'
import { bodies, bytes, deathsOf, never, type Stage, text } from './stage'

/** The cases of `supports.deadLetters`. */
export function dyingCases(stage: () => Stage): void {
  const itBuries = (name: string, work: () => Promise<void>, needsTtl = false) =>
    it(name, async (context) => {
      const { ttl, deadLetters } = stage().bus.supports
      context.skip(!deadLetters, 'this bus says that it has no dead letters')
      context.skip(needsTtl && !ttl, 'this bus says that it has no TTL')
      await work()
    })
  const itBuriesExpired = (name: string, work: () => Promise<void>) => itBuries(name, work, true)

  /** Queue `q`, whose dead letters go to `dead` through the fanout exchange `dlx`. */
  async function graveyard(ttl = 0): Promise<void> {
    const { declare, queue } = stage()
    await declare('dlx', 'fanout', { dead: [''] })
    await queue('q', { dlx: 'dlx', ttl })
  }

  /** Settle the next delivery of a queue. */
  async function settleNext(queue: string, as: Settlement): Promise<string> {
    const { subscription, take } = await stage().consume(queue, 1)
    const [delivery] = await take(1)
    if (delivery === undefined) throw new TypeError('take promised one')
    await subscription.settle(delivery.delivery, as)
    await subscription.close()
    return text(delivery.body)
  }

  itBuries('sends a rejected message, whole, to the dead-letter exchange of its queue', async () => {
    const { bus, declare, drain, now } = stage()
    await graveyard()
    await declare('x', 'topic', { q: ['media.#'] })
    const before = Math.floor(now() / 1_000)
    const message = { body: bytes('bad'), contentType: 'text/plain', headers: { a: '1' }, idempotencyKey: 'id 1' }
    await bus.publish('x', 'media.new', message, never)
    await settleNext('q', 'reject')
    const [dead] = await drain('dead')
    expect(dead).toMatchObject({
      exchange: 'dlx',
      routingKey: 'media.new',
      contentType: 'text/plain',
      idempotencyKey: 'id 1',
      redelivered: false,
    })
    const { 'x-death': _, ...headers } = dead?.headers ?? {}
    expect(headers).toMatchObject({
      a: '1',
      'x-first-death-reason': 'rejected',
      'x-first-death-queue': 'q',
      'x-first-death-exchange': 'x',
      'x-last-death-reason': 'rejected',
      'x-last-death-queue': 'q',
      'x-last-death-exchange': 'x',
    })
    const [death, ...others] = deathsOf(dead ?? { headers: {} })
    expect(others).toEqual([])
    expect(death).toEqual({
      queue: 'q',
      reason: 'rejected',
      exchange: 'x',
      'routing-keys': ['media.new'],
      count: 1,
      time: expect.any(Number),
    })
    expect(death?.time).toBeGreaterThanOrEqual(before)
    expect(death?.time).toBeLessThanOrEqual(Math.floor(now() / 1_000))
    expect(await drain('q')).toEqual([])
  })

  itBuriesExpired('sends an expired message there, in a queue that nobody consumes', async () => {
    const { send, elapse, drain, contents } = stage()
    await graveyard()
    await send('', 'q', 'late', { ttlMs: 1_000 })
    await elapse(1_100)
    expect(await contents('q')).toEqual({ count: 0, bytes: 0 })
    const [dead] = await drain('dead')
    expect(dead).toMatchObject({
      exchange: 'dlx',
      routingKey: 'q',
      headers: { 'x-first-death-reason': 'expired', 'x-first-death-exchange': '' },
    })
    expect(deathsOf(dead ?? { headers: {} })).toMatchObject([{ queue: 'q', reason: 'expired', count: 1 }])
  })

  itBuriesExpired('hands dead letters to consumers that wait for them', async () => {
    const { fill, send, elapse, consume } = stage()
    await graveyard()
    const { take } = await consume('dead')
    const waiting = take(2)
    await fill('q', ['rejected'])
    await settleNext('q', 'reject')
    await send('', 'q', 'expired', { ttlMs: 1_000 })
    await elapse(1_500)
    expect(bodies(await waiting)).toEqual(['rejected', 'expired'])
  })

  itBuriesExpired('keeps the order of what expires', async () => {
    const { fill, elapse, drain } = stage()
    await graveyard(1)
    const sent = Array.from({ length: 20 }, (_, n) => String(n))
    await fill('q', sent)
    await elapse(2_000)
    expect(bodies(await drain('dead'))).toEqual(sent)
  })

  itBuriesExpired('ends the TTL of a message with its first death', async () => {
    const { send, elapse, drain } = stage()
    await graveyard()
    await send('', 'q', 'late', { ttlMs: 1_000 })
    await elapse(1_100)
    await elapse(2_000)
    expect(bodies(await drain('dead'))).toEqual(['late'])
  })

  itBuries('drops what it cannot send: no such exchange, and no queue bound for it', async () => {
    const { declare, queue, fill, drain } = stage()
    await queue('q', { dlx: 'no such exchange' })
    await fill('q', ['1'])
    await settleNext('q', 'reject')
    await declare('dlx', 'direct', { elsewhere: ['other'] })
    await queue('r', { dlx: 'dlx' })
    await fill('r', ['2'])
    await settleNext('r', 'reject')
    for (const name of ['q', 'r']) expect(await drain(name)).toEqual([])
    expect(await drain('elsewhere')).toEqual([])
  })

  itBuries('keeps an acknowledged message out of it, and one that is given back', async () => {
    const { fill, drain } = stage()
    await graveyard()
    await fill('q', ['acked', 'requeued'])
    await settleNext('q', 'ack')
    await settleNext('q', 'requeue')
    expect(bodies(await drain('q'))).toEqual(['requeued'])
    expect(await drain('dead')).toEqual([])
  })

  itBuries('routes dead letters as the type of the exchange says, with the key they came with', async () => {
    const { bus, vhost, declare, queue, send, drain } = stage()
    await declare('by-topic', 'topic', { all: ['#'], media: ['media.*'] })
    await declare('by-header', 'headers', { pdf: [] })
    await bus.ensureBinding(vhost, { exchange: 'by-header', queue: 'pdf', key: '', arguments: { format: 'pdf' } }, never)
    await queue('q', { dlx: 'by-topic' })
    await queue('r', { dlx: 'by-header' })
    await declare('x', 'topic', { q: ['#'] })
    await declare('y', 'topic', { r: ['#'] })
    await send('x', 'media.new', '1')
    await settleNext('q', 'reject')
    await send('x', 'other', '2')
    await settleNext('q', 'reject')
    await send('y', 'media.new', '3', { headers: { format: 'pdf' } })
    await settleNext('r', 'reject')
    expect(bodies(await drain('all'))).toEqual(['1', '2'])
    expect(bodies(await drain('media'))).toEqual(['1'])
    expect(bodies(await drain('pdf'))).toEqual(['3'])
  })

  itBuries('routes by queue name where the default exchange is the dead-letter exchange', async () => {
    const { declare, queue, send, drain } = stage()
    await queue('q', { dlx: '' })
    await declare('x', 'direct', { q: ['graves'] })
    await queue('graves')
    await send('x', 'graves', 'bad')
    await settleNext('q', 'reject')
    expect(await drain('graves')).toMatchObject([{ exchange: '', routingKey: 'graves' }])
  })

  itBuries('counts on where a message dies of the same again, newest death first', async () => {
    const { bus, queue, declare, fill, drain } = stage()
    await queue('a', { dlx: 'to-b' })
    await queue('b', { dlx: 'to-a' })
    await declare('to-b', 'fanout', { b: [''] })
    await declare('to-a', 'fanout', { a: [''] })
    await fill('a', ['wanderer'])
    for (const at of ['a', 'b', 'a']) await settleNext(at, 'reject')
    const [found] = await drain('b')
    expect(deathsOf(found ?? { headers: {} })).toMatchObject([
      { queue: 'a', reason: 'rejected', count: 2, exchange: '', 'routing-keys': ['a'] },
      { queue: 'b', reason: 'rejected', count: 1, exchange: 'to-b' },
    ])
    expect(found?.headers).toMatchObject({ 'x-first-death-queue': 'a', 'x-last-death-queue': 'a' })
    // Whoever publishes a dead letter again passes its history on.
    await bus.publish('', 'b', { body: bytes('again'), headers: found?.headers ?? {} }, never)
    await settleNext('b', 'reject')
    expect(deathsOf((await drain('a'))[0] ?? { headers: {} })).toMatchObject([
      { queue: 'b', count: 2 },
      { queue: 'a', count: 2 },
    ])
  })

  itBuries('begins the history anew where somebody else wrote one that cannot be read', async () => {
    const { send, drain } = stage()
    await graveyard()
    for (const history of ['text', '{"queue":"q"}', '[{"queue":"q"}]', '']) {
      await send('', 'q', 'bad', { headers: { 'x-death': history } })
      await settleNext('q', 'reject')
    }
    const dead = await drain('dead')
    expect(dead).toHaveLength(4)
    for (const one of dead) expect(deathsOf(one)).toMatchObject([{ queue: 'q', reason: 'rejected', count: 1 }])
  })

  itBuriesExpired('drops a message in the queue that it would come to again without a rejection in between, and nowhere else', async () => {
    const { declare, queue, fill, elapse, drain, contents } = stage()
    await queue('loop', { ttl: 1, dlx: 'round' })
    await declare('round', 'fanout', { loop: [''], other: [''] })
    await fill('loop', ['cycle'])
    await elapse(1_500)
    expect(await contents('loop')).toEqual({ count: 0, bytes: 0 })
    expect(bodies(await drain('other'))).toEqual(['cycle'])
  })

  itBuriesExpired('drops it in a longer circle too', async () => {
    const { declare, queue, fill, elapse, contents, told } = stage()
    await queue('a', { ttl: 1, dlx: 'to-b' })
    await queue('b', { ttl: 4, dlx: 'to-a' })
    await declare('to-b', 'fanout', { b: [''] })
    await declare('to-a', 'fanout', { a: [''] })
    await fill('a', ['cycle'])
    await elapse(1_500)
    expect(await contents('b')).toEqual(told({ count: 1, bytes: 5 }))
    await elapse(4_000)
    expect(await contents('a')).toEqual({ count: 0, bytes: 0 })
    expect(await contents('b')).toEqual({ count: 0, bytes: 0 })
  })

  itBuriesExpired('lets a message that was rejected come back after a while, as often as it is rejected', async () => {
    const { declare, queue, fill, elapse, drain } = stage()
    await queue('work', { dlx: 'wait' })
    await queue('waiting', { ttl: 1, dlx: 'retry' })
    await declare('wait', 'fanout', { waiting: [''] })
    await declare('retry', 'fanout', { work: [''] })
    await fill('work', ['job'])
    for (let round = 0; round < 3; round++) {
      expect(await settleNext('work', 'reject')).toBe('job')
      await elapse(1_500)
    }
    const [job] = await drain('work')
    expect(deathsOf(job ?? { headers: {} })).toMatchObject([
      { queue: 'waiting', reason: 'expired', count: 3 },
      { queue: 'work', reason: 'rejected', count: 3 },
    ])
  })

  itBuries('keeps dead letters, small and large, across a reopen', async () => {
    const { declare, fill, reopen, drain } = stage()
    await graveyard()
    await declare('dlx', 'fanout', { 'dead too': [''] })
    const sent = ['small', 'large '.repeat(2_000)]
    await fill('q', sent)
    for (const _ of sent) await settleNext('q', 'reject')
    await reopen()
    expect(bodies(await drain('dead'))).toEqual(sent)
    await reopen()
    expect(bodies(await drain('dead too'))).toEqual(sent)
    expect(await drain('q')).toEqual([])
  })
}
