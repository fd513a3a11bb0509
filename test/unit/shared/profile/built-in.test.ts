import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { profileJsonSchema } from '../../../../src/shared/profile/json-schema'
import { exampleFile, parsed, soloFile } from './support'

const solo = readFileSync(soloFile, 'utf8')
const example = readFileSync(exampleFile, 'utf8')

describe('the built-in profile of a solo node', () => {
  const { spec } = parsed(solo)

  it('never expires anything', () => {
    expect(spec.storage.buckets.flatMap(({ lifecycle }) => lifecycle.rules)).toEqual([])
    expect(spec.broker.queues.filter(({ ttl }) => ttl !== 0)).toEqual([])
  })

  it('wants something of storage, broker and index, so that a new node has all three', () => {
    expect(spec.storage.buckets.map(({ name }) => name)).toEqual(['artifacts', 'media-derivatives', 'media-raw'])
    expect(spec.broker.queues.map(({ name, dlx }) => [name, dlx])).toEqual([
      ['dead', undefined],
      ['ingest', 'overlay-dead'],
    ])
    expect(spec.indices.weaviate.classes.map(({ name }) => name)).toEqual(['MediaAsset'])
  })

  it('names no service, since none is installed', () => {
    expect(spec.services).toEqual({})
  })
})

type Schema = { [key: string]: unknown }
const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a schema lets one say: every key, and every value of an enumeration, with where it stands. */
function sayings(schema: unknown, path = ''): string[] {
  if (!isObject(schema)) return []
  const { properties, items, anyOf, additionalProperties, enum: values } = schema
  return [
    ...(isObject(properties)
      ? Object.entries(properties).flatMap(([key, inner]) => [`${path}.${key}`, ...sayings(inner, `${path}.${key}`)])
      : []),
    ...(Array.isArray(values) ? values.map((value) => `${path}=${value}`) : []),
    ...(Array.isArray(anyOf) ? anyOf.flatMap((inner) => sayings(inner, path)) : []),
    ...sayings(items, `${path}[]`),
    ...sayings(additionalProperties, `${path}.*`),
  ]
}

/** What a document says, in the same terms. Under a key that somebody chose, the key is `*`. */
function said(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => said(item, `${path}[]`))
  if (!isObject(value)) return [`${path}=${value}`]
  return Object.entries(value).flatMap(([key, inner]) => [`${path}.${key}`, ...said(inner, `${path}.${key}`), ...said(inner, `${path}.*`)])
}

describe('the example profile', () => {
  it('is valid', () => {
    expect(parsed(example).metadata.name).toBe('example')
  })

  it('has every key and every value of the schema in it', () => {
    const used = new Set(said(parse(example)))
    // The older version of the policy language is there for policies that exist already.
    const missing = sayings(profileJsonSchema()).filter((one) => !used.has(one) && !one.endsWith('.Version=2008-10-17'))
    expect(missing).toEqual([])
  })

  it('shows every shorthand beside its long form', () => {
    const { storage, indices, broker } = parse(example).spec
    expect(storage.buckets.map((bucket: Schema) => Object.keys(bucket.lifecycle ?? {}))).toEqual(
      expect.arrayContaining([['days'], ['rules']]),
    )
    expect(indices.weaviate.classes[0].properties.map((property: unknown) => typeof property)).toEqual(
      expect.arrayContaining(['string', 'object']),
    )
    expect(storage.buckets.map(({ policy }: Schema) => typeof policy)).toEqual(expect.arrayContaining(['string', 'object']))
    expect(broker.bindings.filter(({ key }: Schema) => key === undefined).length).toBeGreaterThan(0)
  })
})
