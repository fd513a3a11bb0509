import { expect, it } from 'vitest'
import { bodies, itWhere, never, oddNames, type Stage } from './stage'

export function removingCases(stage: () => Stage): void {
  const itSets = itWhere(stage, ({ policies }) => policies, 'cannot change the policy of a queue')

  it('removes a binding, the one with these arguments alone, and routes by it no more', async () => {
    const { bus, vhost, declare, send, look, seen, drain } = stage()
    await declare('x', 'topic', { q: ['a', 'b'] })
    await declare('h', 'headers', {})
    const withArguments = { exchange: 'h', queue: 'q', key: '', arguments: { a: '1', b: '2' } }
    await bus.ensureBinding(vhost, withArguments, never)
    await bus.ensureBinding(vhost, { exchange: 'h', queue: 'q', key: '' }, never)
    await bus.removeBinding(vhost, { exchange: 'x', queue: 'q', key: 'a' }, never)
    await bus.removeBinding(vhost, { ...withArguments, arguments: { b: '2', a: '1' } }, never)
    expect((await look()).bindings).toEqual(
      seen([
        { exchange: 'h', queue: 'q', key: '' },
        { exchange: 'x', queue: 'q', key: 'b' },
      ]),
    )
    expect(await send('h', '', 'neither', { headers: { a: '1', b: '2' } })).toMatchObject({ routed: true })
    await bus.removeBinding(vhost, { exchange: 'h', queue: 'q', key: '' }, never)
    expect(await send('h', '', 'gone', { headers: { a: '1', b: '2' } })).toMatchObject({ routed: false })
    expect(await send('x', 'a', 'gone')).toMatchObject({ routed: false })
    expect(await send('x', 'b', 'kept')).toMatchObject({ routed: true })
    expect(bodies(await drain('q'))).toEqual(['neither', 'kept'])
  })

  it('removes an exchange with its bindings, and leaves the queues as they are', async () => {
    const { bus, vhost, declare, send, look, seen, drain } = stage()
    await declare('x', 'topic', { q: ['#'] })
    await declare('y', 'fanout', { q: [''] })
    await send('x', 'a', 'held')
    await bus.removeExchange(vhost, 'x', never)
    await expect(send('x', 'a', 'lost')).rejects.toMatchObject({ code: 'not-found' })
    expect(await look()).toMatchObject({ exchanges: [{ name: 'y' }], bindings: seen([{ exchange: 'y', queue: 'q', key: '' }]) })
    await bus.ensureExchange(vhost, { name: 'x', type: 'direct' }, never)
    expect(await send('x', 'a', 'unbound')).toMatchObject({ routed: false })
    expect(bodies(await drain('q'))).toEqual(['held'])
  })

  it('refuses to remove a queue that holds messages, unless they may go', async () => {
    const { bus, vhost, declare, fill, send, look, queue, drain } = stage()
    await declare('x', 'topic', { q: ['#'] })
    await fill('q', ['1', 'large '.repeat(2_000)])
    await expect(bus.removeQueue(vhost, 'q', { contents: false }, never)).rejects.toMatchObject({
      code: 'precondition-failed',
      message: expect.stringMatching(/"q".*2/),
    })
    expect((await look()).queues).toHaveLength(1)
    await bus.removeQueue(vhost, 'q', { contents: true }, never)
    expect(await look()).toMatchObject({ queues: [], bindings: [] })
    expect(await send('x', 'a', 'nobody')).toMatchObject({ routed: false })
    await queue('q')
    expect(await drain('q')).toEqual([])
  })

  it('refuses a queue whose messages are in hand as well, and removes one that is empty', async () => {
    const { bus, vhost, queue, fill, consume, look } = stage()
    await queue('q')
    await fill('q', ['held'])
    const { subscription, take } = await consume('q')
    const [held] = await take(1)
    await expect(bus.removeQueue(vhost, 'q', { contents: false }, never)).rejects.toMatchObject({ code: 'precondition-failed' })
    await subscription.settle(held?.delivery ?? '', 'ack')
    await subscription.close()
    await bus.removeQueue(vhost, 'q', { contents: false }, never)
    expect((await look()).queues).toEqual([])
  })

  it('ends the streams of a queue that it removes with not-found', async () => {
    const { bus, vhost, queue, fill, consume } = stage()
    await queue('q')
    await fill('q', ['lost'])
    const { subscription, take, next } = await consume('q')
    const [lost] = await take(1)
    const refused = expect(next()).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('"q"') })
    await bus.removeQueue(vhost, 'q', { contents: true }, never)
    await refused
    expect(await next()).toMatchObject({ done: true })
    await expect(subscription.settle(lost?.delivery ?? '', 'ack')).rejects.toMatchObject({ code: 'not-found' })
  })

  itSets('removes the policy of a queue, and nothing else of it', async () => {
    const { bus, vhost, queue, policy, fill, look, elapse, drain } = stage()
    await queue('q')
    await fill('q', ['kept'])
    await policy('q', { ttl: 2, dlx: 'dead' })
    await bus.removeQueuePolicy(vhost, 'q', never)
    expect((await look()).queues).toEqual([{ name: 'q', type: 'classic', policy: { ttl: 0, dlx: null } }])
    await fill('q', ['too'])
    await elapse(4_000)
    expect(bodies(await drain('q'))).toEqual(['kept', 'too'])
  })

  it('takes the absence of what it should remove for done', async () => {
    const { bus, vhost, look } = stage()
    await bus.removeExchange(vhost, 'ghost', never)
    await bus.removeQueue(vhost, 'ghost', { contents: false }, never)
    await bus.removeQueuePolicy(vhost, 'ghost', never)
    await bus.removeBinding(vhost, { exchange: 'ghost', queue: 'ghost', key: '' }, never)
    expect(await look()).toEqual({ exchanges: [], queues: [], bindings: [] })
  })

  it('removes in the vhost it is told, and no namesake in another', async () => {
    const { bus, vhost, otherVhost, look, seen } = stage()
    for (const at of [vhost, otherVhost]) {
      await bus.ensureExchange(at, { name: 'x', type: 'topic' }, never)
      await bus.ensureQueue(at, { name: 'q', type: 'classic' }, never)
      await bus.ensureBinding(at, { exchange: 'x', queue: 'q', key: '' }, never)
    }
    await bus.removeBinding(vhost, { exchange: 'x', queue: 'q', key: '' }, never)
    await bus.removeExchange(vhost, 'x', never)
    await bus.removeQueue(vhost, 'q', { contents: false }, never)
    expect(await look()).toEqual({ exchanges: [], queues: [], bindings: [] })
    expect(await look(otherVhost)).toMatchObject({
      exchanges: [{ name: 'x' }],
      queues: [{ name: 'q' }],
      bindings: seen([{ exchange: 'x', queue: 'q', key: '' }]),
    })
  })

  it('finds odd names again when it removes them', async () => {
    const { bus, vhost, look } = stage()
    for (const name of oddNames) {
      await bus.ensureExchange(vhost, { name, type: 'direct' }, never)
      await bus.ensureQueue(vhost, { name, type: 'classic' }, never)
      await bus.ensureBinding(vhost, { exchange: name, queue: name, key: name }, never)
    }
    for (const name of oddNames) await bus.removeBinding(vhost, { exchange: name, queue: name, key: name }, never)
    expect((await look()).bindings).toEqual([])
    for (const name of oddNames) {
      await bus.removeExchange(vhost, name, never)
      await bus.removeQueue(vhost, name, { contents: false }, never)
    }
    expect(await look()).toEqual({ exchanges: [], queues: [], bindings: [] })
  })

  it('rejects with the reason of a signal that has aborted, and removes nothing', async () => {
    const { bus, vhost, declare, look } = stage()
    await declare('x', 'topic', { q: ['a'] })
    const before = await look()
    const reason = new Error('enough')
    const aborted = AbortSignal.abort(reason)
    await expect(bus.removeExchange(vhost, 'x', aborted)).rejects.toBe(reason)
    await expect(bus.removeQueue(vhost, 'q', { contents: true }, aborted)).rejects.toBe(reason)
    await expect(bus.removeQueuePolicy(vhost, 'q', aborted)).rejects.toBe(reason)
    await expect(bus.removeBinding(vhost, { exchange: 'x', queue: 'q', key: 'a' }, aborted)).rejects.toBe(reason)
    expect(await look()).toEqual(before)
  })

  it('says how much a queue holds, delivered or not, and how much of it came in before a moment', async () => {
    const { bus, queue, fill, consume, contents, told, elapse, now } = stage()
    expect(await contents('ghost')).toEqual({ count: 0, bytes: 0 })
    await queue('q')
    expect(await contents('q')).toEqual({ count: 0, bytes: 0 })
    await fill('q', ['four', 'x'.repeat(5_000)])
    await elapse(1_000)
    const between = now()
    await elapse(1_000)
    await fill('q', ['late'])
    const { subscription, take } = await consume('q', 2)
    const [first] = await take(2)
    expect(await contents('q')).toEqual(told({ count: 3, bytes: 5_008 }, 2))
    expect(await contents('q', between)).toEqual(told(bus.supports.ages ? { count: 2, bytes: 5_004 } : { count: 3, bytes: 5_008 }, 2))
    await subscription.settle(first?.delivery ?? '', 'ack')
    expect(await contents('q')).toEqual(told({ count: 2, bytes: 5_004 }, 2))
    await subscription.close()
  })
}
