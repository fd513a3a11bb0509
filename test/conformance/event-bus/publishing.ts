import { expect, it } from 'vitest'
import type { Delivery } from '../../../src/main/core/ports/event-bus'
import { bodies, bytes, never, numbers, type Stage } from './stage'

const MIB = 1024 * 1024

export function publishingCases(stage: () => Stage): void {
  it('delivers a message as it was published', async () => {
    const { bus, declare, drain } = stage()
    await declare('x', 'topic', { q: ['#'] })
    const body = Uint8Array.from({ length: 256 }, (_, n) => n)
    const headers = { plain: 'text', '': 'empty name', empty: '', 'снимок 🎬': 'имя', __proto__x: 'own', constructor: 'own' }
    const message = { body, contentType: 'application/x-test; charset=utf-8', headers, idempotencyKey: 'key 1' }
    expect(await bus.publish('x', 'media.new', message, never)).toEqual({ messageId: 'key 1', routed: true })
    const [delivery] = await drain('q')
    expect(delivery).toEqual({
      delivery: expect.any(String),
      exchange: 'x',
      routingKey: 'media.new',
      headers,
      idempotencyKey: 'key 1',
      redelivered: false,
      contentType: 'application/x-test; charset=utf-8',
      body: expect.any(Uint8Array),
    })
    expect([...(delivery?.body ?? [])]).toEqual([...body])
  })

  it('fills in what the publisher left out', async () => {
    const { queue, fill, drain } = stage()
    await queue('q')
    await fill('q', ['one', 'two'])
    const found = await drain('q')
    expect(found).toMatchObject([
      { headers: {}, contentType: 'application/octet-stream' },
      { headers: {}, contentType: 'application/octet-stream' },
    ])
    const ids = found.map(({ idempotencyKey }) => idempotencyKey)
    expect(new Set(ids).size).toBe(2)
    expect(ids.every((id) => id.length > 0)).toBe(true)
  })

  it('answers with the id that the message then has', async () => {
    const { queue, send, drain } = stage()
    await queue('q')
    const { messageId } = await send('', 'q', 'unnamed')
    expect(await drain('q')).toMatchObject([{ idempotencyKey: messageId }])
  })

  it('carries an empty body and one of 16 MiB', async () => {
    const { bus, queue, drain } = stage()
    await queue('q')
    const large = new Uint8Array(16 * MIB)
    for (let at = 0; at < large.length; at += 4_093) large[at] = at % 251
    await bus.publish('', 'q', { body: new Uint8Array(0) }, never)
    await bus.publish('', 'q', { body: large }, never)
    const [first, second] = await drain('q')
    expect(first?.body.byteLength).toBe(0)
    expect(Buffer.from(second?.body ?? []).equals(large)).toBe(true)
  })

  it('refuses a body over 16 MiB as too-large, and keeps nothing of it', async () => {
    const { bus, queue, drain } = stage()
    await queue('q')
    await expect(bus.publish('', 'q', { body: new Uint8Array(16 * MIB + 1) }, never)).rejects.toMatchObject({ code: 'too-large' })
    expect(await drain('q')).toEqual([])
  })

  it('rejects not-found for an exchange that is not there, and names it', async () => {
    const { send } = stage()
    const notFound = { code: 'not-found', message: expect.stringContaining('ghost') }
    await expect(send('ghost', 'a', 'body')).rejects.toMatchObject(notFound)
    await expect(send('ghost', 'a', 'body', { mandatory: true })).rejects.toMatchObject(notFound)
  })

  it('drops what no queue is bound for, and rejects it when it is mandatory', async () => {
    const { declare, send, drain } = stage()
    await declare('x', 'topic', { q: ['a'] })
    expect(await send('x', 'b', 'dropped', { idempotencyKey: 'k' })).toEqual({ messageId: 'k', routed: false })
    await expect(send('x', 'b', 'returned', { mandatory: true })).rejects.toMatchObject({ code: 'not-found' })
    await expect(send('', 'b', 'returned', { mandatory: true })).rejects.toMatchObject({ code: 'not-found' })
    expect(await send('x', 'a', 'kept', { mandatory: true })).toMatchObject({ routed: true })
    expect(bodies(await drain('q'))).toEqual(['kept'])
  })

  it('keeps the order of a publisher that does not wait', async () => {
    const { queue, send, drain } = stage()
    await queue('q')
    await Promise.all(numbers(300).map((body) => send('', 'q', body)))
    expect(bodies(await drain('q'))).toEqual(numbers(300))
  })

  it('keeps the order of each of several publishers', async () => {
    const { queue, send, drain } = stage()
    await queue('q')
    const publisher = async (name: string) => {
      for (const n of numbers(50)) await send('', 'q', `${name} ${n}`)
    }
    await Promise.all(['a', 'b', 'c', 'd'].map(publisher))
    const found = bodies(await drain('q'))
    for (const name of ['a', 'b', 'c', 'd']) {
      expect(found.filter((body) => body.startsWith(name))).toEqual(numbers(50).map((n) => `${name} ${n}`))
    }
  })

  it('lets a refused publish disturb none of those beside it', async () => {
    const { queue, send, drain } = stage()
    await queue('q')
    const outcomes = await Promise.allSettled([
      send('', 'q', '1'),
      send('ghost', 'q', 'refused'),
      send('', 'q', '2'),
      send('', 'nobody', 'refused', { mandatory: true }),
      send('', 'q', '3'),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
    expect(bodies(await drain('q'))).toEqual(['1', '2', '3'])
  })

  it('keeps messages, with all that belongs to them, across a reopen', async () => {
    const { bus, declare, reopen, drain } = stage()
    await declare('x', 'topic', { q: ['#'] })
    for (const n of numbers(20)) {
      await bus.publish('x', `k.${n}`, { body: bytes(n), headers: { n }, contentType: 'text/plain', idempotencyKey: `id ${n}` }, never)
    }
    await reopen()
    const found = await drain('q')
    const expected = numbers(20).map(
      (n): Partial<Delivery> => ({
        exchange: 'x',
        routingKey: `k.${n}`,
        headers: { n },
        contentType: 'text/plain',
        idempotencyKey: `id ${n}`,
        redelivered: false,
      }),
    )
    expect(found).toMatchObject(expected)
    expect(bodies(found)).toEqual(numbers(20))
  })

  it('rejects with the reason of a signal that has aborted, and publishes nothing', async () => {
    const { bus, queue, drain } = stage()
    await queue('q')
    // A reason that looks like a failure of the operating system is still the caller's own.
    const reason = Object.assign(new Error('enough'), { code: 'ABORT_ERR' })
    await expect(bus.publish('', 'q', { body: bytes('no') }, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(await drain('q')).toEqual([])
  })
}
