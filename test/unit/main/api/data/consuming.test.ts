import { describe, expect, it } from 'vitest'
import type { DeliveredMessage } from '../../../../../src/shared/data-plane'
import { type Consumer, consume, publish, settle } from './consumer'
import { type Plane, startData } from './workbench'

async function withMessages(...bodies: string[]): Promise<Plane> {
  const data = await startData()
  for (const body of bodies) await publish(data, body)
  return data
}

async function take(consumer: Consumer, count: number): Promise<DeliveredMessage[]> {
  const taken: DeliveredMessage[] = []
  for (let i = 0; i < count; i++) taken.push(await consumer.next())
  return taken
}

const texts = (messages: readonly DeliveredMessage[]) => messages.map(({ body, redelivered }) => [body, redelivered])

describe('a stream of deliveries', () => {
  it('brings messages as server-sent events, those that come later too', async () => {
    const data = await withMessages('one')
    const consumer = await consume(data, 'work')
    expect([consumer.status, consumer.headers['content-type']]).toEqual([200, 'text/event-stream'])
    expect(await consumer.next()).toMatchObject({ body: 'one' })
    await publish(data, 'two')
    expect(await consumer.next()).toMatchObject({ body: 'two' })
    consumer.leave()
  })

  it('has at most as many in hand as it asked for', async () => {
    const data = await withMessages('one', 'two', 'three')
    const few = await consume(data, 'work', '?prefetch=2')
    const [first] = await take(few, 2)
    const other = await consume(data, 'work')
    expect(await other.next()).toMatchObject({ body: 'three' })
    await settle(data, 'work', { delivery: first?.delivery, action: 'ack' })
    other.leave()
    expect(texts(await take(few, 1))).toEqual([['three', true]])
    few.leave()
  })

  it('gives back what was not settled when its consumer goes away', async () => {
    const data = await withMessages('one', 'two', 'three')
    const first = await consume(data, 'work')
    const [one, two] = await take(first, 3)
    await settle(data, 'work', { delivery: two?.delivery, action: 'ack' })
    first.leave()
    const second = await consume(data, 'work')
    expect(texts(await take(second, 2))).toEqual([
      ['one', true],
      ['three', true],
    ])
    // A delivery is good for its stream alone.
    const late = await settle(data, 'work', { delivery: one?.delivery, action: 'ack' })
    expect([late.status, late.json().code]).toEqual([404, 'not-found'])
    second.leave()
  })

  it('ends when the node closes, which gives back', async () => {
    const data = await withMessages('one')
    const consumer = await consume(data, 'work')
    await consumer.next()
    const idle = await consume(data, 'dead')
    await data.close()
    expect([await consumer.event(), await idle.event()]).toEqual([undefined, undefined])
    const subscription = await data.bus.consume('work', { prefetch: 1 }, new AbortController().signal)
    for await (const { redelivered } of subscription) {
      expect(redelivered).toBe(true)
      break
    }
  })

  it('ends with an error when its queue is deleted', async () => {
    const data = await startData()
    const consumer = await consume(data, 'work')
    await data.bus.removeQueue('/', 'work', { contents: true }, new AbortController().signal)
    expect(await consumer.event()).toEqual({ event: 'error', data: expect.objectContaining({ code: 'not-found', status: 404 }) })
    expect(await consumer.event()).toBeUndefined()
  })

  it('of a queue that does not exist, or with a prefetch that is none, is refused as a problem', async () => {
    const data = await startData()
    const refused = async (path: string) => {
      const answer = await data.call('GET', `/data/bus/queues/${path}`)
      return [answer.status, answer.json().code]
    }
    expect(await refused('nobody/messages')).toEqual([404, 'not-found'])
    expect(await refused('work')).toEqual([404, 'not-found'])
    expect(await refused('%FF/messages')).toEqual([400, 'invalid'])
    for (const prefetch of ['0', '65536', '-1', 'x', '1.5']) {
      expect(await refused(`work/messages?prefetch=${prefetch}`), prefetch).toEqual([400, 'invalid'])
    }
  })

  it('shows that it is alive while there is nothing to deliver', async () => {
    const data = await startData({ dataLimits: { heartbeatMs: 20 } })
    const request = data.open('GET', { path: '/data/bus/queues/work/messages' })
    request.end()
    let text = ''
    request.on('response', (response) => {
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', () => undefined)
    })
    await expect.poll(() => text.split('\n\n').filter((line) => line.startsWith(': ')).length).toBeGreaterThan(3)
    expect(text).not.toContain('data:')
    request.on('error', () => undefined).destroy()
  })

  it('is one of so many; one more is told to try again, and requests beside it go on', async () => {
    const data = await startData({ dataLimits: { consumers: 1, requests: 1 } })
    const consumer = await consume(data, 'work')
    const refused = await data.call('GET', '/data/bus/queues/work/messages')
    expect([refused.status, refused.json().code]).toEqual([503, 'unavailable'])
    expect((await publish(data, 'one')).status).toBe(202)
    const { delivery } = await consumer.next()
    expect((await settle(data, 'work', { delivery, action: 'ack' })).status).toBe(200)
    consumer.leave()
    await expect
      .poll(async () => {
        const next = await consume(data, 'work')
        next.leave()
        return next.status
      })
      .toBe(200)
  })
})

