/** Random wishes, and random ways to write one down. */
import fc from 'fast-check'
import { stringify } from 'yaml'
import { canonicalJson } from '../../../../src/shared/hash'
import {
  type BucketModel,
  type LifecycleRule,
  type Policy,
  type Profile,
  propertyTypes,
  type ServiceModel,
} from '../../../../src/shared/profile/model'
import { bindingKey, exchangeName, type Grammar, headerName, headerValue, label } from '../../../../src/shared/profile/names'
import type { Chance } from './support'

type Spec = Profile['spec']

function text(grammar: Grammar, max: number): fc.Arbitrary<string> {
  return fc.string({ unit: 'grapheme', maxLength: max }).filter((name) => grammar.flaw(name) === undefined)
}

function named<T extends { name: string }>(one: fc.Arbitrary<T>, maxLength = 4): fc.Arbitrary<T[]> {
  return fc.uniqueArray(one, { selector: ({ name }) => name.toLowerCase(), maxLength })
}

/** Quick to draw: a pattern with a filter behind it would be thrown away most of the time. */
function tag(minLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...'abXY09 +-=._:/@'), minLength, maxLength: 6 })
}

const days = fc.integer({ min: 1, max: 4_000 })
const expiry: fc.Arbitrary<LifecycleRule> = fc.record({ id: fc.constant('thatdam-expire'), prefix: fc.constant(''), expireDays: days })
const rule = fc.record({ id: text(label, 10).filter((id) => id !== ''), prefix: text(bindingKey, 8), expireDays: days })
const rules: fc.Arbitrary<LifecycleRule[]> = fc.oneof(
  fc.array(expiry, { maxLength: 1 }),
  fc.uniqueArray(fc.oneof(rule, expiry), { selector: ({ id }) => id, maxLength: 3 }),
)
const policy: fc.Arbitrary<Policy> = fc.oneof(
  fc.constantFrom('private', 'public-read'),
  fc.constant<Policy>({ Statement: [{ Effect: 'Deny', Action: '*' }] }),
)

const bucket: fc.Arbitrary<BucketModel> = fc
  .record({
    name: fc.stringMatching(/^[a-z][a-z0-9]{2,8}$/),
    lifecycle: fc.record({ rules }),
    tags: fc.dictionary(tag(1), tag(0), { maxKeys: 3 }),
    versioning: fc.option(fc.boolean(), { nil: undefined }),
    policy: fc.option(policy, { nil: undefined }),
  })
  .map(({ versioning, policy, ...rest }) => ({
    ...rest,
    ...(versioning === undefined ? {} : { versioning }),
    ...(policy === undefined ? {} : { policy }),
  }))

const address = text(exchangeName, 12).filter((name) => name !== 'overlay')
const bindingArguments = fc
  .dictionary(
    text(headerName, 5).filter((name) => name !== '' && name !== 'x-match'),
    text(headerValue, 5),
    { maxKeys: 2 },
  )
  .chain((headers) =>
    fc
      .constantFrom(undefined, 'all', 'any', 'all-with-x', 'any-with-x')
      .map((how) => (how === undefined ? headers : { ...headers, 'x-match': how })),
  )
const broker = fc
  .record({
    vhost: fc.oneof(fc.constant('/'), address),
    exchanges: named(fc.record({ name: address, type: fc.constantFrom('topic', 'fanout', 'direct', 'headers') })),
    queues: named(fc.record({ name: address, type: fc.constantFrom('classic', 'quorum'), ttl: fc.constantFrom(0, 1, 3600) })),
    picks: fc.array(fc.tuple(fc.nat(), fc.nat(), text(bindingKey, 6), bindingArguments), { maxLength: 4 }),
  })
  .map(({ vhost, exchanges, queues, picks }): Spec['broker'] => {
    const bindings = new Map<string, Spec['broker']['bindings'][number]>()
    for (const [e, q, key, given] of picks) {
      const [from, queue] = [exchanges[e % exchanges.length], queues[q % queues.length]?.name]
      if (from === undefined || queue === undefined) continue
      const compared = from.type === 'headers' && Object.keys(given).length > 0 ? { arguments: given } : {}
      bindings.set(canonicalJson([from.name, queue, key, compared]), { exchange: from.name, queue, key, ...compared })
    }
    const dead = exchanges[0]?.name
    return {
      vhost,
      exchanges,
      queues: queues.map((queue, i) => (i % 2 === 0 && dead !== undefined ? { ...queue, dlx: dead } : queue)),
      bindings: [...bindings.values()],
    }
  })

