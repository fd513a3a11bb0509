import { describe, expect, it } from 'vitest'
import type { Closing, Step } from '../../../src/main/core/ports/journal'
import { done, eachCase, eventFor, failed, type JournalHarness, stepFor } from './harness'

const nothing = { done: undefined, tried: undefined }

export function stepCases(makeHarness: () => Promise<JournalHarness>): void {
  const world = eachCase(makeHarness)

  async function finish(step: Step, closing: Closing = done): Promise<void> {
    await world.journal.close([{ id: await world.beginOne(step), closing }], [])
  }

  describe('steps', () => {
    it('keeps every field of a step, open and closed, newest first', async () => {
      const [one, two, three] = [stepFor('one'), stepFor('ключ', { component: 'index', kind: 'class', pass: 2 }), stepFor('three')]
      const [first = 0, second = 0, third = 0] = await world.journal.begin([one, two, three])
      await world.journal.close(
        [
          { id: second, closing: failed },
          { id: first, closing: done },
        ],
        [],
      )
      expect(await world.journal.entries(10)).toEqual([
        { ...three, id: third, closing: null },
        { ...two, id: second, closing: failed },
        { ...one, id: first, closing: done },
      ])
      expect(await world.journal.entries(1)).toEqual([{ ...three, id: third, closing: null }])
    })

    it('gives ids in the order of the steps, and to each its own', async () => {
      const names = Array.from({ length: 50 }, (_, number) => `bucket-${number}`)
      const calls = await Promise.all(names.map((bucket) => world.journal.begin([stepFor(`${bucket}/a`), stepFor(`${bucket}/b`)])))
      const nameOf = new Map((await world.journal.entries(1000)).map((entry) => [entry.id, entry.name]))
      expect(calls.map((ids) => ids.map((id) => nameOf.get(id)))).toEqual(names.map((bucket) => [`${bucket}/a`, `${bucket}/b`]))
      expect(nameOf.size).toBe(100)
    })

    it('writes nothing for nothing', async () => {
      expect(await world.journal.begin([])).toEqual([])
      await world.journal.close([], [])
      await world.journal.record([])
      await world.journal.markSent([])
      expect(await world.journal.entries(10)).toEqual([])
    })

    it('closes a step once: a second closing is a mistake that changes nothing, its events included', async () => {
      const [first = 0, second = 0] = await world.journal.begin([stepFor('one'), stepFor('two')])
      await world.journal.close([{ id: first, closing: done }], [])
      const again = world.journal.close(
        [
          { id: second, closing: done },
          { id: first, closing: failed },
        ],
        [eventFor('e1')],
      )
      await expect(again).rejects.toThrow(TypeError)
      expect((await world.journal.entries(10)).map(({ closing }) => closing)).toEqual([null, done])
      expect(await world.journal.events(10)).toEqual([])
      expect(await world.deedsOn(stepFor('two'))).toEqual(nothing)
    })

    it('refuses to close a step that was never begun, and leaves calls made at the same time alone', async () => {
      const id = await world.beginOne(stepFor('one'))
      const settled = await Promise.allSettled([
        world.journal.close([{ id: id + 1000, closing: done }], []),
        world.journal.close([{ id, closing: done }], [eventFor('e1')]),
      ])
      expect(settled).toMatchObject([{ status: 'rejected', reason: expect.any(TypeError) }, { status: 'fulfilled' }])
      expect((await world.journal.entries(10)).map(({ closing }) => closing)).toEqual([done])
      expect(await world.journal.events(10)).toEqual([eventFor('e1')])
    })

    it('knows the last pass that wrote something', async () => {
      await world.journal.begin([stepFor('one', { pass: 3 })])
      await world.journal.begin([stepFor('two', { pass: 7 })])
      await world.restart()
      expect(await world.journal.lastPass()).toBe(7)
    })
  })

  describe('recovery', () => {
    it('finds exactly the steps that an earlier process left open, closes them, and only once', async () => {
      const [one = 0, two = 0, three = 0] = await world.journal.begin([stepFor('one'), stepFor('two'), stepFor('three')])
      await world.journal.close([{ id: two, closing: failed }], [])
      await world.restart()
      const closing = { outcome: 'found', at: '2026-03-02T00:00:00.000Z', attempts: 0 }
      expect(await world.journal.recover('2026-03-02T00:00:00.000Z')).toEqual([
        { ...stepFor('one'), id: one, closing },
        { ...stepFor('three'), id: three, closing },
      ])
      expect((await world.journal.entries(10)).map((entry) => entry.closing)).toEqual([closing, failed, closing])
      expect(await world.journal.recover('2026-03-03T00:00:00.000Z')).toEqual([])
    })

    it('leaves alone what this process has open', async () => {
      await world.journal.begin([stepFor('earlier')])
      await world.restart()
      const id = await world.beginOne(stepFor('mine'))
      expect((await world.journal.recover('2026-03-02T00:00:00.000Z')).map((entry) => entry.name)).toEqual(['earlier'])
      await world.journal.close([{ id, closing: done }], [])
      expect((await world.journal.entries(1))[0]?.closing).toEqual(done)
    })

    it('takes what it found for tried, not for done', async () => {
      await world.journal.begin([stepFor('one')])
      await world.restart()
      await world.journal.recover('2026-03-02T00:00:00.000Z')
      expect(await world.deedsOn(stepFor('one'))).toEqual({ done: undefined, tried: 'hash of one' })
    })
  })

  describe('what the node did to a resource', () => {
    it('remembers as done what was tried, once a step finds it in place', async () => {
      const policy = (desiredHash: string, foundHash?: string) =>
        stepFor('a', { kind: 'policy', action: 'update', makes: false, desiredHash, ...(foundHash === undefined ? {} : { foundHash }) })
      await finish(policy('h1'))
      await finish(policy('h2', 'h1'), failed)
      await finish(policy('h3', 'h1'), failed)
      expect(await world.deedsOn(policy('h3'))).toEqual({ done: 'h1', tried: 'h3' })
      await finish(policy('h4', 'h3'), failed)
      expect(await world.deedsOn(policy('h4'))).toEqual({ done: 'h3', tried: 'h4' })
    })

    it('is the last wish that was done and a later one that was tried, for that resource alone', async () => {
      const policy = stepFor('media', { kind: 'policy', desiredHash: 'h1' })
      await world.journal.begin([policy])
      expect(await world.deedsOn(policy)).toEqual(nothing)
      await finish(policy)
      await finish({ ...policy, desiredHash: 'h2' })
      await finish({ ...policy, desiredHash: 'h3' }, failed)
      await world.restart()
      expect(await world.deedsOn(policy)).toEqual({ done: 'h2', tried: 'h3' })
      await finish({ ...policy, desiredHash: 'h4' })
      expect(await world.deedsOn(policy)).toEqual({ done: 'h4', tried: undefined })
      expect(await world.deedsOn({ ...policy, backend: 'external' })).toEqual(nothing)
      expect(await world.deedsOn({ ...policy, address: 'other' })).toEqual(nothing)
      expect(await world.deedsOn({ ...policy, kind: 'tag' })).toEqual(nothing)
      expect(await world.deedsOn({ ...policy, component: 'broker' })).toEqual(nothing)
      expect(await world.deedsOn({ ...policy, name: 'Media' })).toEqual(nothing)
    })

    it('keeps the last apply of each component', async () => {
      const first = { at: '2026-03-01T12:00:00.000Z', changes: 3, generation: 'g1' }
      const second = { at: '2026-03-01T13:00:00.000Z', changes: 1, generation: 'g2' }
      await Promise.all([world.journal.recordApply('storage', first), world.journal.recordApply('index', first)])
      await world.journal.recordApply('storage', second)
      await world.restart()
      expect(await world.journal.lastApplies()).toEqual(
        new Map([
          ['storage', second],
          ['index', first],
        ]),
      )
    })
  })
}
