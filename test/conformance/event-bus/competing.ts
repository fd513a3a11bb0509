import { expect, it } from 'vitest'
import { bodies, numbers, type Reader, type Stage, text } from './stage'

export function competingCases(stage: () => Stage): void {
  it('gives to consumers with room in turn', async () => {
    const { queue, fill, consume } = stage()
    await queue('q')
    const one = await consume('q', 10)
    const other = await consume('q', 10)
    await fill('q', numbers(6))
    const mine = bodies(await one.take(3))
    const theirs = bodies(await other.take(3))
    expect([...mine, ...theirs].sort()).toEqual(numbers(6))
    expect(mine).toEqual([...mine].sort())
    expect(theirs).toEqual([...theirs].sort())
  })

  it('passes over a consumer that has no room', async () => {
    const { queue, fill, consume } = stage()
    await queue('q')
    const full = await consume('q', 1)
    const free = await consume('q', 10)
    await fill('q', numbers(6))
    await full.take(1)
    expect(await free.take(5)).toHaveLength(5)
  })

  it('hands what a consumer left behind to one that waits, before anything newer', async () => {
    const { queue, fill, consume } = stage()
    await queue('q')
    await fill('q', ['0', '1'])
    const leaving = await consume('q', 2)
    await leaving.take(2)
    const staying = await consume('q', 3)
    const waiting = staying.take(3)
    await leaving.subscription.close()
    await fill('q', ['2'])
    const found = await waiting
    expect(bodies(found)).toEqual(['0', '1', '2'])
    expect(found.map(({ redelivered }) => redelivered)).toEqual([true, true, false])
  })

  it('delivers each message to exactly one of many consumers that acknowledge, while publishers go on', async () => {
    const { queue, send, consume } = stage()
    await queue('q')
    const total = 600
    const seen: string[] = []
    const all = Promise.withResolvers<void>()
    const work = async ({ subscription }: Reader) => {
      for await (const delivery of subscription) {
        await subscription.settle(delivery.delivery, 'ack')
        if (seen.push(text(delivery.body)) === total) all.resolve()
      }
    }
    const readers = await Promise.all([1, 7, 50].map((prefetch) => consume('q', prefetch)))
    const workers = readers.map(work)
    await Promise.all(numbers(total).map((n) => send('', 'q', n)))
    await all.promise
    for (const { subscription } of readers) await subscription.close()
    await Promise.all(workers)
    expect(seen.sort()).toEqual(numbers(total).sort())
  })

  it('loses nothing when consumers come and go', async () => {
    const { queue, fill, consume, drain } = stage()
    await queue('q')
    await fill('q', numbers(60))
    const acknowledged: string[] = []
    for (let round = 0; round < 10; round++) {
      const [one, other] = await Promise.all([consume('q', 4), consume('q', 3)])
      const [kept] = await one.take(2)
      const [passedOn] = await other.take(1)
      await one.subscription.settle(kept?.delivery ?? '', 'ack')
      await other.subscription.settle(passedOn?.delivery ?? '', 'requeue')
      acknowledged.push(...bodies(kept === undefined ? [] : [kept]))
      await Promise.all([one.subscription.close(), other.subscription.close()])
    }
    const left = bodies(await drain('q'))
    expect(left).toEqual(numbers(60).filter((n) => !acknowledged.includes(n)))
    expect(acknowledged).toHaveLength(10)
  })
}
