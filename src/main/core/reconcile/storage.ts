/** Buckets, and what is set on them: versioning, lifecycle rules, tags, policy. */
import { canonicalPolicy } from '../../../shared/policy'
import type { BucketModel, LifecycleRule, Policy } from '../../../shared/profile/model'
import type { BucketState, StorageShaper, StorageView } from '../ports/object-storage'
import { type Declaration, each, grouped, ownAmong, type Row, row, wishByName } from './declaration'

interface StorageState {
  readonly buckets: ReadonlyMap<string, BucketState>
  /** Of the buckets whose policy differs from the wish: those whose policy is the one this node set. */
  readonly ownPolicies: ReadonlySet<string>
}

export const storageDeclaration: Declaration<StorageView, StorageState, StorageShaper> = {
  component: 'storage',

  async look(profile, view, past, signal) {
    const wishes = profile.spec.storage.buckets
    const buckets = await view.describe(
      wishes.map((wish) => ({
        name: wish.name,
        versioning: wish.versioning !== undefined,
        lifecycle: wish.lifecycle.rules.length > 0,
        tags: Object.keys(wish.tags).length > 0,
        policy: wish.policy !== undefined,
      })),
      signal,
    )
    const differing = wishes.flatMap(({ name, policy: wish }) => {
      const found = buckets.get(name)?.policy ?? null
      return wish === undefined || found === null || samePolicy(wish, found, name) ? [] : [{ name, found: policyRowValue(found, name) }]
    })
    return { buckets, ownPolicies: await ownAmong(past, 'policy', differing) }
  },

  diff(profile, { buckets, ownPolicies }) {
    return profile.spec.storage.buckets.flatMap((wish) => {
      const found = buckets.get(wish.name)
      return [
        found === undefined ? row.create('bucket', wish.name, { name: wish.name }) : row.same('bucket', wish.name),
        ...versioningRows(wish, found),
        ...wish.lifecycle.rules.map((rule) => ruleRow(wish.name, rule, found)),
        ...Object.entries(wish.tags).map(([key, value]) => tagRow(wish.name, key, value, found)),
        ...policyRows(wish, found, ownPolicies),
      ]
    })
  },

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

function ruleRow(bucket: string, wish: LifecycleRule, found: BucketState | undefined): Row {
  const name = `${bucket}/${wish.id}`
  const is = found?.lifecycle?.find((rule) => rule.id === wish.id)
  if (is === undefined) return row.create('lifecycle-rule', name, wish)
  if (is.prefix === wish.prefix && is.expireDays === wish.expireDays) return row.same('lifecycle-rule', name)
  return row.update('lifecycle-rule', name, { ...is }, wish, `was ${is.expireDays} days on "${is.prefix}"`)
}

function tagRow(bucket: string, key: string, wish: string, found: BucketState | undefined): Row {
  const name = `${bucket}/${key}`
  const tags = found?.tags
  const is = tags !== undefined && Object.hasOwn(tags, key) ? tags[key] : undefined
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
