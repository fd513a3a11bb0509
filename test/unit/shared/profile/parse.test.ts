import { describe, expect, it } from 'vitest'
import { parseProfile } from '../../../../src/shared/profile/parse'
import { errorsOf, parsed, profileWith } from './support'

const empty = {
  storage: { buckets: [] },
  broker: { vhost: '/', exchanges: [], queues: [], bindings: [] },
  indices: { weaviate: { classes: [] } },
  services: {},
}

describe('a valid profile', () => {
  it.each([
    ['no section', 'spec: {}'],
    ['an empty value instead of sections', 'spec:'],
    ['sections without a value', 'spec:\n  storage:\n  broker:\n  indices:\n  services:'],
    ['empty sections', 'spec: { storage: {}, broker: {}, indices: { weaviate: {} }, services: {} }'],
    [
      'sections that hold nothing',
      'spec:\n  storage: { buckets: }\n  broker: { exchanges: , queues: , bindings: }\n  indices: { weaviate: { classes: } }',
    ],
  ])('with %s is the empty environment', (_, spec) => {
    expect(parsed(`apiVersion: thatdam/v1\nkind: EnvironmentProfile\n${spec}\n`).spec).toEqual(empty)
  })

  it('is called default unless it says otherwise', () => {
    expect(parsed(profileWith('{}')).metadata).toEqual({ name: 'default' })
    expect(parsed(profileWith('{}').replace('spec:', 'metadata: { name: studio }\nspec:')).metadata).toEqual({ name: 'studio' })
  })

  it('has its shorthands expanded, its defaults filled in and its lists sorted', () => {
    const { spec } = parsed(
      profileWith(`storage:
  buckets:
    - { name: zebra, lifecycle: { days: 30 } }
    - { name: apple, versioning: false, lifecycle: { rules: [{ id: z, expireDays: 1 }, { id: b, prefix: tmp/, expireDays: 2 }] } }
broker:
  exchanges: [{ name: tasks, type: direct }, { name: overlay }]
  queues: [{ name: ingest, dlx: tasks }, { name: dead, type: quorum, ttl: 5 }]
  bindings: [{ exchange: tasks, queue: ingest, key: b }, { exchange: tasks, queue: ingest, key: a }, { exchange: overlay, queue: dead }]
indices:
  weaviate:
    classes: [{ name: Segment, distance: dot, search: exact, properties: [title, { name: asset, type: vectorRef }], tenants: [b, a] }, { name: Asset }]
services:
  api: { version: "1.4.0", modules: [{ name: z, params: { a: [1, null] } }, { name: a }], migrations: [b, a], dependsOn: [web, db] }
  web:
  db: {}`),
    )
    expect(spec).toEqual({
      storage: {
        buckets: [
          {
            name: 'apple',
            versioning: false,
            lifecycle: {
              rules: [
                { id: 'b', prefix: 'tmp/', expireDays: 2 },
                { id: 'z', prefix: '', expireDays: 1 },
              ],
            },
            tags: {},
          },
          { name: 'zebra', lifecycle: { rules: [{ id: 'thatdam-expire', prefix: '', expireDays: 30 }] }, tags: {} },
        ],
      },
      broker: {
        vhost: '/',
        exchanges: [
          { name: 'overlay', type: 'topic' },
          { name: 'tasks', type: 'direct' },
        ],
        queues: [
          { name: 'dead', type: 'quorum', ttl: 5 },
          { name: 'ingest', type: 'classic', ttl: 0, dlx: 'tasks' },
        ],
        bindings: [
          { exchange: 'overlay', queue: 'dead', key: '' },
          { exchange: 'tasks', queue: 'ingest', key: 'a' },
          { exchange: 'tasks', queue: 'ingest', key: 'b' },
        ],
      },
      indices: {
        weaviate: {
          classes: [
            { name: 'Asset', vectorizer: 'none', distance: 'cosine', search: 'approximate', properties: [], tenants: [] },
            {
              name: 'Segment',
              vectorizer: 'none',
              distance: 'dot',
              search: 'exact',
              properties: [
                { name: 'asset', type: 'vectorRef' },
                { name: 'title', type: 'text' },
              ],
              tenants: ['a', 'b'],
            },
          ],
        },
      },
      services: {
        api: {
          version: '1.4.0',
          modules: [
            { name: 'z', params: { a: [1, null] } },
            { name: 'a', params: {} },
          ],
          migrations: ['b', 'a'],
          dependsOn: ['db', 'web'],
        },
        db: { modules: [], migrations: [], dependsOn: [] },
        web: { modules: [], migrations: [], dependsOn: [] },
      },
    })
  })

  it('may be JSON, with any indentation, a byte order mark and either line end', () => {
    const json = { apiVersion: 'thatdam/v1', kind: 'EnvironmentProfile', spec: { storage: { buckets: [{ name: 'media-raw' }] } } }
    const expected = parsed(JSON.stringify(json))
    for (const text of [
      JSON.stringify(json, null, '\t'),
      JSON.stringify(json, null, 2).replaceAll('\n', '\r\n'),
      `\ufeff${JSON.stringify(json)}`,
    ]) {
      expect(parsed(text)).toEqual(expected)
    }
    expect(expected.spec.storage.buckets[0]?.name).toBe('media-raw')
  })

  it('keeps the arguments of bindings, which come in the order of their exchange, queue, key and canonical text', () => {
    const { bindings } = parsed(
      profileWith(`broker:
  exchanges: [{ name: by-header, type: headers }]
  queues: [{ name: ingest }]
  bindings:
    - { exchange: by-header, queue: ingest, key: b }
    - { exchange: by-header, queue: ingest, arguments: { x-match: any, format: pdf } }
    - { exchange: by-header, queue: ingest, arguments: { pages: "1", format: avi } }
    - { exchange: by-header, queue: ingest, arguments: }`),
    ).spec.broker
    expect(bindings).toEqual([
      { exchange: 'by-header', queue: 'ingest', key: '' },
      { exchange: 'by-header', queue: 'ingest', key: '', arguments: { pages: '1', format: 'avi' } },
      { exchange: 'by-header', queue: 'ingest', key: '', arguments: { 'x-match': 'any', format: 'pdf' } },
      { exchange: 'by-header', queue: 'ingest', key: 'b' },
    ])
  })

  it('may repeat a value by an anchor and an alias', () => {
    const { classes } = parsed(
      profileWith('indices:\n  weaviate:\n    classes:\n      - { name: A, properties: &p [title] }\n      - { name: B, properties: *p }'),
    ).spec.indices.weaviate
    expect(classes.map(({ properties }) => properties)).toEqual([[{ name: 'title', type: 'text' }], [{ name: 'title', type: 'text' }]])
  })

  it('may name the version of YAML that it is written in, and end with a mark', () => {
    expect(parsed(`%YAML 1.2\n---\n${profileWith('{}')}...\n`).spec).toEqual(empty)
  })

  it('keeps a date, a yes and a number in quotes as the texts that they are', () => {
    const { api } = parsed(profileWith('services: { api: { version: "1.10", migrations: [2026-01-01, yes] } }')).spec.services
    expect(api).toMatchObject({ version: '1.10', migrations: ['2026-01-01', 'yes'] })
  })

  it('leaves a policy document as it was written', () => {
    const policy =
      '{ Version: "2012-10-17", Id: mine, Statement: [{ Effect: Allow, Principal: { AWS: "*" }, Action: "s3:GetObject", Resource: "arn:aws:s3:::media/*" }] }'
    expect(parsed(profileWith(`storage: { buckets: [{ name: media, policy: ${policy} }] }`)).spec.storage.buckets[0]?.policy).toEqual({
      Version: '2012-10-17',
      Id: 'mine',
      Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 's3:GetObject', Resource: 'arn:aws:s3:::media/*' }],
    })
  })

  it('may use names that objects of the language have too', () => {
    const spec =
      'storage: { buckets: [{ name: one, tags: { constructor: a, toString: b } }] }\nservices: { constructor: {}, valueOf: { dependsOn: [constructor] } }'
    const profile = parsed(profileWith(spec))
    expect(Object.keys(profile.spec.services)).toEqual(['constructor', 'valueOf'])
    expect(profile.spec.storage.buckets[0]?.tags).toEqual({ constructor: 'a', toString: 'b' })
  })
})

