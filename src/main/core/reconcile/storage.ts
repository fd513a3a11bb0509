/** Buckets, and what is set on them: versioning, lifecycle rules, tags, policy. */

import type { ChangeKind } from '../../../shared/plan'
import { canonicalPolicy } from '../../../shared/policy'
import type { BucketModel, LifecycleRule, Policy } from '../../../shared/profile/model'
import type { Amount, BucketFeature, BucketState, StorageRemover, StorageShaper, StorageView } from '../ports/object-storage'
import { type Declaration, ownAmong, type Sight } from './declaration'
import {
  amountText,
  each,
  grouped,
  narrowings,
  ownerOf,
  partOf,
  type Row,
  removals,
  row,
  unnamed,
  unnamedHolding,
  wishByName,
  withContents,
} from './rows'

interface StorageState {
  readonly buckets: ReadonlyMap<string, BucketState>
  /** Of the buckets whose policy differs from the wish: those whose policy is the one this node set. */
  readonly ownPolicies: ReadonlySet<string>
  /** Of the rules that are new or would expire more: what they would expire at once, by `bucket/rule`. */
  readonly expiring: ReadonlyMap<string, Amount>
  /** `destroy` rows of what this node made and the profile names no longer. */
  readonly leftovers: readonly Row[]
}

export const storageDeclaration: Declaration<StorageView, StorageState, StorageShaper, StorageRemover> = {
  component: 'storage',

  async look(profile, sight, signal) {
    const wishes = profile.spec.storage.buckets
    const { view, past, made } = sight
    const everything = made.length > 0
    const named = new Set(wishes.map(({ name }) => name))
    const others = new Set(made.map(({ name }) => ownerOf(name)).filter((name) => !named.has(name)))
    const buckets = await view.describe(
      [
        ...wishes.map((wish) => ({
          name: wish.name,
          versioning: wish.versioning !== undefined,
          lifecycle: everything || wish.lifecycle.rules.length > 0,
          tags: everything || Object.keys(wish.tags).length > 0,
          policy: everything || wish.policy !== undefined,
        })),
        ...[...others].map((name) => ({ name, versioning: false, lifecycle: true, tags: true, policy: true })),
      ],
      signal,
    )
    const differing = wishes.flatMap(({ name, policy: wish }) => {
      const found = buckets.get(name)?.policy ?? null
      return wish === undefined || found === null || samePolicy(wish, found, name) ? [] : [{ name, found: policyRowValue(found, name) }]
    })
    return {
      buckets,
      ownPolicies: await ownAmong(past, 'policy', differing),
      expiring: await measureExpiry(wishes, buckets, sight, signal),
      leftovers: await leftoversOf(wishes, buckets, sight, signal),
    }
  },

  diff(profile, { buckets, ownPolicies, expiring, leftovers }) {
    const wished = profile.spec.storage.buckets.flatMap((wish) => {
      const found = buckets.get(wish.name)
      return [
        found === undefined ? row.create('bucket', wish.name, { name: wish.name }) : row.same('bucket', wish.name),
        ...versioningRows(wish, found),
        ...wish.lifecycle.rules.map((rule) => ruleRow(wish.name, rule, found, expiring)),
        ...Object.entries(wish.tags).map(([key, value]) => tagRow(wish.name, key, value, found)),
        ...policyRows(wish, found, ownPolicies),
      ].map((one) => enforceable(one, found))
    })
    return [...wished, ...leftovers]
  },

  wholesOf: ({ kind, name }) => (kind === 'bucket' ? [] : [{ kind: 'bucket', name: ownerOf(name) }]),

  works(profile, rows, shaper) {
    const wishFor = wishByName(profile.spec.storage.buckets, (wish) => wish.name)
    return [
      each(rows, 'bucket', ({ name }, signal) => shaper.ensureBucket(name, signal)),
      [
        ...each(rows, 'versioning', ({ name }, signal) => shaper.ensureVersioning(name, signal)),
        ...grouped(rows, 'lifecycle-rule', (bucket, group, signal) => {
          const names = new Set(group.map((one) => one.name))
          const rules = wishFor(bucket).lifecycle.rules.filter((rule) => names.has(`${bucket}/${rule.id}`))
          return shaper.ensureLifecycle(bucket, rules, signal)
        }),
        ...grouped(rows, 'tag', (bucket, group, signal) => {
          const names = new Set(group.map((one) => one.name))
          const tags = Object.entries(wishFor(bucket).tags).filter(([key]) => names.has(`${bucket}/${key}`))
          return shaper.ensureTags(bucket, Object.fromEntries(tags), signal)
        }),
        ...each(rows, 'policy', ({ name }, signal) => {
          const { policy } = wishFor(name)
          return policy === undefined ? Promise.resolve() : shaper.ensurePolicy(name, policy, signal)
        }),
      ],
    ]
  },

  destroys(profile, rows, { shaper, remover }) {
    return [
      ...storageDeclaration.works(profile, narrowings(rows), shaper),
      [
        ...removals(rows, 'lifecycle-rule', ({ name }, signal) => remover.removeLifecycleRule(ownerOf(name), partOf(name), signal)),
        ...removals(rows, 'tag', ({ name }, signal) => remover.removeTag(ownerOf(name), partOf(name), signal)),
        ...removals(rows, 'policy', ({ name }, signal) => remover.removePolicy(name, signal)),
      ],
      removals(rows, 'bucket', (one, signal) => remover.removeBucket(one.name, withContents(one), signal)),
    ]
  },
}

