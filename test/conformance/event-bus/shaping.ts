import { expect, it } from 'vitest'
import { compareUtf8 } from '../../../src/shared/order'
import { itWhere, never, oddNames, type Stage } from './stage'

export function shapingCases(stage: () => Stage): void {
  const itLists = itWhere(stage, ({ lists }) => lists, 'cannot list bindings')
  const itSets = itWhere(stage, ({ policies }) => policies, 'cannot change the policy of a queue')

  it('finds nothing in a store that is new', async () => {
    expect(await stage().look()).toEqual({ exchanges: [], queues: [], bindings: [] })
  })

  it('describes what was ensured, sorted by name', async () => {
    const { bus, vhost, look, seen } = stage()
    for (const type of ['topic', 'fanout', 'direct', 'headers'] as const)
      await bus.ensureExchange(vhost, { name: `a ${type}`, type }, never)
    await bus.ensureQueue(vhost, { name: 'quick', type: 'quorum' }, never)
    await bus.ensureQueue(vhost, { name: 'classy', type: 'classic' }, never)
    await bus.ensureBinding(vhost, { exchange: 'a topic', queue: 'quick', key: 'b.#' }, never)
    await bus.ensureBinding(vhost, { exchange: 'a topic', queue: 'quick', key: '' }, never)
    await bus.ensureBinding(vhost, { exchange: 'a fanout', queue: 'classy', key: '' }, never)
    expect(await look()).toEqual({
      exchanges: ['direct', 'fanout', 'headers', 'topic'].map((type) => ({ name: `a ${type}`, type })),
      queues: [
        { name: 'classy', type: 'classic', policy: { ttl: 0, dlx: null } },
        { name: 'quick', type: 'quorum', policy: { ttl: 0, dlx: null } },
      ],
      bindings: seen([
        { exchange: 'a fanout', queue: 'classy', key: '' },
        { exchange: 'a topic', queue: 'quick', key: '' },
        { exchange: 'a topic', queue: 'quick', key: 'b.#' },
      ]),
    })
  })

  it('keeps odd names apart and whole, in UTF-8 byte order', async () => {
    const { bus, vhost, look, seen } = stage()
    for (const name of oddNames) {
      await bus.ensureExchange(vhost, { name, type: 'direct' }, never)
      await bus.ensureQueue(vhost, { name, type: 'classic' }, never)
      await bus.ensureBinding(vhost, { exchange: name, queue: name, key: name }, never)
    }
    const sorted = [...oddNames].sort(compareUtf8)
    const { exchanges, queues, bindings } = await look()
    expect(exchanges.map(({ name }) => name)).toEqual(sorted)
    expect(queues.map(({ name }) => name)).toEqual(sorted)
    expect(bindings).toEqual(seen(sorted.map((name) => ({ exchange: name, queue: name, key: name }))))
  })

  it('changes nothing when it ensures again, not even side by side', async () => {
    const { bus, vhost, look, seen } = stage()
    const ensureAll = async () => {
      await Promise.all([
        bus.ensureExchange(vhost, { name: 'x', type: 'topic' }, never),
        bus.ensureQueue(vhost, { name: 'q', type: 'classic', ttl: 60, dlx: 'x' }, never),
      ])
      await Promise.all([
        bus.ensureQueuePolicy(vhost, 'q', { ttl: 60, dlx: 'x' }, never),
        bus.ensureBinding(vhost, { exchange: 'x', queue: 'q', key: 'a.*' }, never),
      ])
    }
    await ensureAll()
    const before = await look()
    await Promise.all([ensureAll(), ensureAll(), ensureAll()])
    expect(await look()).toEqual(before)
    expect(before.bindings).toEqual(seen([{ exchange: 'x', queue: 'q', key: 'a.*' }]))
  })

  itLists('tells bindings apart by their arguments, which equal arguments in any order do not', async () => {
    const { bus, vhost, look, declare, queue, reopen } = stage()
    await declare('x', 'headers', {})
    await queue('q')
    const bind = (given?: Record<string, string>) =>
      bus.ensureBinding(vhost, { exchange: 'x', queue: 'q', key: '', ...(given === undefined ? {} : { arguments: given }) }, never)
    for (const given of [{ 'x-match': 'any', b: '2', a: '1' }, undefined, { b: '2' }, { a: '1', b: '2', 'x-match': 'any' }, {}])
      await bind(given)
    const expected = [
      { exchange: 'x', queue: 'q', key: '' },
      { exchange: 'x', queue: 'q', key: '', arguments: { a: '1', b: '2', 'x-match': 'any' } },
      { exchange: 'x', queue: 'q', key: '', arguments: { b: '2' } },
    ]
    const sorted = async () => (await look()).bindings.toSorted((a, b) => compareUtf8(JSON.stringify(a), JSON.stringify(b)))
    const found = await sorted()
    expect(found).toHaveLength(3)
    expect(found).toEqual(expect.arrayContaining(expected))
    await reopen()
    expect(await sorted()).toEqual(found)
  })

  it('keeps the topology across a reopen', async () => {
    const { look, reopen, declare, queue } = stage()
    await queue('q', { ttl: 3_600, dlx: 'dead' })
    await declare('x', 'topic', { q: ['a.#', 'b'] })
    const before = await look()
    await reopen()
    expect(await look()).toEqual(before)
    expect(await stage().send('x', 'a.b', 'routed as before')).toMatchObject({ routed: true })
  })

  it('refuses an exchange of another type as incompatible, and leaves it as it is', async () => {
    const { bus, vhost, look } = stage()
    await bus.ensureExchange(vhost, { name: 'x', type: 'topic' }, never)
    await expect(bus.ensureExchange(vhost, { name: 'x', type: 'fanout' }, never)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringMatching(/x.*topic.*fanout|x.*fanout.*topic/s),
    })
    expect((await look()).exchanges).toEqual([{ name: 'x', type: 'topic' }])
  })

  it('refuses a queue of another type as incompatible, and leaves it as it is', async () => {
    const { bus, vhost, look } = stage()
    await bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)
    await expect(bus.ensureQueue(vhost, { name: 'q', type: 'quorum' }, never)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringMatching(/q.*classic.*quorum|q.*quorum.*classic/s),
    })
    expect(await look()).toMatchObject({ queues: [{ name: 'q', type: 'classic' }] })
  })

  itSets('sets, changes and clears the policy of a queue, whose dead letters may name an exchange that is not there', async () => {
    const { bus, vhost, look, queue } = stage()
    await queue('q')
    for (const policy of [
      { ttl: 60, dlx: 'no such exchange' },
      { ttl: 0, dlx: 'another' },
      { ttl: 5, dlx: null },
      { ttl: 0, dlx: null },
    ]) {
      await bus.ensureQueuePolicy(vhost, 'q', policy, never)
      expect((await look()).queues).toEqual([{ name: 'q', type: 'classic', policy }])
    }
  })

  it('rejects not-found for a policy or a binding of what is not there, and names it', async () => {
    const { bus, vhost, look } = stage()
    const notFound = (name: string) => ({ code: 'not-found', message: expect.stringContaining(name) })
    await expect(bus.ensureQueuePolicy(vhost, 'ghost', { ttl: 1, dlx: null }, never)).rejects.toMatchObject(notFound('ghost'))
    await bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)
    await expect(bus.ensureBinding(vhost, { exchange: 'no-x', queue: 'q', key: '' }, never)).rejects.toMatchObject(notFound('no-x'))
    await bus.ensureExchange(vhost, { name: 'x', type: 'topic' }, never)
    await expect(bus.ensureBinding(vhost, { exchange: 'x', queue: 'no-q', key: '' }, never)).rejects.toMatchObject(notFound('no-q'))
    expect((await look()).bindings).toEqual([])
  })

  it('does not mix two vhosts', async () => {
    const { bus, vhost, otherVhost, look, send, fill, drain } = stage()
    await bus.ensureExchange(otherVhost, { name: 'x', type: 'fanout' }, never)
    await bus.ensureQueue(otherVhost, { name: 'q', type: 'quorum' }, never)
    await bus.ensureBinding(otherVhost, { exchange: 'x', queue: 'q', key: '' }, never)
    expect(await look()).toEqual({ exchanges: [], queues: [], bindings: [] })
    await expect(send('x', '', 'from the wrong vhost')).rejects.toMatchObject({ code: 'not-found' })
    await expect(bus.consume('q', { prefetch: 1 }, never)).rejects.toMatchObject({ code: 'not-found' })

    await bus.ensureExchange(vhost, { name: 'x', type: 'topic' }, never)
    await bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, never)
    expect(await send('x', '', 'no binding here')).toMatchObject({ routed: false })
    await fill('q', ['mine'])
    expect(await drain('q')).toHaveLength(1)
    expect(await look(otherVhost)).toMatchObject({ exchanges: [{ name: 'x', type: 'fanout' }], queues: [{ name: 'q', type: 'quorum' }] })
  })

  it('sees a deleted queue as gone, and takes it back without its bindings and messages', async () => {
    const { bus, vhost, look, seen, declare, send, deleteQueue, queue, drain } = stage()
    await declare('x', 'topic', { q: ['a'], other: ['a'] })
    await send('x', 'a', 'lost with the queue')
    await deleteQueue('q')
    expect(await look()).toMatchObject({ queues: [{ name: 'other' }], bindings: seen([{ exchange: 'x', queue: 'other', key: 'a' }]) })
    expect(await send('', 'q', 'nobody')).toMatchObject({ routed: false })
    await queue('q')
    expect(await drain('q')).toEqual([])
    await bus.ensureBinding(vhost, { exchange: 'x', queue: 'q', key: 'a' }, never)
    await send('x', 'a', 'again')
    expect(await drain('q')).toHaveLength(1)
    expect(await drain('other')).toHaveLength(2)
  })

  it('rejects with the reason of a signal that has aborted, and changes nothing', async () => {
    const { bus, vhost, look } = stage()
    const reason = new Error('enough')
    const aborted = AbortSignal.abort(reason)
    await expect(bus.ensureExchange(vhost, { name: 'x', type: 'topic' }, aborted)).rejects.toBe(reason)
    await expect(bus.ensureQueue(vhost, { name: 'q', type: 'classic' }, aborted)).rejects.toBe(reason)
    await expect(bus.ensureQueuePolicy(vhost, 'q', { ttl: 1, dlx: null }, aborted)).rejects.toBe(reason)
    await expect(bus.ensureBinding(vhost, { exchange: 'x', queue: 'q', key: '' }, aborted)).rejects.toBe(reason)
    expect(await look()).toEqual({ exchanges: [], queues: [], bindings: [] })
  })
}
