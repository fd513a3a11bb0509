import { expect, it } from 'vitest'
import { bodies, type Stage } from './stage'

const hour = 3_600_000

/** The cases of `supports.ttl`. */
export function expiringCases(stage: () => Stage): void {
  const itExpires = (name: string, work: () => Promise<void>) =>
    it(name, async (context) => {
      context.skip(!stage().bus.supports.ttl, 'this bus says that it has no TTL')
      await work()
    })

  itExpires('never delivers a message that has outlived its own TTL, and does deliver one that has not', async () => {
    const { queue, send, elapse, drain } = stage()
    await queue('q')
    await send('', 'q', 'short', { ttlMs: 1_000 })
    await send('', 'q', 'long', { ttlMs: hour })
    await send('', 'q', 'for ever')
    await elapse(1_100)
    expect(bodies(await drain('q'))).toEqual(['long', 'for ever'])
  })

  itExpires('never delivers a message that has outlived the TTL of its queue', async () => {
    const { queue, fill, elapse, drain } = stage()
    await queue('q', { ttl: 4 })
    await fill('q', ['1', '2'])
    await elapse(3_000)
    await fill('q', ['3'])
    await elapse(1_100)
    expect(bodies(await drain('q'))).toEqual(['3'])
  })

  itExpires('counts the smaller of the TTL of a message and that of its queue', async () => {
    const { queue, send, elapse, drain } = stage()
    await queue('q', { ttl: 4 })
    await send('', 'q', 'own', { ttlMs: 1_000 })
    await send('', 'q', 'queue', { ttlMs: hour })
    await send('', 'q', 'none')
    await elapse(1_500)
    expect(bodies(await drain('q'))).toEqual(['queue', 'none'])
    await send('', 'q', 'queue', { ttlMs: hour })
    await send('', 'q', 'none')
    await elapse(5_000)
    expect(bodies(await drain('q'))).toEqual([])
  })

  itExpires('lets each queue count for itself', async () => {
    const { declare, queue, send, elapse, drain } = stage()
    await queue('quick', { ttl: 3 })
    await declare('x', 'fanout', { quick: [''], slow: [''] })
    await send('x', '', 'shared')
    await elapse(3_100)
    expect(bodies(await drain('quick'))).toEqual([])
    expect(bodies(await drain('slow'))).toEqual(['shared'])
  })

  itExpires('holds nothing any more of what has expired in a queue that nobody consumes', async () => {
    const { queue, send, elapse, contents, told } = stage()
    await queue('q')
    for (const body of ['1', '2', '3']) await send('', 'q', body, { ttlMs: 3_000 })
    expect(await contents('q')).toEqual(told({ count: 3, bytes: 3 }))
    await elapse(3_100)
    expect(await contents('q')).toEqual({ count: 0, bytes: 0 })
  })

  itExpires('does not deliver what expires while a consumer waits for room', async () => {
    const { queue, send, elapse, consume } = stage()
    await queue('q')
    await send('', 'q', 'in hand')
    await send('', 'q', 'expires', { ttlMs: 1_000 })
    await send('', 'q', 'stays')
    const { subscription, take } = await consume('q', 1)
    const [first] = await take(1)
    await elapse(2_000)
    await subscription.settle(first?.delivery ?? '', 'ack')
    expect(bodies(await take(1))).toEqual(['stays'])
  })

  itExpires('leaves a message that is in hand alone, and takes its acknowledgement', async () => {
    const { queue, send, elapse, consume, drain } = stage()
    await queue('q')
    await send('', 'q', 'held', { ttlMs: 3_000 })
    const { subscription, take } = await consume('q')
    const [held] = await take(1)
    await elapse(3_100)
    await subscription.settle(held?.delivery ?? '', 'ack')
    await subscription.close()
    expect(await drain('q')).toEqual([])
  })

  itExpires('counts on for a message that is given back: it has no second life', async () => {
    const { queue, send, elapse, consume, drain } = stage()
    await queue('q')
    await send('', 'q', 'requeued', { ttlMs: 3_000 })
    await send('', 'q', 'left behind', { ttlMs: 3_000 })
    await send('', 'q', 'in time', { ttlMs: hour })
    const { subscription, take } = await consume('q', 3)
    const [requeued, , inTime] = await take(3)
    await elapse(3_100)
    await subscription.settle(requeued?.delivery ?? '', 'requeue')
    await subscription.settle(inTime?.delivery ?? '', 'requeue')
    expect(bodies(await take(1))).toEqual(['in time'])
    await subscription.close()
    expect(bodies(await drain('q'))).toEqual(['in time'])
  })

  itExpires('delivers a message that is given back and expires only later, until then', async () => {
    const { queue, send, elapse, consume, contents } = stage()
    await queue('q')
    await send('', 'q', 'requeued', { ttlMs: 3_000 })
    const { subscription, take } = await consume('q', 1)
    const [first] = await take(1)
    await elapse(1_000)
    await subscription.settle(first?.delivery ?? '', 'requeue')
    expect(await take(1)).toMatchObject([{ redelivered: true }])
    await subscription.close()
    await elapse(3_000)
    expect(await contents('q')).toEqual({ count: 0, bytes: 0 })
  })

  itExpires('gives a message with no time to live to a consumer that waits for it, and to nobody else', async () => {
    const { queue, send, elapse, consume, drain, contents } = stage()
    await queue('q')
    await send('', 'q', 'for nobody', { ttlMs: 0 })
    await elapse(1)
    expect(await contents('q')).toEqual({ count: 0, bytes: 0 })
    const { subscription, take } = await consume('q', 1)
    const waiting = take(1)
    await send('', 'q', 'just in time', { ttlMs: 0 })
    const [delivery] = await waiting
    expect(bodies(delivery === undefined ? [] : [delivery])).toEqual(['just in time'])
    await send('', 'q', 'no room', { ttlMs: 0 })
    await elapse(1)
    await subscription.settle(delivery?.delivery ?? '', 'ack')
    await subscription.close()
    expect(await drain('q')).toEqual([])
  })

  itExpires('lets time pass while it is closed', async () => {
    const { queue, send, reopen, drain } = stage()
    await queue('own')
    await queue('policy', { ttl: 2 })
    await send('', 'own', 'gone', { ttlMs: 2_000 })
    await send('', 'own', 'kept', { ttlMs: hour })
    await send('', 'policy', 'gone')
    await reopen(() => stage().elapseClosed(3_000))
    expect(bodies(await drain('own'))).toEqual(['kept'])
    expect(bodies(await drain('policy'))).toEqual([])
  })

  itExpires('works off many that expire at once, and keeps those among them that do not', async () => {
    const { bus, queue, send, elapse, drain, contents } = stage()
    await queue('q')
    const sent = Array.from({ length: 1_300 }, (_, n) => send('', 'q', String(n), n % 100 === 0 ? {} : { ttlMs: 1_000 }))
    await Promise.all(sent)
    await elapse(2_000)
    // Others count what has expired behind a message that has not, and never deliver it.
    if (bus.supports.contents === 'at once') while ((await contents('q')).count > 13) await stage().barrier()
    expect(bodies(await drain('q'))).toEqual(Array.from({ length: 13 }, (_, n) => String(n * 100)))
  })

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses a TTL of %d as invalid', async (ttlMs) => {
    const { queue, send, drain } = stage()
    await queue('q')
    await expect(send('', 'q', 'refused', { ttlMs })).rejects.toMatchObject({ code: 'invalid' })
    expect(await drain('q')).toEqual([])
  })
}