const featureOf: Partial<Record<ChangeKind, readonly [BucketFeature, string]>> = {
  versioning: ['versioning', 'versions'],
  'lifecycle-rule': ['lifecycle', 'lifecycle rules'],
  tag: ['tags', 'tags on buckets'],
  policy: ['policy', 'bucket policies'],
}

/** A wish that the server lacks the feature for is said to be unenforced there. It would otherwise be tried, and refused, for ever. */
function enforceable(one: Row, found: BucketState | undefined): Row {
  const [feature, words] = featureOf[one.kind] ?? []
  const isLacking = feature !== undefined && words !== undefined && one.action !== 'none' && found?.lacks?.includes(feature) === true
  return isLacking ? row.unenforced(one.kind, one.name, words) : one
}

/** Only what differs is measured, and only what could expire more than what stands. */
async function measureExpiry(
  wishes: readonly BucketModel[],
  buckets: ReadonlyMap<string, BucketState>,
  { view, at }: Sight<StorageView>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Amount>> {
  const differing = wishes.flatMap(({ name, lifecycle }) => {
    const found = buckets.get(name)
    // A rule that the server has no means for expires nothing, and would be measured in every pass: a walk through all objects.
    if (found === undefined || found.lacks?.includes('lifecycle') === true) return []
    return lifecycle.rules.flatMap((rule) => {
      const is = ruleOf(found, rule.id)
      const covered = is !== undefined && rule.prefix.startsWith(is.prefix) && rule.expireDays >= is.expireDays
      return covered ? [] : [{ bucket: name, rule }]
    })
  })
  const amounts = await Promise.all(
    differing.map(async ({ bucket, rule }) => [`${bucket}/${rule.id}`, await view.expirable(bucket, rule, at, signal)] as const),
  )
  return new Map(amounts.filter(([, { count }]) => count > 0))
}

/** What goes with its bucket needs no row of its own. */
async function leftoversOf(
  wishes: readonly BucketModel[],
  buckets: ReadonlyMap<string, BucketState>,
  { view, made, past }: Sight<StorageView>,
  signal: AbortSignal,
): Promise<Row[]> {
  const wishOf = new Map(wishes.map((wish) => [wish.name, wish]))
  const going = new Set(made.flatMap(({ kind, name }) => (kind === 'bucket' && !wishOf.has(name) && buckets.has(name) ? [name] : [])))
  const policies = made.flatMap(({ kind, name }) => {
    const policy = buckets.get(name)?.policy ?? null
    if (kind !== 'policy' || policy === null || going.has(name) || wishOf.get(name)?.policy !== undefined) return []
    return [{ name, found: policyRowValue(policy, name) }]
  })
  const ownPolicies = await ownAmong(past, 'policy', policies)
  const parts = made.flatMap(({ kind, name }): Row[] => {
    const bucket = ownerOf(name)
    const found = buckets.get(bucket)
    if (found === undefined || going.has(bucket)) return []
    const wish = wishOf.get(bucket)
    if (kind === 'lifecycle-rule' && !(wish?.lifecycle.rules.some(({ id }) => id === partOf(name)) ?? false)) {
      const rule = ruleOf(found, partOf(name))
      return rule === undefined ? [] : [row.remove(kind, name, { ...rule }, unnamed)]
    }
    if (kind === 'tag' && !Object.hasOwn(wish?.tags ?? {}, partOf(name))) {
      const value = tagOf(found, partOf(name))
      return value === undefined ? [] : [row.remove(kind, name, value, unnamed)]
    }
    return []
  })
  const gone = await Promise.all(
    [...going].map(async (name) => {
      const amount = await view.contents(name, signal)
      return row.remove('bucket', name, { name }, unnamedHolding(amount, 'object'), amount)
    }),
  )
  const taken = policies.filter(({ name }) => ownPolicies.has(name)).map(({ name, found }) => row.remove('policy', name, found, unnamed))
  return [...gone, ...parts, ...taken]
}

function ruleOf(found: BucketState | undefined, id: string): LifecycleRule | undefined {
  return found?.lifecycle?.find((rule) => rule.id === id)
}

/** The key of a tag may also be one that every object inherits, such as `constructor`. */
function tagOf(found: BucketState | undefined, key: string): string | undefined {
  const tags = found?.tags ?? {}
  return Object.hasOwn(tags, key) ? tags[key] : undefined
}

function samePolicy(wish: Policy, found: Policy | null, bucket: string): boolean {
  return canonicalPolicy(found, bucket) === canonicalPolicy(wish, bucket)
}

function versioningRows({ name, versioning: wish }: BucketModel, found: BucketState | undefined): Row[] {
  if (wish === undefined) return []
  const is = found?.versioning ?? false
  if (is === wish) return [row.same('versioning', name)]
  if (wish) return [row.update('versioning', name, false, true, 'was off')]
  return [row.needsMigration('versioning', name, true, false, 'versioning is on; turning it off would stop keeping versions')]
}

function ruleRow(bucket: string, wish: LifecycleRule, found: BucketState | undefined, expiring: ReadonlyMap<string, Amount>): Row {
  const name = `${bucket}/${wish.id}`
  const is = ruleOf(found, wish.id)
  const loses = expiring.get(name)
  if (loses !== undefined) {
    return row.narrow(
      'lifecycle-rule',
      name,
      is === undefined ? undefined : { ...is },
      wish,
      loses,
      `would expire ${amountText(loses, 'object')} at once`,
    )
  }
  if (is === undefined) return row.create('lifecycle-rule', name, wish)
  if (is.prefix === wish.prefix && is.expireDays === wish.expireDays) return row.same('lifecycle-rule', name)
  return row.update('lifecycle-rule', name, { ...is }, wish, `was ${is.expireDays} days on "${is.prefix}"`)
}

function tagRow(bucket: string, key: string, wish: string, found: BucketState | undefined): Row {
  const name = `${bucket}/${key}`
  const is = tagOf(found, key)
  if (is === undefined) return row.create('tag', name, wish)
  return is === wish ? row.same('tag', name) : row.update('tag', name, is, wish, `was "${is}"`)
}

function policyRows({ name, policy: wish }: BucketModel, found: BucketState | undefined, own: ReadonlySet<string>): Row[] {
  if (wish === undefined) return []
  const is = found?.policy ?? null
  if (samePolicy(wish, is, name)) return [row.same('policy', name)]
  const after = policyRowValue(wish, name)
  if (is === null) return [row.create('policy', name, after)]
  const before = policyRowValue(is, name)
  if (own.has(name)) return [row.update('policy', name, before, after, 'this node set another policy before')]
  return [row.needsMigration('policy', name, before, after, 'somebody else set another policy')]
}

/** How a policy stands in a row: by its meaning, so that a server's spelling does not change a hash. */
function policyRowValue(policy: Policy, bucket: string): string {
  return canonicalPolicy(policy, bucket)
}
