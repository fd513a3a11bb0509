import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Published } from '../../../../../src/shared/data-plane'
import { consume, publish, settle } from './consumer'
import { never, type Plane, startData } from './workbench'

/** What the queue holds: all of it, in order, settled. */
async function bodiesOf(data: Plane, queue: string): Promise<unknown[]> {
  await data.bus.publish('', queue, { body: Buffer.from('end'), contentType: 'text/end' }, never)
  const consumer = await consume(data, queue, '?prefetch=1')
  const bodies: unknown[] = []
  while (true) {
    const { delivery, content_type: type, body } = await consumer.next()
    expect((await settle(data, queue, { delivery, action: 'ack' })).status).toBe(200)
    if (type === 'text/end') break
    bodies.push(body)
  }
  consumer.leave()
  return bodies
}

describe('publishing over HTTP', () => {
  it('is answered with the id, and whether anybody gets the message', async () => {
    const data = await startData()
    const made = await publish(data, 'one')
    expect([made.status, made.json()]).toEqual([202, { message_id: expect.stringMatching(/^[0-9a-f-]{36}$/), routed: true }])
    const nobody = await data.call('POST', { path: '/data/bus/exchanges/orders/messages?key=other', body: 'x' })
    expect([nobody.status, nobody.json()]).toMatchObject([202, { routed: false }])
    expect(await bodiesOf(data, 'work')).toEqual(['one'])
  })

  it('reaches a queue by its name over the exchange that has none', async () => {
    const data = await startData()
    for (const exchange of ['amq.default', '']) {
      const path = `/data/bus/exchanges/${exchange}/messages?key=dead`
      const answer = await data.call('POST', { path, headers: { 'content-type': 'text/plain' }, body: `by "${exchange}"` })
      expect([answer.status, answer.json()], exchange).toMatchObject([202, { routed: true }])
    }
    expect(await bodiesOf(data, 'dead')).toEqual(['by "amq.default"', 'by ""'])
  })

  it('carries headers, type and body to the consumer as they were', async () => {
    const data = await startData()
    const consumer = await consume(data, 'work')
    const bytes = randomBytes(1_000)
    const value = { a: [1, 'é', null] }
    const cases: [string | undefined, string | Uint8Array, object][] = [
      ['application/json', JSON.stringify(value), { body: value }],
      ['application/problem+json; charset=utf-8', 'null', { body: null }],
      ['text/plain', 'Ключ\r\n\n', { body: 'Ключ\r\n\n' }],
      ['application/json', '{"broken"', { body_base64: Buffer.from('{"broken"').toString('base64') }],
      ['text/plain', Uint8Array.of(0xff, 0xfe), { body_base64: '//4=' }],
      ['image/png', bytes, { body_base64: bytes.toString('base64') }],
      [undefined, 'bare', { body_base64: Buffer.from('bare').toString('base64') }],
      ['text/plain', '', { body: '' }],
    ]
    for (const [type, body, expected] of cases) {
      const headers = { 'x-header-trace': encodeURIComponent('é/1'), ...(type === undefined ? {} : { 'content-type': type }) }
      const { message_id: id } = (
        await data.call('POST', { path: '/data/bus/exchanges/orders/messages?key=order.%C3%A9', headers, body })
      ).json<Published>()
      const { delivery: _, ...message } = await consumer.next()
      expect(message).toEqual({
        exchange: 'orders',
        routing_key: 'order.é',
        headers: { trace: 'é/1' },
        idempotency_key: id,
        redelivered: false,
        content_type: type ?? 'application/octet-stream',
        ...expected,
      })
    }
    consumer.leave()
  })

  it('again with the same key adds nothing, and with another body is refused', async () => {
    const data = await startData()
    const headers = { 'idempotency-key': 'order-1' }
    for (let i = 0; i < 2; i++) {
      const answer = await publish(data, 'one', { headers })
      expect([answer.status, answer.json()]).toEqual([202, { message_id: 'order-1', routed: true }])
    }
    const other = await publish(data, 'two', { headers })
    expect([other.status, other.json().code]).toEqual([409, 'already-exists'])
    expect(await bodiesOf(data, 'work')).toEqual(['one'])
  })

  it('that is mandatory is refused where no queue is bound', async () => {
    const data = await startData()
    for (const mandatory of ['mandatory', 'mandatory=true', 'mandatory=1']) {
      const answer = await data.call('POST', { path: `/data/bus/exchanges/orders/messages?key=other&${mandatory}`, body: 'x' })
      expect([answer.status, answer.json().code], mandatory).toEqual([404, 'not-found'])
      expect((await publish(data, mandatory, { query: `&${mandatory}` })).status).toBe(202)
    }
    const not = await data.call('POST', { path: '/data/bus/exchanges/orders/messages?key=other&mandatory=false', body: 'x' })
    expect(not.status).toBe(202)
    expect(await bodiesOf(data, 'work')).toEqual(['mandatory', 'mandatory=true', 'mandatory=1'])
  })

  it('for a time lets the message die when it is over', async () => {
    const data = await startData()
    expect((await publish(data, 'short', { query: '&ttl_ms=0' })).status).toBe(202)
    expect((await publish(data, 'long', { query: '&ttl_ms=100000000' })).status).toBe(202)
    const graves = await consume(data, 'dead')
    expect(await graves.next()).toMatchObject({
      body: 'short',
      headers: { 'x-first-death-reason': 'expired', 'x-first-death-queue': 'work' },
    })
    graves.leave()
    expect(await bodiesOf(data, 'work')).toEqual(['long'])
  })

  it('to what does not exist, or with what is no key, is refused', async () => {
    const data = await startData()
    const refused: [string, Record<string, string>, number, string][] = [
      ['/data/bus/exchanges/nobody/messages', {}, 404, 'not-found'],
      ['/data/bus/exchanges/orders', {}, 404, 'not-found'],
      ['/data/bus/exchanges/orders/messages/more', {}, 404, 'not-found'],
      ['/data/bus/exchanges/%FF/messages', {}, 400, 'invalid'],
      [`/data/bus/exchanges/${'x'.repeat(256)}/messages`, {}, 400, 'invalid'],
      [`/data/bus/exchanges/orders/messages?key=${'x'.repeat(256)}`, {}, 400, 'invalid'],
      ['/data/bus/exchanges/orders/messages?ttl_ms=-1', {}, 400, 'invalid'],
      ['/data/bus/exchanges/orders/messages?ttl_ms=soon', {}, 400, 'invalid'],
      ['/data/bus/exchanges/orders/messages', { 'idempotency-key': '' }, 400, 'invalid'],
      ['/data/bus/exchanges/orders/messages', { 'idempotency-key': 'x'.repeat(256) }, 400, 'invalid'],
      ['/data/bus/exchanges/orders/messages', { 'x-header-a': '%FF' }, 400, 'invalid'],
    ]
    for (const [path, headers, status, code] of refused) {
      const answer = await data.call('POST', { path, headers, body: 'x' })
      expect([answer.status, answer.json().code], `${path} ${JSON.stringify(headers)}`).toEqual([status, code])
    }
    expect(await bodiesOf(data, 'work')).toEqual([])
  })

  it('takes a body of 16 MiB, and none that is larger', async () => {
    const data = await startData()
    const body = 'x'.repeat(16 * 1024 * 1024)
    expect((await publish(data, body)).status).toBe(202)
    const refused = await publish(data, `${body}x`)
    expect([refused.status, refused.json().code, refused.json().detail]).toEqual([413, 'too-large', expect.stringContaining('16 MiB')])
    expect(await bodiesOf(data, 'work')).toEqual([body])
  })
})
