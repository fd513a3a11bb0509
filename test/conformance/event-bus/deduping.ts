import { expect, it } from 'vitest'
import { bodies, bytes, itWhere, never, numbers, type Stage } from './stage'

/** The cases of `supports.dedupe`: all but the first where it is a matter of publishing. */
export function dedupingCases(stage: () => Stage): void {
  const itDedupes = itWhere(stage, ({ dedupe }) => dedupe === 'publish', 'knows a key again only when it is consumed')
  const large = 'large '.repeat(2_000)

  it('does not deliver again under a key whose message was acknowledged, and does to who gave it back', async () => {
    const { bus, queue, send, consume, drain } = stage()
    await queue('q')
    await queue('other')
    const more = { idempotencyKey: 'k' }
    await send('', 'q', 'body', more)
    const { subscription, take } = await consume('q')
    const [first] = await take(1)
    await subscription.settle(first?.delivery ?? '', 'requeue')
    const [again] = await take(1)
    expect(again).toMatchObject({ idempotencyKey: 'k' })
    await subscription.settle(again?.delivery ?? '', 'ack')
    await subscription.close()
    expect(await send('', 'q', 'body', more)).toEqual({ messageId: 'k', routed: true })
    expect(await drain('q')).toEqual([])
    await send('', 'other', 'body', more)
    expect(bodies(await drain('other'))).toEqual(['body'])
    await bus.publish('', 'q', { body: bytes('another') }, never)
    expect(bodies(await drain('q'))).toEqual(['another'])
  })

  itDedupes('adds nothing for a key that the queue has seen, and resolves as the first did', async () => {
    const { queue, send, drain } = stage()
    await queue('q')
    for (const body of ['small', large]) {
      const more = { idempotencyKey: `key of ${body.length}` }
      const first = await send('', 'q', body, more)
      expect(await send('', 'q', body, more)).toEqual(first)
      expect(await send('', 'q', body, { ...more, mandatory: true })).toEqual(first)
      expect(bodies(await drain('q'))).toEqual([body])
      // Settled, and still seen.
      expect(await send('', 'q', body, more)).toEqual(first)
      expect(await drain('q')).toEqual([])
    }
  })

  itDedupes('remembers keys across a reopen', async () => {
    const { queue, send, reopen, drain } = stage()
    await queue('q')
    await send('', 'q', 'body', { idempotencyKey: 'k' })
    await reopen()
    await send('', 'q', 'body', { idempotencyKey: 'k' })
    expect(bodies(await drain('q'))).toEqual(['body'])
  })

  itDedupes('refuses another body under the same key as already-exists, names the key, and adds nothing anywhere', async () => {
    const { declare, send, drain } = stage()
    await declare('x', 'topic', { one: ['a'], two: ['*'] })
    await send('x', 'a', 'body', { idempotencyKey: 'key 7' })
    await declare('x', 'topic', { three: ['#'] })
    await expect(send('x', 'a', 'other', { idempotencyKey: 'key 7' })).rejects.toMatchObject({
      code: 'already-exists',
      message: expect.stringContaining('key 7'),
    })
    for (const queue of ['one', 'two']) expect(bodies(await drain(queue))).toEqual(['body'])
    expect(await drain('three')).toEqual([])
  })

  itDedupes('counts per queue: one that has not seen the key gets the message', async () => {
    const { bus, vhost, declare, queue, send, drain } = stage()
    await declare('x', 'topic', { one: ['a'] })
    await send('x', 'a', 'body', { idempotencyKey: 'k' })
    await queue('two')
    await bus.ensureBinding(vhost, { exchange: 'x', queue: 'two', key: 'a' }, never)
    expect(await send('x', 'a', 'body', { idempotencyKey: 'k' })).toEqual({ messageId: 'k', routed: true })
    await send('', 'one', 'body', { idempotencyKey: 'k' })
    expect(bodies(await drain('one'))).toEqual(['body'])
    expect(bodies(await drain('two'))).toEqual(['body'])
  })

  itDedupes('adds one of many that are published at the same time', async () => {
    const { queue, send, drain } = stage()
    await queue('q')
    await Promise.all(numbers(50).flatMap((n) => [n, n, n].map((body) => send('', 'q', body, { idempotencyKey: body }))))
    expect(bodies(await drain('q'))).toEqual(numbers(50))
  })

  itDedupes('keeps keys apart that only look alike', async () => {
    const { queue, send, drain } = stage()
    await queue('q')
    const keys = ['a', 'A', 'a ', ' a', 'é', 'e\u0301', '', 'a\u0000', 'k'.repeat(255), `${'k'.repeat(254)}l`, 'ж'.repeat(127)]
    for (const idempotencyKey of keys) await send('', 'q', 'same', { idempotencyKey })
    for (const idempotencyKey of keys) await send('', 'q', 'same', { idempotencyKey })
    expect((await drain('q')).map(({ idempotencyKey }) => idempotencyKey)).toEqual(keys)
  })

  itDedupes('does not see what no queue got, nor what was refused', async () => {
    const { declare, send, bus, vhost, drain } = stage()
    await declare('x', 'topic', { q: ['a'] })
    expect(await send('x', 'b', 'one', { idempotencyKey: 'k' })).toMatchObject({ routed: false })
    await expect(send('x', 'b', 'one', { idempotencyKey: 'k', mandatory: true })).rejects.toMatchObject({ code: 'not-found' })
    await bus.ensureBinding(vhost, { exchange: 'x', queue: 'q', key: 'b' }, never)
    await send('x', 'b', 'another', { idempotencyKey: 'k' })
    expect(bodies(await drain('q'))).toEqual(['another'])
  })

  itDedupes('forgets a key when its time has passed', async () => {
    const { queue, send, elapse, drain, dedupe } = stage()
    await queue('q')
    await send('', 'q', 'first', { idempotencyKey: 'k' })
    await elapse(dedupe.windowMs - 1_000)
    await expect(send('', 'q', 'second', { idempotencyKey: 'k' })).rejects.toMatchObject({ code: 'already-exists' })
    await elapse(2_000)
    await send('', 'q', 'second', { idempotencyKey: 'k' })
    await send('', 'q', 'second', { idempotencyKey: 'k' })
    expect(bodies(await drain('q'))).toEqual(['first', 'second'])
  })

  itDedupes('remembers as many keys as it says, the newest', async () => {
    const { queue, send, drain, dedupe } = stage()
    await queue('q')
    const all = numbers(dedupe.keysPerQueue + 1)
    await Promise.all(all.map((idempotencyKey) => send('', 'q', 'body', { idempotencyKey })))
    await drain('q')
    await Promise.all(all.slice(1).map((idempotencyKey) => send('', 'q', 'body', { idempotencyKey })))
    expect(await drain('q')).toEqual([])
    await send('', 'q', 'body', { idempotencyKey: '0' })
    expect(await drain('q')).toHaveLength(1)
  })

  itDedupes('lets messages without a key be equal', async () => {
    const { bus, queue, drain } = stage()
    await queue('q')
    for (let n = 0; n < 3; n++) await bus.publish('', 'q', { body: bytes('same') }, never)
    expect(await drain('q')).toHaveLength(3)
  })

  itDedupes('does not stand in the way of a dead letter that comes back', async () => {
    const { queue, send, consume, drain, bus } = stage()
    if (!bus.supports.deadLetters) return
    await queue('q', { dlx: '' })
    await send('', 'q', 'again', { idempotencyKey: 'k' })
    const { subscription, take } = await consume('q', 1)
    const [first] = await take(1)
    await subscription.settle(first?.delivery ?? '', 'reject')
    await subscription.close()
    expect(await drain('q')).toMatchObject([{ idempotencyKey: 'k', headers: { 'x-first-death-reason': 'rejected' } }])
  })
}
