/** Profiles of few names, so that any two of them have much to do with each other. */
import fc from 'fast-check'
import type { Profile } from '../../src/shared/profile/model'

const few = <T>(item: fc.Arbitrary<T>, key: (item: T) => string) => fc.uniqueArray(item, { maxLength: 4, selector: key })

const bucketName = fc.constantFrom('aaa', 'bbb', 'ccc', 'ddd')
const rule = fc.record({
  id: fc.constantFrom('r1', 'r2', 'r3'),
  prefix: fc.constantFrom('', 'tmp/'),
  expireDays: fc.integer({ min: 1, max: 3 }),
})
const tags = fc.dictionary(fc.constantFrom('owner', 'team', 'toString'), fc.constantFrom('a', 'b'))
const policy = fc.constantFrom('private' as const, 'public-read' as const, {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' }],
})
const exchange = fc.record({ name: fc.constantFrom('x1', 'x', 'x ->', '"x'), type: fc.constantFrom('topic' as const, 'fanout' as const) })
const queueType = fc.constantFrom('classic' as const, 'quorum' as const)
const property = fc.record({ name: fc.constantFrom('p1', 'p2', 'p3'), type: fc.constantFrom('text' as const, 'int' as const) })
const tenants = fc.uniqueArray(fc.constantFrom('t1', 't2', 't3'), { maxLength: 3 })
const distance = fc.constantFrom('cosine' as const, 'dot' as const)

export const anyProfile: fc.Arbitrary<Profile> = fc
  .record({
    buckets: few(
      fc
        .record({
          name: bucketName,
          versioning: fc.option(fc.boolean(), { nil: undefined }),
          rules: few(rule, (one) => one.id),
          tags,
          policy: fc.option(policy, { nil: undefined }),
        })
        .map(({ name, versioning, rules, tags: wished, policy: wishedPolicy }) => ({
          name,
          ...(versioning === undefined ? {} : { versioning }),
          lifecycle: { rules },
          tags: wished,
          ...(wishedPolicy === undefined ? {} : { policy: wishedPolicy }),
        })),
      (one) => one.name,
    ),
    exchanges: few(exchange, (one) => one.name),
    queues: few(
      fc
        .record({
          name: fc.constantFrom('q', '-> q', 'q : a.#', 'q3'),
          type: queueType,
          ttl: fc.constantFrom(0, 60),
          dlx: fc.constantFrom(undefined, 'x1'),
        })
        .map(({ dlx, ...queue }) => ({ ...queue, ...(dlx === undefined ? {} : { dlx }) })),
      (one) => one.name,
    ),
    keys: fc.uniqueArray(fc.constantFrom('', 'a.#', ' : '), { maxLength: 2 }),
    classes: few(
      fc.record({
        name: fc.constantFrom('Aaa', 'Bbb'),
        vectorizer: fc.constant('none'),
        distance,
        search: fc.constantFrom('exact' as const, 'approximate' as const),
        properties: few(property, (one) => one.name),
        tenants,
      }),
      (one) => one.name,
    ),
  })
  .map(({ buckets, exchanges, queues, keys, classes }) => ({
    apiVersion: 'thatdam/v1' as const,
    kind: 'EnvironmentProfile' as const,
    metadata: { name: 'any' },
    spec: {
      storage: { buckets },
      broker: {
        vhost: '/',
        exchanges,
        queues,
        bindings: exchanges.flatMap((x) => queues.flatMap((q) => keys.map((key) => ({ exchange: x.name, queue: q.name, key })))),
      },
      indices: { weaviate: { classes } },
      services: {},
    },
  }))