describe('settling', () => {
  it('by ack is for good, by requeue brings the message again, and by reject makes it a dead letter', async () => {
    const data = await withMessages('one', 'two', 'three')
    const consumer = await consume(data, 'work')
    const [one, two, three] = await take(consumer, 3)
    for (const [message, action] of [
      [one, 'ack'],
      [two, 'requeue'],
      [three, 'reject'],
    ] as const) {
      const answer = await settle(data, 'work', { delivery: message?.delivery, action })
      expect([answer.status, answer.json()]).toEqual([200, { results: [{ delivery: message?.delivery, ok: true }] }])
    }
    expect(texts(await take(consumer, 1))).toEqual([['two', true]])
    const graves = await consume(data, 'dead')
    expect(await graves.next()).toMatchObject({ body: 'three', headers: { 'x-first-death-reason': 'rejected' } })
    graves.leave()
    consumer.leave()
  })

  it('of several says of each in order what became of it', async () => {
    const data = await withMessages('one', 'two')
    const consumer = await consume(data, 'work')
    const [one, two] = await take(consumer, 2)
    const answer = await settle(data, 'work', [
      { delivery: two?.delivery, action: 'ack' },
      { delivery: 'nobody', action: 'ack' },
      { delivery: one?.delivery, action: 'ack' },
      { delivery: one?.delivery, action: 'ack' },
    ])
    const refused = { ok: false, error: { code: 'not-found', message: expect.stringContaining('work') } }
    expect([answer.status, answer.json()]).toEqual([
      200,
      {
        results: [
          { delivery: two?.delivery, ok: true },
          { delivery: 'nobody', ...refused },
          { delivery: one?.delivery, ok: true },
          { delivery: one?.delivery, ...refused },
        ],
      },
    ])
    expect((await settle(data, 'work', [])).json()).toEqual({ results: [] })
    consumer.leave()
  })

  it('goes to the queue that a delivery came from', async () => {
    const data = await withMessages('one')
    const consumer = await consume(data, 'work')
    const { delivery } = await consumer.next()
    expect((await settle(data, 'dead', { delivery, action: 'ack' })).status).toBe(404)
    expect((await settle(data, 'work', { delivery, action: 'ack' })).status).toBe(200)
    expect((await settle(data, 'work', { delivery, action: 'ack' })).status).toBe(404)
    consumer.leave()
  })

  it('that says nothing known is refused', async () => {
    const data = await startData()
    for (const asked of [
      {},
      null,
      'ack',
      { delivery: 'x' },
      { delivery: 'x', action: 'nack' },
      [{ delivery: 'x' }],
      { delivery: 1, action: 'ack' },
    ]) {
      const answer = await settle(data, 'work', asked)
      expect([answer.status, answer.json().code], JSON.stringify(asked)).toEqual([400, 'invalid'])
    }
    const noJson = await data.call('POST', { path: '/data/bus/queues/work/acks', body: '{' })
    expect([noJson.status, noJson.json().code]).toEqual([400, 'invalid'])
    expect((await data.call('POST', '/data/bus/queues/work/messages')).status).toBe(404)
  })
})
