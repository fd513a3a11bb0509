import { describe, expect, it } from 'vitest'
import * as names from '../../../../src/shared/profile/names'

const accepted: Record<string, readonly [names.Grammar, readonly string[]]> = {
  bucket: [names.bucketName, ['abc', 'media-raw', '0-0', 'a.b', 'x'.repeat(63), '1.2.3', '2024']],
  'rule id': [names.ruleId, ['tmp', 'Übergang', '007', 'x'.repeat(255)]],
  prefix: [names.keyPrefix, ['', 'tmp/', ' ', 'é'.repeat(512)]],
  'tag key': [names.tagKey, ['owner', 'cost center', 'a+b-c=d._:/@', 'x'.repeat(128)]],
  'tag value': [names.tagValue, ['', '4711', 'x'.repeat(256)]],
  vhost: [names.vhostName, ['/', 'studio a', 'é']],
  exchange: [names.exchangeName, ['overlay', 'amq', 'aмq.x', 'x'.repeat(255)]],
  queue: [names.queueName, ['ingest', 'with space', '😀'.repeat(63)]],
  'binding key': [names.bindingKey, ['', '#', 'media.*.added', 'x'.repeat(255)]],
  class: [names.className, ['A', 'MediaAsset', 'A_1', `A${'x'.repeat(254)}`]],
  property: [names.propertyName, ['a', '_private', 'assetId', 'ID'.toLowerCase().concat('s'), `a${'x'.repeat(230)}`]],
  tenant: [names.tenantName, ['a', 'studio-a', 'A_1', '-', 'x'.repeat(64)]],
  vectorizer: [names.vectorizerName, ['none', 'text2vec-openai']],
  service: [names.serviceName, ['video-api', 'A.b_c', '0', 'x'.repeat(64)]],
  label: [names.label, ['1.4.0', '001_init', 'embeddings.hierarchical', 'x'.repeat(255)]],
}

const refused: Record<string, readonly [names.Grammar, readonly string[]]> = {
  bucket: [
    names.bucketName,
    [
      '',
      'ab',
      'x'.repeat(64),
      'Media',
      'a_b',
      'a b',
      '-ab',
      'ab-',
      '.ab',
      'ab.',
      'a..b',
      'a.-b',
      'a-.b',
      '1.2.3.4',
      'xn--abc',
      'sthree-a',
      'a-s3alias',
      'a--ol-s3',
      'a.mrap',
      'minio',
      'büro',
    ],
  ],
  'rule id': [names.ruleId, ['', 'x'.repeat(256), 'a\nb']],
  prefix: [names.keyPrefix, ['é'.repeat(513), '\u0000']],
  'tag key': [names.tagKey, ['', 'aws:x', 'AWS:x', 'a&b', 'é', 'x'.repeat(129)]],
  'tag value': [names.tagValue, ['50 %', 'x'.repeat(257), 'a\tb']],
  vhost: [names.vhostName, ['', 'é'.repeat(128)]],
  exchange: [names.exchangeName, ['', 'amq.topic', 'AMQ.x', 'x'.repeat(256), 'a\r']],
  queue: [names.queueName, ['', 'amq.gen', '😀'.repeat(64)]],
  'binding key': [names.bindingKey, ['x'.repeat(256), '\u007f']],
  class: [names.className, ['', 'asset', '1A', 'Media-Asset', 'Ä', 'Raft', `A${'x'.repeat(255)}`]],
  property: [
    names.propertyName,
    [
      '',
      'Title',
      '1a',
      'a-b',
      'id',
      '_id',
      '_additional',
      'thatdamId',
      'thatdamid',
      'thatdamExact',
      'a_searchable',
      'a_rangeable',
      'a_temp',
      'a__meta_count',
      'a_propertyLength',
      'a_nullState',
      `a${'x'.repeat(231)}`,
    ],
  ],
  tenant: [names.tenantName, ['', 'a b', 'a.b', 'é', 'x'.repeat(65)]],
  vectorizer: [names.vectorizerName, ['', 'None', '-x', 'a_b']],
  service: [names.serviceName, ['', '.hidden', '../up', 'a/b', 'a b', 'x'.repeat(65)]],
  label: [names.label, ['', 'a\nb', 'x'.repeat(256)]],
}

describe('a name', () => {
  it.each(Object.entries(accepted))('for a %s is accepted where every backend takes it', (_, [grammar, list]) => {
    expect(list.filter((name) => names.nameError(grammar, name) !== undefined)).toEqual([])
  })

  it.each(Object.entries(refused))('for a %s is refused where one backend would', (_, [grammar, list]) => {
    expect(list.filter((name) => names.nameError(grammar, name) === undefined)).toEqual([])
  })

  it.each(Object.entries(accepted))('for a %s passes the pattern that editors check with', (_, [grammar, list]) => {
    const pattern = new RegExp(grammar.json.pattern ?? '', 'u')
    expect(list.filter((name) => !pattern.test(name))).toEqual([])
  })

  it('is refused with what is wrong with it', () => {
    expect(names.nameError(names.bucketName, 'a..b')).toBe('`a..b` is not a bucket name: it has `..` in it')
    expect(names.nameError(names.queueName, '')).toBe('a queue name cannot be empty')
    expect(names.nameError(names.exchangeName, 'a\nb')).toBe('`a\\nb` is not an exchange name: it has the control character `\\n`')
  })
})
