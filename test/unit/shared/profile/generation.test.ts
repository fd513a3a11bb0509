import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, sha256Hex } from '../../../../src/shared/hash'
import { generationsOf } from '../../../../src/shared/profile/generation'
import { chance, parsed, profileWith } from './support'
import { spell, wish } from './wishes'

const seed = fc.integer({ min: 0, max: 2 ** 31 })

describe('the generations of a profile', () => {
  it('are the same for two spellings of one wish', () => {
    fc.assert(
      fc.property(wish, seed, seed, (spec, one, two) => {
        const [first, second] = [parsed(spell(spec, chance(one))), parsed(spell(spec, chance(two)))]
        expect(canonicalJson(first.spec)).toBe(canonicalJson(second.spec))
        expect(generationsOf(first)).toEqual(generationsOf(second))
      }),
      { seed: 20_261_124, numRuns: 400 },
    )
  }, 120_000)

  it('differ where two wishes differ, and nowhere else', () => {
    fc.assert(
      fc.property(wish, wish, seed, (one, two, dice) => {
        // A wish of which some sections are another's: the sections that are the same keep their generation.
        const { coin } = chance(dice)
        const mixed = {
          storage: coin() ? one.storage : two.storage,
          broker: coin() ? one.broker : two.broker,
          indices: coin() ? one.indices : two.indices,
          services: coin() ? one.services : two.services,
        }
        const [a, b] = [parsed(spell(one, chance(dice + 1))), parsed(spell(mixed, chance(dice + 2)))]
        const [left, right] = [generationsOf(a), generationsOf(b)]
        for (const [component, section] of [
          ['storage', 'storage'],
          ['broker', 'broker'],
          ['index', 'indices'],
          ['services', 'services'],
        ] as const) {
          const same = canonicalJson(a.spec[section]) === canonicalJson(b.spec[section])
          expect(left[component] === right[component]).toBe(same)
        }
        expect(left.profile === right.profile).toBe(canonicalJson(a.spec) === canonicalJson(b.spec))
      }),
      { seed: 20_261_124, numRuns: 400 },
    )
  }, 120_000)

  it('keep to what a person would write by hand', () => {
    const long = profileWith(`storage:
  buckets:
    - { name: media-raw, lifecycle: { rules: [{ id: thatdam-expire, prefix: "", expireDays: 30 }] }, tags: {} }
    - { name: artifacts, lifecycle: { rules: [] } }
broker: { vhost: /, exchanges: [{ name: overlay, type: topic }], queues: [{ name: ingest, type: classic, ttl: 0 }], bindings: [{ exchange: overlay, queue: ingest, key: "" }] }
indices: { weaviate: { classes: [{ name: Asset, vectorizer: none, distance: cosine, search: approximate, properties: [{ name: title, type: text }], tenants: [] }] } }
services: { api: { modules: [{ name: one, params: {} }], migrations: [], dependsOn: [] } }`)
    const short = profileWith(`services: { api: { modules: [{ name: one }] } }
storage:
  buckets:
    - name: artifacts
    - name: media-raw
      lifecycle: { days: 30 }
broker: { exchanges: [{ name: overlay }], queues: [{ name: ingest }], bindings: [{ exchange: overlay, queue: ingest }] }
indices: { weaviate: { classes: [{ name: Asset, properties: [title] }] } }`)
    expect(generationsOf(parsed(short))).toEqual(generationsOf(parsed(long)))
  })

  it('are lower-case hex, and the whole is the hash of the four in the order of the components', () => {
    const { profile, storage, broker, index, services } = generationsOf(parsed(profileWith('{}')))
    expect([profile, storage, broker, index, services].every((hash) => /^[0-9a-f]{64}$/.test(hash))).toBe(true)
    expect(storage).toBe(sha256Hex('{"buckets":[]}'))
    expect(broker).toBe(sha256Hex('{"bindings":[],"exchanges":[],"queues":[],"vhost":"/"}'))
    expect(index).toBe(sha256Hex('{"weaviate":{"classes":[]}}'))
    expect(services).toBe(sha256Hex('{}'))
    expect(profile).toBe(sha256Hex(storage + broker + index + services))
  })

  it('are what they were before bindings could have arguments, where none has any', () => {
    const bound = (more: string) =>
      profileWith(`broker:
  exchanges: [{ name: by-header, type: headers }, { name: media }]
  queues: [{ name: ingest }]
  bindings: [{ exchange: media, queue: ingest, key: "a.#" }, { exchange: by-header, queue: ingest${more} }]`)
    const bindings = '{"exchange":"by-header","key":"","queue":"ingest"},{"exchange":"media","key":"a.#","queue":"ingest"}'
    const rest =
      '"exchanges":[{"name":"by-header","type":"headers"},{"name":"media","type":"topic"}],"queues":[{"name":"ingest","ttl":0,"type":"classic"}],"vhost":"/"'
    const before = sha256Hex(`{"bindings":[${bindings}],${rest}}`)
    for (const more of ['', ', arguments: ', ', arguments: {}']) expect(generationsOf(parsed(bound(more))).broker).toBe(before)
    expect(generationsOf(parsed(bound(', arguments: { x-match: any }'))).broker).not.toBe(before)
  })

  it('do not depend on what the profile is called', () => {
    const named = parsed(profileWith('{}').replace('spec:', 'metadata: { name: other }\nspec:'))
    expect(generationsOf(named)).toEqual(generationsOf(parsed(profileWith('{}'))))
  })

  it('change with the order of modules and of migrations, which is part of the wish', () => {
    const of = (lists: string) => generationsOf(parsed(profileWith(`services: { api: { ${lists} } }`))).services
    expect(of('modules: [{ name: a }, { name: b }]')).not.toBe(of('modules: [{ name: b }, { name: a }]'))
    expect(of('migrations: [a, b]')).not.toBe(of('migrations: [b, a]'))
  })
})
