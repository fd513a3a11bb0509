/** TTL and dead letters of queues that are yet to be made, and what a first pass over many queues asks of the management API. */
import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { openBusRabbitmq } from '../../../src/main/adapters/bus-rabbitmq/bus-rabbitmq'
import { never, numbers } from '../../conformance/event-bus/stage'
import { proxyTo } from '../../support/proxy'
import { describeWith } from '../../support/servers'
import { ask, makeVhost, managementOf } from './bus-rabbitmq-harness'

const nothing = { exchanges: [], queues: [] }

describeWith('rabbitmq', 'policies ahead of their queues', (address) => {
  function open(vhost: string, managementUrl: string | null = managementOf(address)) {
    const bus = openBusRabbitmq({
      url: address.url,
      ...(managementUrl === null ? {} : { managementUrl }),
      vhost: () => vhost,
      deadlineMs: 5_000,
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

  const theirs = (vhost: string, name: string, body: object) =>
    ask(address, 'PUT', `/policies/${encodeURIComponent(vhost)}/${name}`, { priority: 0, 'apply-to': 'queues', ...body })

  it('a queue has it from the moment it is made, in a vhost that is made for it', async () => {
    const vhost = `thatdam test ${randomUUID()}`
    onTestFinished(async () => void (await ask(address, 'DELETE', `/vhosts/${encodeURIComponent(vhost)}`)))
    const bus = open(vhost)
    const wish = { ttl: 60, dlx: 'letters' }
    for (let time = 0; time < 2; time++) await bus.ensureQueuePolicyAhead?.(vhost, { name: 'q', type: 'quorum' }, wish, never)
    await bus.ensureQueue(vhost, { name: 'q', type: 'quorum' }, never)
    expect((await bus.describe(vhost, nothing, never)).queues).toEqual([{ name: 'q', type: 'quorum', policy: wish }])
    await bus.removeQueue(vhost, 'q', { contents: false }, never)
    expect(await ask(address, 'GET', `/policies/${encodeURIComponent(vhost)}`)).toEqual([])
  })

  it('what is somebody else’s and will hold the queue is not displaced', async () => {
    const vhost = await ownVhost()
    const bus = open(vhost)
    await theirs(vhost, 'for-all', { pattern: '.*', definition: { 'max-length': 100 } })
    await theirs(vhost, 'thatdam-namesake', { pattern: '^nobody$', definition: { 'max-length': 100 }, priority: -1 })
    for (const [name, held] of [
      ['q', 'policy "for-all"'],
      ['namesake', 'policy "for-all"'],
    ] as const) {
      await expect(bus.ensureQueuePolicyAhead?.(vhost, { name, type: 'classic' }, { ttl: 60, dlx: null }, never)).rejects.toMatchObject({
        code: 'incompatible',
        message: expect.stringContaining(held),
      })
    }
    await ask(address, 'DELETE', `/policies/${encodeURIComponent(vhost)}/for-all`)
    const namesake = bus.ensureQueuePolicyAhead?.(vhost, { name: 'namesake', type: 'classic' }, { ttl: 60, dlx: null }, never)
    await expect(namesake).rejects.toMatchObject({ code: 'incompatible', message: expect.stringContaining('"thatdam-namesake"') })
    await bus.ensureQueuePolicyAhead?.(vhost, { name: 'q', type: 'classic' }, { ttl: 60, dlx: null }, never)
  })

  it('a policy that somebody sets is seen by whoever asks after that', async () => {
    const vhost = await ownVhost()
    const bus = open(vhost)
    const ahead = (name: string) => bus.ensureQueuePolicyAhead?.(vhost, { name, type: 'classic' }, { ttl: 60, dlx: null }, never)
    const before = numbers(20).map((n) => ahead(`a${n}`))
    await theirs(vhost, 'for-b', { pattern: '^b', definition: { 'max-length': 100 } })
    const after = await Promise.allSettled(numbers(20).map((n) => ahead(`b${n}`)))
    expect(after).toMatchObject(after.map(() => ({ status: 'rejected', reason: { code: 'incompatible' } })))
    await Promise.all(before)
  })

  it('many that are asked for at once read the list of policies a few times, and one that is not ahead reads no list', async () => {
    const vhost = await ownVhost()
    const proxy = await proxyTo(managementOf(address))
    const bus = open(vhost, proxy.through(managementOf(address)))
    const lists = () => proxy.requests.filter(({ method, target }) => method === 'GET' && /^\/api\/policies\/[^/]*$/.test(target)).length
    await Promise.all(
      numbers(60).map((name) => bus.ensureQueuePolicyAhead?.(vhost, { name, type: 'classic' }, { ttl: 60, dlx: null }, never)),
    )
    const listed = lists()
    expect(listed).toBeLessThanOrEqual(2)
    await Promise.all(numbers(60).map((name) => bus.ensureQueue(vhost, { name, type: 'classic' }, never)))
    await Promise.all(numbers(20).map((name) => bus.ensureQueuePolicy(vhost, name, { ttl: 30, dlx: null }, never)))
    expect(lists()).toBe(listed)
    const { queues } = await bus.describe(vhost, nothing, never)
    expect(new Map(queues.map(({ name, policy }) => [name, policy.ttl]))).toEqual(
      new Map(numbers(60).map((name) => [name, Number(name) < 20 ? 30 : 60])),
    )
  })

  it('goes on for others when one who asked leaves', async () => {
    const vhost = await ownVhost()
    const bus = open(vhost)
    const controller = new AbortController()
    const ahead = (name: string, signal: AbortSignal) =>
      bus.ensureQueuePolicyAhead?.(vhost, { name, type: 'classic' }, { ttl: 60, dlx: null }, signal)
    const [left, stays] = [ahead('left', controller.signal), ahead('stays', never)]
    const refused = expect(left).rejects.toBe('enough')
    controller.abort('enough')
    await refused
    await stays
    expect(await ask(address, 'GET', `/policies/${encodeURIComponent(vhost)}`)).toMatchObject([{ name: 'thatdam-stays' }])
  })

  it('is not to be had without the management API', async () => {
    const vhost = await ownVhost()
    expect(open(vhost, null).ensureQueuePolicyAhead).toBeUndefined()
  })
})