describe('an error', () => {
  it('names the file where it is about the text as a whole', () => {
    expect(parseProfile('', { file: 'studio.yaml' })).toEqual({
      ok: false,
      errors: [expect.objectContaining({ path: '', line: 1, column: 1, message: 'studio.yaml is empty' })],
    })
  })

  it('is reported together with every other, in the order of the text', () => {
    const errors = errorsOf(
      profileWith(`broker: { queues: [{ name: ingest, dlx: nowhere }] }
storage:
  buckets:
    - { name: Media, lifecycle: { dais: 3 } }
    - { name: Media, tags: { a: 1 } }
indices: { weaviate: { classes: [{ name: asset }] } }`),
    )
    expect(errors).toEqual([
      '4:43 spec.broker.queues[0].dlx: exchange `nowhere` is not declared in this profile',
      '7:17 spec.storage.buckets[0].name: `Media` is not a bucket name: it has the capital letter `M`',
      '7:37 spec.storage.buckets[0].lifecycle.dais: `dais` is not a known key here',
      '8:17 spec.storage.buckets[1].name: `Media` is not a bucket name: it has the capital letter `M`',
      '8:17 spec.storage.buckets[1].name: bucket `Media` is written twice; the first is on line 7',
      '8:35 spec.storage.buckets[1].tags.a: `a` must be a text, but is the number `1`',
      '9:44 spec.indices.weaviate.classes[0].name: `asset` is not a class name: it begins with `a`',
    ])
  })

  it('points at the same place in YAML and in JSON', () => {
    expect(errorsOf('{"apiVersion": "thatdam/v1", "kind": "EnvironmentProfile", "spec": {"brocker": {}}}')).toEqual([
      '1:69 spec.brocker: `brocker` is not a known key here',
    ])
  })

  it('says nothing about what comes after an error of grammar', () => {
    const errors = errorsOf(
      profileWith('storage: { bucket: [] }\nbroker: { queues: [{ name: "ingest }] }\nservices: { api: { comand: x } }'),
    )
    expect(errors).toEqual([
      '4:14 spec.storage.bucket: `bucket` is not a known key here',
      '5:30 : the quote that is opened here is not closed',
    ])
  })

  it('says how many there can be where there are too many', () => {
    const many = (count: number, item: (i: number) => string) => Array.from({ length: count }, (_, i) => item(i)).join(', ')
    const errors = errorsOf(
      profileWith(`storage:
  buckets:
    - name: one
      tags: { ${many(51, (i) => `tag${i}: x`)} }
    - name: two
      lifecycle: { rules: [${many(1001, (i) => `{ id: r${i}, expireDays: 1 }`)}] }
    - name: three
      policy: { Statement: [{ Sid: ${'x'.repeat(20 * 1024)} }] }`),
    )
    expect(errors).toEqual([
      '7:15 spec.storage.buckets[0].tags: there are 51 tags here, and a bucket can have 50 at most',
      '9:29 spec.storage.buckets[1].lifecycle.rules: there are 1,001 items here, and there can be 1,000 at most',
      '11:17 spec.storage.buckets[2].policy: a policy document can be 20,480 bytes long at most',
    ])
  })

  it('about the exchange of the events is said once, whether its type is another or none at all', () => {
    const of = (type: string) => errorsOf(profileWith(`broker: { exchanges: [{ name: overlay, type: ${type} }] }`))
    expect(of('headers')).toEqual([
      '4:48 spec.broker.exchanges[0].type: exchange `overlay` must be of type `topic`: the node publishes its own events there',
    ])
    expect(of('fanot')).toEqual(['4:48 spec.broker.exchanges[0].type: `type` cannot be the text `fanot`'])
    expect(of('topic')).toEqual([])
  })

  it('about the arguments of a binding says what they are for', () => {
    const errors = errorsOf(
      profileWith(`broker:
  exchanges: [{ name: tasks, type: direct }, { name: media }, { name: by-header, type: headers }]
  queues: [{ name: ingest }]
  bindings:
    - { exchange: tasks, queue: ingest, arguments: { format: pdf } }
    - { exchange: media, queue: ingest, arguments: {} }
    - { exchange: media, queue: ingest, key: a, arguments: { x-match: any } }
    - { exchange: by-header, queue: ingest, arguments: { x-match: sum, "": a, pages: 3 } }
    - { exchange: by-header, queue: ingest, arguments: [format] }
    - { exchange: by-header, queue: ingest, arguments: { a: "1", b: "2" } }
    - { exchange: by-header, queue: ingest, arguments: { b: "2", a: "1" } }
    - { exchange: by-header, queue: ingest, arguments: { a: "1", b: "3" } }`),
    )
    expect(errors).toEqual([
      '8:43 spec.broker.bindings[0].arguments: exchange `tasks` is of type `direct`, and only one of type `headers` compares arguments',
      '10:51 spec.broker.bindings[2].arguments: exchange `media` is of type `topic`, and only one of type `headers` compares arguments',
      '11:69 spec.broker.bindings[3].arguments.x-match: `x-match` cannot be the text `sum`',
      '11:74 spec.broker.bindings[3].arguments[""]: a header name cannot be empty',
      '11:88 spec.broker.bindings[3].arguments.pages: `pages` must be a text, but is the number `3`',
      '12:58 spec.broker.bindings[4].arguments: `arguments` must be a mapping of keys to values, but is a list',
      '14:9 spec.broker.bindings[6]: the binding of `by-header` to `ingest` with an empty key and the same arguments is written twice; the first is on line 13',
    ])
  })

  it('quotes no more of a long text than is needed to recognise it', () => {
    const [error = ''] = errorsOf(profileWith(`storage: { buckets: [{ name: ${'x'.repeat(100_000)} }] }`))
    expect(error.length).toBeLessThan(200)
  })
})
