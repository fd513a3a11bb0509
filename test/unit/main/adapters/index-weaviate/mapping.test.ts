import { describe, expect, it } from 'vitest'
import { whereOf } from '../../../../../src/main/adapters/index-weaviate/filter'
import { decode, encode, vectorFrom } from '../../../../../src/main/adapters/index-weaviate/objects'
import { classBody, classFrom } from '../../../../../src/main/adapters/index-weaviate/schema'
import { partsOf } from '../../../../../src/main/adapters/index-weaviate/write'
import type { Filter, Metadata } from '../../../../../src/main/core/ports/vector-index'
import { propertyTypes } from '../../../../../src/shared/profile/model'
import { classOf, object } from '../../../../conformance/vector-index/harness'

const wish = classOf('Segment', { properties: propertyTypes.map((type) => ({ name: type.replace('[]', 's'), type })) })
/** As the server says it back, as far as it matters here. */
const segment = classFrom(classBody(wish))

function sent(metadata: Metadata) {
  return encode(segment, object('x', [1, 2], metadata)).properties
}

describe('a class on its way to Weaviate and back', () => {
  it('is the same, without what the node keeps for itself', () => {
    expect({ ...segment.state, properties: segment.state.properties.toSorted((a, b) => (a.name < b.name ? -1 : 1)) }).toEqual({
      ...wish,
      properties: wish.properties.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      multiTenancy: false,
    })
  })
})

describe('an object on its way to Weaviate', () => {
  it('keeps its id where that is a lower-case UUID, and in a property of its own where it is not', () => {
    const uuid = '0e2f63e8-6a4c-4a3f-9d3b-5f3a4f6c7d10'
    expect(encode(segment, object(uuid, [1]))).toMatchObject({ id: uuid, properties: {} })
    expect(encode(segment, object('x', [1])).properties).toEqual({ thatdamId: 'x' })
  })

  it.each<[string, Metadata, object]>([
    ['an ordinary value', { text: 'a', int: 1, dates: ['2026-01-01T00:00:00Z'] }, {}],
    ['a whole number beyond 32 bits', { int: 2 ** 40 }, { thatdamExact: '{"metadata":{"int":1099511627776}}' }],
    ['a UUID in capitals', { uuid: '0E2F63E8-6A4C-4A3F-9D3B-5F3A4F6C7D10' }, { thatdamExact: expect.stringContaining('0E2F') }],
    ['a date with zeros at its end', { date: '2026-01-01T00:00:00.000Z' }, { thatdamExact: expect.stringContaining('.000Z') }],
    ['a text with a space at its edge', { text: ' a' }, { thatdamOdd: ['text'] }],
    ['an empty list', { ints: [] }, { thatdamOdd: ['ints'] }],
    ['half of a surrogate pair', { text: '\ud83d' }, { thatdamOdd: ['text'], thatdamExact: '{"metadata":{"text":"\\ud83d"}}' }],
  ])('carries %s', (_, metadata, more) => {
    const properties = sent(metadata)
    const beside = Object.fromEntries(Object.entries(properties).filter(([name]) => name.startsWith('thatdam') && name !== 'thatdamId'))
    expect(beside).toEqual(more)
    expect(decode(segment, 'a uuid', properties)).toMatchObject({ id: 'x', metadata })
  })

  it('sends of a vector without a usable length its direction, and gives it back as it was', () => {
    const { vector, properties } = encode(segment, object('x', [3e-30, 4e-30]))
    expect(vector[0]).toBeCloseTo(0.6, 6)
    expect(vectorFrom(vector, decode(segment, '', properties).exact)).toEqual(Float32Array.of(3e-30, 4e-30))
  })

  it('goes in parts that are small by count and by bytes', () => {
    const items = (count: number, length: number, text = '') =>
      Array.from({ length: count }, () => ({ sent: encode(segment, object('x', new Array(length).fill(1), { text })) }))
    expect(partsOf(items(1_200, 3)).map((part) => part.length)).toEqual([500, 500, 200])
    expect(partsOf(items(5, 40_000)).map((part) => part.length)).toEqual([2, 2, 1])
    expect(partsOf(items(3, 1, 'x'.repeat(3_000_000))).map((part) => part.length)).toEqual([1, 1, 1])
    expect(partsOf([])).toEqual([])
  })
})

describe('a filter in Weaviate’s words', () => {
  const odd = (name: string) => `{path:["thatdamOdd"],operator:Equal,valueText:"${name}"}`
  it.each<[Filter, string]>([
    [{ and: [] }, 'all'],
    [{ or: [] }, 'none'],
    [{ not: { and: [] } }, 'none'],
    [{ field: 'int', op: 'eq', value: 1.5 }, 'none'],
    [{ field: 'int', op: 'ne', value: 1.5 }, 'all'],
    [{ field: 'int', op: 'lt', value: 1.5 }, '{path:["int"],operator:LessThan,valueInt:2}'],
    [{ field: 'int', op: 'gt', value: 1.5 }, '{path:["int"],operator:GreaterThan,valueInt:1}'],
    [{ not: { field: 'boolean', op: 'eq', value: true } }, '{operator:Not,operands:[{path:["boolean"],operator:Equal,valueBoolean:true}]}'],
    [{ not: { field: 'boolean', op: 'ne', value: true } }, '{path:["boolean"],operator:Equal,valueBoolean:true}'],
    [{ field: 'text', op: 'eq', value: '"' }, `{operator:Or,operands:[{path:["text"],operator:Equal,valueText:"\\""},${odd('text')}]}`],
    // What the server would compare otherwise is judged here, whichever way it is asked.
    [{ field: 'text', op: 'contains', value: 'a*b' }, 'all'],
    [{ not: { field: 'text', op: 'contains', value: 'a*b' } }, 'all'],
    [{ field: 'text', op: 'eq', value: ' a' }, odd('text')],
  ])('%j is %s', (filter, expected) => {
    expect(whereOf(filter, segment)).toBe(expected)
  })
})