const indexClass = fc.record({
  name: fc.stringMatching(/^[A-Z][a-z]{0,5}$/).filter((name) => name !== 'Raft'),
  vectorizer: fc.constantFrom('none', 'text2vec-openai'),
  distance: fc.constantFrom('cosine' as const, 'dot' as const, 'l2' as const),
  search: fc.constantFrom('approximate' as const, 'exact' as const),
  properties: named(
    fc.record({
      name: fc.stringMatching(/^[a-z][a-z_0-9]{0,4}$/).filter((name) => name !== 'id' && !name.endsWith('_temp')),
      type: fc.constantFrom(...propertyTypes),
    }),
  ),
  tenants: fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9_-]{1,6}$/), { maxLength: 3 }),
})

/** Without the one key that no profile can have. */
const params = fc
  .dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2, stringUnit: 'grapheme' }), { maxKeys: 2 })
  .map((value) => JSON.stringify(value))
  .filter((json) => !json.includes('__proto__'))
  .map((json): ServiceModel['modules'][number]['params'] => JSON.parse(json))
const services = fc
  .uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,6}$/), { maxLength: 3 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name, i) =>
        fc
          .record({
            version: fc.option(text(label, 5), { nil: undefined }),
            modules: named(
              fc.record({
                name: text(label, 8),
                params,
              }),
            ),
            migrations: fc.uniqueArray(text(label, 5), { maxLength: 3 }),
            dependsOn: fc.subarray(names.slice(0, i)),
          })
          .map(({ version, ...rest }): [string, ServiceModel] => [name, { ...rest, ...(version === undefined ? {} : { version }) }]),
      ),
    ),
  )
  .map((entries): Spec['services'] => Object.fromEntries(entries))

/** A valid `spec` in the expanded form, its lists in any order. */
export const wish: fc.Arbitrary<Spec> = fc.record({
  storage: fc.record({ buckets: named(bucket) }),
  broker,
  indices: fc.record({ weaviate: fc.record({ classes: named(indexClass, 3) }) }),
  services,
})

/** Left out, empty or null, where nothing is wanted; the items in any order otherwise. */
function list(
  key: string,
  items: readonly unknown[],
  { shuffled, pick }: Chance,
  write: (item: never) => unknown = (item) => item,
): object {
  if (items.length === 0) return pick([{}, { [key]: null }, { [key]: [] }])
  return { [key]: shuffled(items).map((item) => write(item as never)) }
}

function unlessDefault(key: string, value: unknown, usual: unknown, { coin }: Chance): object {
  return value === usual && coin() ? {} : { [key]: value }
}

