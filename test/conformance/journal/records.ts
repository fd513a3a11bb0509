import { describe, expect, it } from 'vitest'
import { done, eachCase, eventFor, here, type JournalHarness, stepFor } from './harness'

export function recordCases(makeHarness: () => Promise<JournalHarness>): void {
  const world = eachCase(makeHarness)

  it('is empty at first', async () => {
    expect(await world.journal.entries(10)).toEqual([])
    expect(await world.journal.events(10)).toEqual([])
    expect(await world.journal.unsent(10)).toEqual([])
    expect(await world.journal.lastPass()).toBe(0)
    expect(await world.journal.lastApplies()).toEqual(new Map())
    expect(await world.journal.recover('2026-03-01T12:00:00.000Z')).toEqual([])
    expect(await world.journal.current()).toBeUndefined()
    expect(await world.journal.list()).toEqual([])
    expect(await world.journal.get(1)).toBeUndefined()
  })

  describe('events', () => {
    it('keeps every field, those that are not always there included', async () => {
      const full = eventFor('e1', { component: 'node', message: 'Ein "Text"\n', duration_ms: 1.5, attempt: 2 })
      await world.journal.record([full, eventFor('e2')])
      await world.restart()
      expect(await world.journal.events(10)).toEqual([eventFor('e2'), full])
      expect(await world.journal.unsent(10)).toEqual([full, eventFor('e2')])
    })

    it('stores those about a step together with its closing', async () => {
      const id = await world.beginOne(stepFor('one'))
      await world.journal.close([{ id, closing: done }], [eventFor('e1'), eventFor('e2')])
      await world.journal.close([], [eventFor('e3')])
      expect((await world.journal.unsent(10)).map((event) => event.event_id)).toEqual(['e1', 'e2', 'e3'])
    })

    it('stores an event once, however often it is told', async () => {
      await world.journal.record([eventFor('e1')])
      await world.journal.markSent(['e1'])
      await world.journal.record([eventFor('e1'), eventFor('e2')])
      expect((await world.journal.events(10)).map((event) => event.event_id)).toEqual(['e2', 'e1'])
      expect((await world.journal.unsent(10)).map((event) => event.event_id)).toEqual(['e2'])
    })

    it('hands out what is unsent, oldest first, until it is marked, and takes marks twice or for strangers', async () => {
      await world.journal.record(['e3', 'e1', 'e2'].map((id) => eventFor(id)))
      expect((await world.journal.unsent(2)).map((event) => event.event_id)).toEqual(['e3', 'e1'])
      await Promise.all([world.journal.markSent(['e3', 'e2']), world.journal.markSent(['e3', 'nobody'])])
      await world.restart()
      expect((await world.journal.unsent(10)).map((event) => event.event_id)).toEqual(['e1'])
    })

    it('pages backwards from an event, and ends', async () => {
      await world.journal.record(Array.from({ length: 7 }, (_, number) => eventFor(`e${number}`)))
      const pages: string[][] = []
      for (let before: string | undefined; ; ) {
        const page = (await world.journal.events(3, before)).map((event) => event.event_id)
        if (page.length === 0) break
        pages.push(page)
        before = page.at(-1)
      }
      expect(pages).toEqual([['e6', 'e5', 'e4'], ['e3', 'e2', 'e1'], ['e0']])
      expect(await world.journal.events(3, 'nobody')).toEqual([])
    })

    it('keeps every one of many recorded at once', async () => {
      const ids = Array.from({ length: 100 }, (_, number) => `e${number}`)
      await Promise.all(ids.map((id) => world.journal.record([eventFor(id)])))
      expect((await world.journal.unsent(1000)).map((event) => event.event_id)).toEqual(ids)
    })
  })

  describe('revisions', () => {
    const revision = (text: string) => ({ at: '2026-03-01T12:00:00.000Z', author: 'operator', generation: `g of ${text}`, text })

    it('counts from 1, keeps the text as it was written, and holds the highest for current', async () => {
      expect(await world.journal.add(revision('a: 1\r\n# ключ\n'))).toEqual({ revision: 1, ...revision('a: 1\r\n# ключ\n') })
      expect(await world.journal.add(revision(''))).toEqual({ revision: 2, ...revision('') })
      await world.restart()
      expect(await world.journal.current()).toEqual({ revision: 2, ...revision('') })
      expect(await world.journal.get(1)).toEqual({ revision: 1, ...revision('a: 1\r\n# ключ\n') })
      expect(await world.journal.get(3)).toBeUndefined()
    })

    it('gives each its own number where many are added at once, and lists them newest first', async () => {
      const added = await Promise.all(['a', 'b', 'c', 'd'].map((text) => world.journal.add(revision(text))))
      expect(added.map((one) => one.revision)).toEqual([1, 2, 3, 4])
      expect(await world.journal.list()).toEqual(added.toReversed())
    })
  })

  describe('its view', () => {
    it('answers as the journal does, and follows it', async () => {
      const view = await world.harness.view()
      expect(await view.events(10)).toEqual([])
      const id = await world.beginOne(stepFor('one'))
      await world.journal.close([{ id, closing: done }], [eventFor('e1'), eventFor('e2')])
      await world.journal.recordApply('storage', { at: '2026-03-01T12:00:00.000Z', changes: 1, generation: 'g1' })
      const added = await world.journal.add({ at: '2026-03-01T12:00:00.000Z', author: 'operator', generation: 'g', text: 'x' })
      expect(await view.entries(10)).toEqual(await world.journal.entries(10))
      expect(await view.events(10, 'e2')).toEqual([eventFor('e1')])
      expect(await view.lastApplies()).toEqual(await world.journal.lastApplies())
      expect(await view.deeds('storage', 'bucket', 'one', here)).toEqual({ done: 'hash of one', tried: undefined })
      expect([await view.current(), await view.get(1), await view.list()]).toEqual([added, added, [added]])
      await view.close()
    })
  })
}
