import { describe, expect, it } from 'vitest'
import type { Intent } from '../../../src/main/core/ports/journal'
import { hashOf } from '../../../src/shared/hash'
import { done, eachCase, failed, here, type JournalHarness, stepFor } from './harness'

const at = '2026-03-01T12:00:00.000Z'
const intent = (id: string): Intent => ({
  id,
  plan_hash: 'a'.repeat(64),
  allow_destructive: true,
  acknowledged_by: 'ada',
  created_at: at,
  expires_at: '2026-03-01T12:15:00.000Z',
})

export function intentCases(makeHarness: () => Promise<JournalHarness>): void {
  const world = eachCase(makeHarness)
  const close = async (step: Parameters<typeof world.beginOne>[0], closing = done) =>
    world.journal.close([{ id: await world.beginOne(step), closing }], [])
  const made = async () => (await world.journal.made('storage', here)).map(({ kind, name }) => `${kind} ${name}`)

  describe('what this node made', () => {
    it('is what a step that makes brought about, and nothing that was only changed or was there already', async () => {
      await close(stepFor('made'))
      await close(stepFor('changed', { action: 'update', makes: false }))
      await close(stepFor('theirs'), { ...done, already: true })
      await close(stepFor('refused'), failed)
      await close(stepFor('elsewhere', { backend: 'external' }))
      await close(stepFor('in-another-area', { address: 'other' }))
      expect(await made()).toEqual(['bucket made'])
      await world.restart()
      expect(await made()).toEqual(['bucket made'])
    })

    it('stays so through later changes, until it is destroyed', async () => {
      await close(stepFor('a'))
      await close(stepFor('a', { action: 'update', makes: false, desiredHash: 'another' }))
      expect(await made()).toEqual(['bucket a'])
      await close(stepFor('a', { action: 'destroy', makes: false, desiredHash: hashOf(null) }), failed)
      expect(await made()).toEqual(['bucket a'])
      await close(stepFor('a', { action: 'destroy', makes: false, desiredHash: hashOf(null) }))
      expect(await made()).toEqual([])
      expect(await world.deedsOn(stepFor('a'))).toEqual({ done: undefined, tried: undefined })
    })

    it('is not what somebody else turns out to have made anew', async () => {
      await close(stepFor('a'))
      await close(stepFor('a'), { ...done, already: true })
      expect(await made()).toEqual([])
    })

    it('is forgotten with what it was a part of', async () => {
      const tag = stepFor('a/owner', { kind: 'tag' })
      await close(stepFor('a'))
      await close(tag)
      await close(stepFor('b/owner', { kind: 'tag' }))
      expect(await world.journal.remembered('storage', here)).toHaveLength(3)
      const gone = { ...done, forgets: [{ kind: 'tag' as const, name: 'a/owner' }] }
      await close(stepFor('a', { action: 'destroy', makes: false, desiredHash: hashOf(null) }), gone)
      expect(await made()).toEqual(['tag b/owner'])
      expect(await world.deedsOn(tag)).toEqual({ done: undefined, tried: undefined })
      expect(await world.journal.remembered('storage', { backend: 'external', address: 'http://nas:9000' })).toEqual([])
    })

    it('is forgotten in its own place alone', async () => {
      const there = { backend: 'external', address: 'http://nas:9000' } as const
      await close(stepFor('a'))
      await close(stepFor('a', there))
      await close(stepFor('a', { action: 'destroy', makes: false, desiredHash: hashOf(null) }))
      expect(await made()).toEqual([])
      expect(await world.journal.made('storage', there)).toEqual([{ kind: 'bucket', name: 'a' }])
    })

    it('stays where it is known to be, whatever place is told at a start', async () => {
      const there = { backend: 'external', address: 'http://nas:9000' } as const
      await close(stepFor('a', there))
      await world.journal.settle([{ component: 'storage', backend: 'external', address: 'http://other:9000' }])
      expect(await world.journal.made('storage', there)).toEqual([{ kind: 'bucket', name: 'a' }])
      expect(await world.journal.made('storage', { ...there, address: 'http://other:9000' })).toEqual([])
    })

    it('counts what a crash cut short: the world says whether it came to pass', async () => {
      await world.beginOne(stepFor('a'))
      await world.restart()
      await world.journal.recover(at)
      expect(await made()).toEqual(['bucket a'])
    })
  })

  describe('intents', () => {
    it('stay with what became of them, newest first', async () => {
      await world.journal.addIntent(intent('one'))
      await world.journal.addIntent(intent('two'))
      await world.journal.closeIntent('one', { at, status: 'used' })
      await world.restart()
      expect(await world.journal.intents(10)).toEqual([
        { ...intent('two'), outcome: null },
        { ...intent('one'), outcome: { at, status: 'used' } },
      ])
      expect(await world.journal.intents(1)).toHaveLength(1)
    })

    it('are closed once', async () => {
      await world.journal.addIntent(intent('one'))
      await world.journal.closeIntent('one', { at, status: 'failed', message: 'away' })
      await expect(world.journal.closeIntent('one', { at, status: 'used' })).rejects.toThrow()
      expect((await world.journal.intents(1))[0]?.outcome).toEqual({ at, status: 'failed', message: 'away' })
    })

    it('that a crash left open are never taken up again', async () => {
      await world.journal.addIntent(intent('one'))
      await world.restart()
      await world.journal.interruptIntents(at)
      expect((await world.journal.intents(1))[0]?.outcome).toEqual({ at, status: 'interrupted' })
    })
  })
}
