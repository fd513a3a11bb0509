/** When a pass looks, and whose things it may change. */
import { describe, expect, it } from 'vitest'
import { components } from '../../../../../src/shared/component'
import { PortError } from '../../../../../src/shared/errors'
import { engineOn, small } from '../../../../support/engine'
import { wish } from '../../../../support/wish'

describe('a policy that somebody set', () => {
  const withPolicy = (policy: string) =>
    wish(
      `{apiVersion: thatdam/v1, kind: EnvironmentProfile, metadata: {name: p}, spec: {storage: {buckets: [{name: aaa, policy: ${policy}}]}}}`,
    )

  it('is replaced when it was this node, and left alone when it was anybody else', async () => {
    const node = engineOn()
    await node.pass(withPolicy('public-read'))
    await node.pass(withPolicy('private'))
    expect(node.storage.buckets.get('aaa')?.policy).toBeNull()
    const bucket = node.storage.buckets.get('aaa')
    if (bucket !== undefined)
      bucket.policy = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' }] }
    const result = await node.pass(withPolicy('public-read'))
    expect(result.components.get('storage')?.needsMigration).toEqual([{ name: 'policy aaa', reason: 'somebody else set another policy' }])
    expect(node.storage.buckets.get('aaa')?.policy).not.toBe('public-read')
  })

  it('counts as this node’s when it died before it could note that it had set it', async () => {
    const node = engineOn({ retryAttempts: 1 })
    await node.pass(withPolicy('private'))
    node.storage.before = (call, name) => {
      if (call !== 'ensurePolicy') return
      // The call takes effect, and its answer is lost.
      const bucket = node.storage.buckets.get(name)
      if (bucket !== undefined) bucket.policy = 'public-read'
      throw new PortError('unavailable', 'connection reset')
    }
    await node.pass(withPolicy('public-read'))
    node.storage.before = () => {}
    await node.pass(withPolicy('private'))
    expect(node.storage.buckets.get('aaa')?.policy).toBeNull()
  })
})

describe('a timed pass', () => {
  it('skips what it looked at within the drift interval, for the same generation', async () => {
    const node = engineOn()
    await node.pass(small, { force: false })
    node.storage.buckets.clear()
    const second = await node.pass(small, { force: false })
    expect(second.plan.changes).toEqual([])
    expect(node.storage.buckets.size).toBe(0)
    await node.clock.advance(30_000)
    await node.pass(small, { force: false })
    expect(node.storage.buckets.size).toBe(1)
  })

  it('looks at a component whose generation changed, and at no other', async () => {
    const node = engineOn()
    await node.pass()
    const more = wish(
      '{apiVersion: thatdam/v1, kind: EnvironmentProfile, metadata: {name: m}, spec: {storage: {buckets: [{name: other}]}, broker: {exchanges: [{name: overlay}], queues: [{name: ingest, ttl: 60, dlx: overlay}], bindings: [{exchange: overlay, queue: ingest, key: "media.#"}]}, indices: {weaviate: {classes: [{name: MediaAsset, properties: [title]}]}}, services: {video-api: {}}}}',
    )
    const result = await node.pass(more, { force: false })
    expect(result.plan.changes.map((row) => row.component)).toEqual(['storage'])
    expect([...result.components.keys()].sort()).toEqual([...components].sort())
  })

  it('looks once, and not over and over, at what the pass before it could not see', async () => {
    const node = engineOn()
    let looks = 0
    node.storage.before = (call) => {
      if (call !== 'describe') return
      looks++
      throw new PortError('unavailable', 'away')
    }
    const looksOf = async (force: boolean) => {
      looks = 0
      await node.pass(small, { force })
      return looks
    }
    expect([await looksOf(false), await looksOf(false), await looksOf(true), await looksOf(false)]).toEqual([3, 1, 3, 1])
    node.storage.before = () => {}
    await node.pass(small, { force: false })
    expect(node.storage.buckets.size).toBe(1)
  })

  it('brings about the rest before it looks again at what it cannot see', async () => {
    const node = engineOn()
    const seen: number[] = []
    node.storage.before = (call) => {
      if (call !== 'describe') return
      seen.push(node.broker.exchanges.size)
      if (seen.length < 3) throw new PortError('unavailable', 'restarting')
    }
    const { applied, components: results } = await node.pass()
    expect(seen).toEqual([0, 1, 1])
    expect(results.get('storage')?.errors).toEqual([])
    expect(node.storage.buckets.size).toBe(1)
    expect(node.announced.filter(({ component, action }) => component === 'node' && action === 'pass').map(({ status }) => status)).toEqual(
      ['start', 'ok'],
    )
    expect(node.announced.at(-1)?.message).toBe(`${applied} applied`)
  })

  it('waits no longer than its patience for one that says nothing, and not at all again for one that took so long', async () => {
    for (const [lasts, looks] of [
      [2_000, 2],
      [5_000, 1],
    ] as const) {
      const node = engineOn({ retryAttempts: 6, patienceMs: 6_000 })
      let seen = 0
      node.storage.before = async (call) => {
        if (call !== 'describe') return
        seen++
        await node.clock.sleep(lasts, new AbortController().signal)
        throw new PortError('unavailable', 'it says nothing')
      }
      const { durationMs } = await node.pass()
      expect(seen).toBe(looks)
      expect(durationMs).toBeLessThanOrEqual(6_000)
      expect(node.broker.exchanges.size).toBe(1)
    }
  })

  it('looks again at a component that is in error', async () => {
    const node = engineOn({ retryAttempts: 1 })
    let away = true
    node.storage.before = () => {
      if (away) throw new PortError('unavailable', 'away')
    }
    await node.pass(small, { force: false })
    away = false
    await node.pass(small, { force: false })
    expect(node.storage.buckets.size).toBe(1)
  })
})

