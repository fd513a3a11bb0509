import { expect, it } from 'vitest'
import { bodies, never, numbers, type Stage, text } from './stage'

export function consumingCases(stage: () => Stage): void {
  it('delivers in order, and what comes later to a reader that waits', async () => {
    const { queue, fill, consume } = stage()
    await queue('q')
    await fill('q', ['1', '2'])
    const { take } = await consume('q')
    expect(bodies(await take(2))).toEqual(['1', '2'])
    const waiting = take(2)
    await fill('q', ['3', '4'])
    expect(bodies(await waiting)).toEqual(['3', '4'])
  })

  it('answers several reads at once in their order', async () => {
    const { queue, fill, consume } = stage()
    await queue('q')
    const { next } = await consume('q')
    const reads = [next(), next(), next()]
    await fill('q', ['1', '2', '3'])
    const found = await Promise.all(reads)
    expect(found.map(({ value }) => text((value as { body: Uint8Array }).body))).toEqual(['1', '2', '3'])
  })

  it('rejects not-found for a queue that is not there, and names it', async () => {
    await expect(stage().bus.consume('ghost', { prefetch: 1 }, never)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('ghost'),
    })
  })

  it.each([0, -1, 1.5, 65_536, Number.NaN])('refuses a prefetch of %d as invalid', async (prefetch) => {
    const { bus, queue } = stage()
    await queue('q')
    await expect(bus.consume('q', { prefetch }, never)).rejects.toMatchObject({ code: 'invalid' })
  })

  it.each(['ack', 'reject'] as const)('holds back what exceeds the prefetch until a delivery is settled as %s', async (as) => {
    const { queue, fill, consume, barrier } = stage()
    await queue('q')
    await fill('q', numbers(5))
    const { subscription, take, next } = await consume('q', 2)
    const [first] = await take(2)
    let third: string | undefined
    const waiting = next().then(({ value }) => {
      third = text((value as { body: Uint8Array }).body)
    })
    await barrier()
    expect(third).toBeUndefined()
    await subscription.settle(first?.delivery ?? '', as)
    await waiting
    expect(third).toBe('2')
  })

  it('never delivers again what was acknowledged, not even after a reopen', async () => {
    const { queue, fill, consume, reopen, drain } = stage()
    await queue('q')
    await fill('q', numbers(6))
    const { subscription, take } = await consume('q')
    const taken = await take(6)
    await Promise.all([0, 2, 4].map((n) => subscription.settle(taken[n]?.delivery ?? '', 'ack')))
    await reopen()
    expect(bodies(await drain('q'))).toEqual(['1', '3', '5'])
  })

  it('puts a requeued delivery back at its place, marked as redelivered', async () => {
    const { queue, fill, consume } = stage()
    await queue('q')
    await fill('q', numbers(4))
    const { subscription, take } = await consume('q', 2)
    const [first, second] = await take(2)
    await subscription.settle(first?.delivery ?? '', 'requeue')
    const [again] = await take(1)
    expect(again).toMatchObject({ redelivered: true, idempotencyKey: first?.idempotencyKey })
    expect(again?.delivery).not.toBe(first?.delivery)
    await subscription.settle(second?.delivery ?? '', 'ack')
    expect(await take(1)).toMatchObject([{ redelivered: false }])
  })

  it('drops a rejected delivery of a queue without dead letters', async () => {
    const { queue, fill, consume, drain } = stage()
    await queue('q')
    await fill('q', ['bad', 'good'])
    const { subscription, take } = await consume('q', 1)
    const [bad] = await take(1)
    await subscription.settle(bad?.delivery ?? '', 'reject')
    await subscription.close()
    expect(bodies(await drain('q'))).toEqual(['good'])
  })

  it('settles a delivery once, and only on the stream it came on', async () => {
    const { queue, fill, consume } = stage()
    await queue('q')
    await fill('q', numbers(3))
    const one = await consume('q', 1)
    const other = await consume('q', 1)
    const [mine] = await one.take(1)
    const [theirs] = await other.take(1)
    const notFound = { code: 'not-found' }
    await expect(one.subscription.settle(theirs?.delivery ?? '', 'ack')).rejects.toMatchObject(notFound)
    await expect(one.subscription.settle('never was one', 'ack')).rejects.toMatchObject(notFound)
    const [first, second] = await Promise.allSettled([
      one.subscription.settle(mine?.delivery ?? '', 'ack'),
      one.subscription.settle(mine?.delivery ?? '', 'ack'),
    ])
    expect(first.status).toBe('fulfilled')
    expect(second).toMatchObject({ status: 'rejected', reason: notFound })
    await other.subscription.close()
    await expect(other.subscription.settle(theirs?.delivery ?? '', 'ack')).rejects.toMatchObject(notFound)
  })

  it('gives ids to deliveries that no other ever had', async () => {
    const { queue, fill, consume, reopen } = stage()
    await queue('q')
    await fill('q', numbers(10))
    const seen: string[] = []
    for (let round = 0; round < 3; round++) {
      const { subscription, take } = await stage().consume('q')
      seen.push(...(await take(10)).map(({ delivery }) => delivery))
      await subscription.close()
    }
    await reopen()
    const { take } = await consume('q')
    seen.push(...(await take(10)).map(({ delivery }) => delivery))
    expect(new Set(seen).size).toBe(40)
  })

  it('gives back at the front, in order, what a closed stream had not settled', async () => {
    const { queue, fill, consume, drain } = stage()
    await queue('q')
    await fill('q', numbers(6))
    const { subscription, take, next } = await consume('q', 4)
    const taken = await take(4)
    await subscription.settle(taken[1]?.delivery ?? '', 'ack')
    await subscription.close()
    await subscription.close()
    expect(await next()).toMatchObject({ done: true })
    await fill('q', ['6'])
    const found = await drain('q')
    expect(bodies(found)).toEqual(['0', '2', '3', '4', '5', '6'])
    expect(found.slice(0, 3).every(({ redelivered }) => redelivered)).toBe(true)
    expect(found.at(-1)?.redelivered).toBe(false)
  })

  it('gives back what a loop had in hand when it was left', async () => {
    const { bus, queue, fill, drain } = stage()
    await queue('q')
    await fill('q', numbers(3))
    for await (const delivery of await bus.consume('q', { prefetch: 2 }, never)) {
      expect(text(delivery.body)).toBe('0')
      break
    }
    expect(bodies(await drain('q'))).toEqual(['0', '1', '2'])
  })

  it('ends a stream whose signal aborts, and gives back what it had in hand', async () => {
    const { queue, fill, consume, drain } = stage()
    await queue('q')
    await fill('q', numbers(2))
    const controller = new AbortController()
    const { subscription, take, next } = await consume('q', 10, controller.signal)
    const [first] = await take(2)
    const waiting = next()
    controller.abort(new Error('enough'))
    expect(await waiting).toMatchObject({ done: true })
    expect(await next()).toMatchObject({ done: true })
    await expect(subscription.settle(first?.delivery ?? '', 'ack')).rejects.toMatchObject({ code: 'not-found' })
    const found = await drain('q')
    expect(bodies(found)).toEqual(['0', '1'])
    expect(found.every(({ redelivered }) => redelivered)).toBe(true)
  })

  it('rejects with the reason of a signal that has aborted, and takes nothing', async () => {
    const { bus, queue, fill, drain } = stage()
    await queue('q')
    await fill('q', ['1'])
    const reason = new Error('enough')
    await expect(bus.consume('q', { prefetch: 1 }, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(await drain('q')).toMatchObject([{ redelivered: false }])
  })

  it('marks as redelivered after a reopen what was delivered before, and nothing else', async () => {
    const { queue, fill, consume, reopen, drain } = stage()
    await queue('q')
    await queue('untouched')
    await fill('q', numbers(4))
    await fill('untouched', ['1'])
    const { take } = await consume('q', 2)
    await take(2)
    await reopen()
    expect((await drain('q')).map(({ redelivered }) => redelivered)).toEqual([true, true, false, false])
    expect(await drain('untouched')).toMatchObject([{ redelivered: false }])
  })

  it('ends every stream when the bus closes, and closes twice without complaint', async () => {
    const { bus, queue, consume, reopen } = stage()
    await queue('q')
    const { subscription, next } = await consume('q')
    const waiting = next()
    await bus.close()
    expect(await waiting).toMatchObject({ done: true })
    expect(await next()).toMatchObject({ done: true })
    await subscription.close()
    await reopen()
  })

  it('ends the streams of a queue that was deleted beneath them with not-found', async () => {
    const { queue, fill, consume, deleteQueue, drain } = stage()
    await queue('q')
    await fill('q', ['lost'])
    const { subscription, take, next } = await consume('q')
    const [lost] = await take(1)
    const waiting = next()
    const refused = expect(waiting).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('"q"') })
    await deleteQueue('q')
    await queue('q')
    await refused
    expect(await next()).toMatchObject({ done: true })
    await expect(subscription.settle(lost?.delivery ?? '', 'ack')).rejects.toMatchObject({ code: 'not-found' })
    await fill('q', ['new'])
    expect(bodies(await drain('q'))).toEqual(['new'])
  })
}
