/** What holds for every destruction, whatever was made, by whomever, and whatever is wished next. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planAll, type Wish } from '../../../../../src/main/core/reconcile/looking'
import type { Change } from '../../../../../src/shared/plan'
import { generationsOf } from '../../../../../src/shared/profile/generation'
import type { Profile } from '../../../../../src/shared/profile/model'
import { anyProfile } from '../../../../support/any-profile'
import { census, doomed, fill } from '../../../../support/census'
import { engineOn, never } from '../../../../support/engine'

type Node = ReturnType<typeof engineOn>

const wishOf = (profile: Profile): Wish => ({ profile, generations: generationsOf(profile) })
const planned = (node: Node, profile: Profile) => planAll(node.planners, wishOf(profile), { destructive: true }, never)
const withLeave = (node: Node, profile: Profile, hash: string) => node.pass(wishOf(profile), { force: true, leave: node.leaveFor(hash) })

/** A world in which another node was first, then this one, then the other one again; all of it full of things of every age. */
async function sharedWorld(before: Profile, ours: Profile, after: Profile) {
  const node = engineOn()
  const other = engineOn({ worlds: node })
  await other.pass(wishOf(before))
  const first = census(node)
  await node.pass(wishOf(ours))
  const own = census(node)
  await other.pass(wishOf(after))
  const last = census(node)
  fill(node, node.clock.now())
  const theirs = new Set([...last.keys()].filter((name) => first.has(name) || !own.has(name)))
  return { node, theirs }
}

/** Names in the census that a row accounts for: the resource itself, and what is a part of it. */
function accountsFor(row: Change) {
  const kind = row.kind === 'lifecycle-rule' ? 'rule' : row.kind
  return (name: string): boolean => {
    if (row.kind === 'binding') return name === `binding ${JSON.stringify(row.before)}`
    if (name === `${kind} ${row.name}`) return true
    if (row.kind === 'bucket') return new RegExp(`^(versioning|rule|tag|policy) ${row.name}(/|$)`).test(name)
    if (row.kind === 'class') return new RegExp(`^(property|tenant) ${row.name}/`).test(name)
    if (row.kind === 'queue' && name === `queue-policy ${row.name}`) return true
    if (!name.startsWith('binding ') || (row.kind !== 'exchange' && row.kind !== 'queue')) return false
    return JSON.parse(name.slice('binding '.length))[row.kind] === row.name
  }
}

describe('for every destruction', () => {
  it('exactly what its rows name is gone, with what was a part of it, and nothing else has lost anything', () =>
    fc.assert(
      fc.asyncProperty(anyProfile, anyProfile, anyProfile, anyProfile, async (before, ours, after, then) => {
        const { node } = await sharedWorld(before, ours, after)
        const { hash, changes } = await planned(node, then)
        const [was, wasDoomed] = [census(node), doomed(node, node.clock.now())]
        const objects = new Map([...node.storage.buckets].map(([name, bucket]) => [name, bucket.objects.size]))
        expect(await withLeave(node, then, hash)).toMatchObject({ leave: 'used' })
        const is = census(node)
        const deletions = changes.filter((row) => row.action === 'destroy' && row.after === undefined)
        const touched = changes.filter((row) => row.action === 'update' || row.action === 'destroy')

        for (const [name, value] of was) {
          const rows = touched.filter((row) => accountsFor(row)(name))
          if (rows.length === 0) expect([name, is.get(name)]).toEqual([name, value])
        }
        for (const row of deletions) expect([...is.keys()].filter(accountsFor(row))).toEqual([])
        const narrowed = changes.filter((row) => row.action === 'destroy' && row.after !== undefined).map((row) => row.name.split('/')[0])
        const newlyDoomed = [...doomed(node, node.clock.now())].filter((name) => !wasDoomed.has(name))
        for (const name of newlyDoomed)
          expect(narrowed.some((owner) => name.startsWith(`${owner}/`) || name.startsWith(`${owner} `))).toBe(true)
        for (const [name, bucket] of node.storage.buckets) expect(bucket.objects.size).toBe(objects.get(name) ?? 0)

        expect((await planned(node, then)).summary).toMatchObject({ create: 0, update: 0, destroy: 0 })
      }),
      { numRuns: 400 },
    ))

  it('what somebody else made stays, unless it is a part of what this node made', () =>
    fc.assert(
      fc.asyncProperty(anyProfile, anyProfile, anyProfile, anyProfile, async (before, ours, after, then) => {
        const { node, theirs } = await sharedWorld(before, ours, after)
        const { hash, changes } = await planned(node, then)
        await withLeave(node, then, hash)
        const is = census(node)
        const wholes = changes.filter(
          ({ action, kind }) => action === 'destroy' && (kind === 'bucket' || kind === 'class' || kind === 'queue'),
        )
        const lost = [...theirs].filter((name) => !is.has(name) && !wholes.some((row) => accountsFor(row)(name)))
        // A queue's TTL may be taken back by whoever set it last; of its own kind nothing else may go.
        expect(lost.filter((name) => !name.startsWith('queue-policy '))).toEqual([])
        // A queue or an exchange on which somebody else's binding hangs is none of those wholes.
        expect([...theirs].filter((name) => name.startsWith('binding ') && !is.has(name))).toEqual([])
      }),
      { numRuns: 300 },
    ))

  it('a leave fits no other plan, and then nothing at all is changed', () =>
    fc.assert(
      fc.asyncProperty(anyProfile, anyProfile, anyProfile, anyProfile, async (before, ours, then, another) => {
        const { node } = await sharedWorld(before, ours, before)
        const { hash } = await planned(node, then)
        fc.pre((await planned(node, another)).hash !== hash)
        const [was, writes] = [census(node), node.journal.writes()]
        await expect(withLeave(node, another, hash)).rejects.toMatchObject({ code: 'plan-changed' })
        expect(census(node)).toEqual(was)
        expect(node.journal.writes()).toBe(writes)
      }),
      { numRuns: 200 },
    ))

  it('without leave nothing goes, whatever this node made', () =>
    fc.assert(
      fc.asyncProperty(anyProfile, anyProfile, anyProfile, async (before, ours, then) => {
        const { node } = await sharedWorld(before, ours, before)
        const [was, wasDoomed] = [census(node), doomed(node, node.clock.now())]
        await node.pass(wishOf(then))
        const is = census(node)
        const gone = [...was.keys()].filter((name) => !is.has(name))
        // TTL and dead-lettering that this node set itself it may take back: messages live longer by it.
        expect(gone.filter((name) => !name.startsWith('queue-policy ') && !name.startsWith('policy '))).toEqual([])
        expect([...doomed(node, node.clock.now())].filter((name) => !wasDoomed.has(name))).toEqual([])
      }),
      { numRuns: 300 },
    ))
})