/** One of the many texts that mean this wish. */
export function spell(spec: Spec, dice: Chance): string {
  const { coin, pick, shuffled } = dice
  const keysShuffled = (value: object): object => Object.fromEntries(shuffled(Object.entries(value)))

  function lifecycle({ rules }: Spec['storage']['buckets'][number]['lifecycle']): object {
    const [only] = rules
    if (only === undefined) return pick([{}, { lifecycle: null }, { lifecycle: {} }, { lifecycle: { rules: [] } }])
    if (rules.length === 1 && only.id === 'thatdam-expire' && only.prefix === '' && coin()) return { lifecycle: { days: only.expireDays } }
    return {
      lifecycle: list('rules', rules, dice, ({ prefix, ...rest }: typeof only) =>
        keysShuffled({ ...rest, ...unlessDefault('prefix', prefix, '', dice) }),
      ),
    }
  }
  const writeBucket = ({ lifecycle: rules, tags, ...rest }: Spec['storage']['buckets'][number]) =>
    keysShuffled({
      ...rest,
      ...lifecycle(rules),
      ...(Object.keys(tags).length === 0 ? pick([{}, { tags: null }, { tags: {} }]) : { tags: keysShuffled(tags) }),
    })
  const writeProperty = ({ name, type }: { name: string; type: string }) =>
    type === 'text' && coin() ? name : keysShuffled({ name, ...unlessDefault('type', type, 'text', dice) })
  const writeClass = ({ name, vectorizer, distance, search, properties, tenants }: Spec['indices']['weaviate']['classes'][number]) =>
    keysShuffled({
      name,
      ...unlessDefault('vectorizer', vectorizer, 'none', dice),
      ...unlessDefault('distance', distance, 'cosine', dice),
      ...unlessDefault('search', search, 'approximate', dice),
      ...list('properties', properties, dice, writeProperty),
      ...list('tenants', tenants, dice),
    })
  const writeQueue = ({ type, ttl, ...rest }: Spec['broker']['queues'][number]) =>
    keysShuffled({ ...rest, ...unlessDefault('type', type, 'classic', dice), ...unlessDefault('ttl', ttl, 0, dice) })
  const writeService = ({ modules, migrations, dependsOn, ...rest }: Spec['services'][string]) =>
    keysShuffled({
      ...rest,
      modules: modules.map(({ name, params }) =>
        Object.keys(params).length === 0 ? pick([{ name }, { name, params: null }]) : { params: keysShuffled(params), name },
      ),
      migrations,
      ...list('dependsOn', dependsOn, dice),
    })

  const { buckets } = spec.storage
  const { vhost, exchanges, queues, bindings } = spec.broker
  const { classes } = spec.indices.weaviate
  const broker = {
    ...unlessDefault('vhost', vhost, '/', dice),
    ...list('exchanges', exchanges, dice, ({ name, type }) => keysShuffled({ name, ...unlessDefault('type', type, 'topic', dice) })),
    ...list('queues', queues, dice, writeQueue),
    ...list('bindings', bindings, dice, ({ key, arguments: given, ...rest }: (typeof bindings)[number]) =>
      keysShuffled({
        ...rest,
        ...unlessDefault('key', key, '', dice),
        ...(given === undefined ? pick([{}, { arguments: null }, { arguments: {} }]) : { arguments: keysShuffled(given) }),
      }),
    ),
  }
  const empty = classes.length === 0 && coin()
  const document = {
    apiVersion: 'thatdam/v1',
    kind: 'EnvironmentProfile',
    ...pick([{}, { metadata: null }, { metadata: { name: pick(['one', 'two']) } }]),
    spec: keysShuffled({
      ...(buckets.length === 0 && coin()
        ? pick([{}, { storage: null }, { storage: {} }])
        : { storage: list('buckets', buckets, dice, writeBucket) }),
      ...(Object.keys(broker).length === 0 ? pick([{}, { broker: null }, { broker }]) : { broker }),
      ...(empty
        ? pick([{}, { indices: null }, { indices: {} }, { indices: { weaviate: null } }])
        : { indices: { weaviate: list('classes', classes, dice, writeClass) } }),
      ...(Object.keys(spec.services).length === 0
        ? pick([{}, { services: null }, { services: {} }])
        : { services: Object.fromEntries(shuffled(Object.entries(spec.services)).map(([name, one]) => [name, writeService(one)])) }),
    }),
  }
  const collectionStyle = pick(['block', 'flow'] as const)
  return coin()
    ? JSON.stringify(keysShuffled(document), null, pick([0, 2, '\t']))
    : stringify(keysShuffled(document), {
        collectionStyle,
        defaultStringType: pick(['PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE']),
        defaultKeyType: pick(['PLAIN', 'QUOTE_DOUBLE']),
        // The library folds long lines inside a surrogate pair, and what it then writes is no text.
        lineWidth: 0,
        // Between brackets an empty text is no value at all.
        nullStr: pick(collectionStyle === 'block' ? ['null', '~', ''] : ['null', '~']),
      })
}
