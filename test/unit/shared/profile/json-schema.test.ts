import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { profileJsonSchema } from '../../../../src/shared/profile/json-schema'
import { exampleFile, profileWith, soloFile } from './support'

const file = 'resources/environment-profile.schema.json'

type Schema = { [key: string]: unknown }

/** A schema and all schemas in it. The mapping under `properties` is none, though it looks like one. */
function* schemasIn(value: unknown): Generator<Schema> {
  if (Array.isArray(value)) for (const item of value) yield* schemasIn(item)
  else if (typeof value === 'object' && value !== null) {
    const { properties, ...rest } = value as Schema
    yield value as Schema
    for (const inner of [...Object.values(rest), ...Object.values(properties ?? {})]) yield* schemasIn(inner)
  }
}

describe('the JSON Schema of a profile', () => {
  it('is what npm run generate wrote', () => {
    expect(readFileSync(file, 'utf8')).toBe(`${JSON.stringify(profileJsonSchema(), null, 2)}\n`)
  })

  it('stands alone: draft 2020-12, without an id and without references', () => {
    const schema = profileJsonSchema()
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
    expect([...schemasIn(schema)].filter((one) => '$id' in one || '$ref' in one || '$defs' in one)).toEqual([])
  })

  it('describes every key, for hover help', () => {
    const undescribed = [...schemasIn(profileJsonSchema())].flatMap(({ properties }) =>
      Object.entries((properties ?? {}) as Record<string, { description?: string }>)
        .filter(([, { description }]) => description === undefined)
        .map(([key]) => key),
    )
    expect(undescribed).toEqual([])
  })

  const check = z.fromJSONSchema(profileJsonSchema() as z.core.JSONSchema.JSONSchema)

  it.each([exampleFile, soloFile])('accepts %s', (name) => {
    expect(check.safeParse(parse(readFileSync(name, 'utf8'))).error).toBeUndefined()
  })

  it.each([
    'storage: { buckets: [{ nam: media-raw }] }',
    'storage: { buckets: [{ name: Media }] }',
    'broker: { queues: [{ name: a, ttl: -1 }] }',
    'indices: { weaviate: { classes: [{ name: A, properties: [{ name: a, type: string }] }] } }',
    'services: { api: { comand: x } }',
  ])('refuses %s', (spec) => {
    expect(check.safeParse(parse(profileWith(spec))).success).toBe(false)
  })
})