describe('what a backend refused for good', () => {
  const timed = { force: false }
  function refusing() {
    const node = engineOn()
    let calls = 0
    node.storage.before = (call, bucket) => {
      if (call !== 'ensureBucket' || bucket !== 'media-raw') return
      calls++
      throw new PortError('invalid', 'not that name')
    }
    return { node, calls: () => calls }
  }
  const failure = { component: 'storage', kind: 'bucket', name: 'media-raw', code: 'invalid', message: 'not that name' }

  it('is shown by each timed pass, and neither tried nor told again', async () => {
    const { node, calls } = refusing()
    await node.pass(small, timed)
    const [tried, writes, told] = [calls(), node.journal.writes(), node.announced.length]
    const second = await node.pass(small, timed)
    expect(second.components.get('storage')?.errors).toContainEqual(failure)
    expect([calls(), node.journal.writes(), node.announced.length]).toEqual([tried, writes, told])
  })

  it('is tried again when somebody asks', async () => {
    const { node, calls } = refusing()
    await node.pass(small, timed)
    const tried = calls()
    await node.pass(small)
    expect(calls()).toBe(tried + 1)
    node.storage.before = () => {}
    await node.pass(small)
    expect(node.storage.buckets.has('media-raw')).toBe(true)
  })

  it('is tried again once its state has changed', async () => {
    const of = (policy: string) =>
      wish(
        `{apiVersion: thatdam/v1, kind: EnvironmentProfile, metadata: {name: p}, spec: {storage: {buckets: [{name: aaa, tags: {owner: ${policy}}}]}}}`,
      )
    const node = engineOn()
    await node.storage.ensureBucket('aaa')
    let calls = 0
    node.storage.before = (call) => {
      if (call !== 'ensureTags') return
      calls++
      throw new PortError('invalid', 'no such tag')
    }
    await node.pass(of('x'), timed)
    await node.pass(of('x'), timed)
    expect(calls).toBe(1)
    node.storage.buckets.get('aaa')?.tags.set('owner', 'theirs')
    await node.pass(of('x'), timed)
    expect(calls).toBe(2)
    await node.pass(of('y'), timed)
    expect(calls).toBe(3)
    // Back to what was refused first: it has changed in between.
    node.storage.buckets.get('aaa')?.tags.delete('owner')
    await node.pass(of('x'), timed)
    expect(calls).toBe(4)
  })

  it('keeps nothing else of its component from being brought about', async () => {
    const { node } = refusing()
    await node.pass(small, timed)
    const more = wish(
      '{apiVersion: thatdam/v1, kind: EnvironmentProfile, metadata: {name: m}, spec: {storage: {buckets: [{name: media-raw}, {name: other}]}}}',
    )
    const result = await node.pass(more, timed)
    expect([...node.storage.buckets.keys()]).toEqual(['other'])
    expect(result.components.get('storage')?.errors).toEqual([failure])
  })
})

describe('a policy whose fate was unknown', () => {
  it('is still this node’s after a later one has failed too', async () => {
    const of = (policy: string) =>
      wish(
        `{apiVersion: thatdam/v1, kind: EnvironmentProfile, metadata: {name: p}, spec: {storage: {buckets: [{name: aaa, policy: ${policy}}]}}}`,
      )
    const denyAll = '{Version: "2012-10-17", Statement: [{Effect: Deny, Principal: "*", Action: "s3:*", Resource: "*"}]}'
    const node = engineOn({ retryAttempts: 1 })
    await node.pass(of('private'))
    node.storage.before = (call, name) => {
      if (call !== 'ensurePolicy') return
      const bucket = node.storage.buckets.get(name)
      // The first takes effect though its answer is lost; the second does not.
      if (bucket?.policy === null) bucket.policy = 'public-read'
      throw new PortError('unavailable', 'connection reset')
    }
    await node.pass(of('public-read'))
    await node.pass(of(denyAll))
    expect(node.storage.buckets.get('aaa')?.policy).toBe('public-read')
    node.storage.before = () => {}
    const result = await node.pass(of(denyAll))
    expect(result.components.get('storage')).toMatchObject({ errors: [], needsMigration: [] })
    expect(node.storage.buckets.get('aaa')?.policy).not.toBe('public-read')
  })
})
