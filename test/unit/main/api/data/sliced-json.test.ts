import { describe, expect, it } from 'vitest'
import { slicedJson } from '../../../../../src/main/api/data/sliced-json'

/** What comes of `text` when it comes in pieces of `size` bytes. */
function slice(text: string | Buffer, size: number): { elements: unknown[]; rest: unknown } {
  const bytes = Buffer.from(text)
  const elements: unknown[] = []
  const sliced = slicedJson('class Shot', (value, place) => {
    expect(place).toBe(elements.length)
    elements.push(value)
  })
  for (let from = 0; from < bytes.length; from += size) sliced.feed(bytes.subarray(from, from + size))
  return { elements, rest: sliced.end() }
}

const objects = [
  { id: 'a', vector: [0.5, -1e-3], metadata: { title: 'brackets ]}[{ and "quotes" and \\ and ключ' } },
  {},
  { id: '\\"', nested: [[{}], [], [{ a: [1] }]], empty: '' },
  { id: 'last\\\\', text: '\u2028 𝄞' },
]

describe('JSON in slices', () => {
  it('gives each object of the list as it would be parsed at once, wherever the pieces end', () => {
    for (const text of [JSON.stringify({ objects }), JSON.stringify({ objects }, null, 2)]) {
      const { length } = Buffer.from(text)
      for (let size = 1; size <= length; size++) expect(slice(text, size)).toEqual({ elements: objects, rest: { objects: [0, 1, 2, 3] } })
    }
  })

  it('leaves everything else to be judged as a whole', () => {
    expect(slice('{"objects":[]}', 3)).toEqual({ elements: [], rest: { objects: [] } })
    expect(slice('[{"id":"a"}]', 3)).toEqual({ elements: [], rest: [{ id: 'a' }] })
    expect(slice('{"a":{"b":[{"c":1}]},"objects":[[{}],5,"{",{"id":"a"},null]}', 4)).toEqual({
      elements: [{ id: 'a' }],
      rest: { a: { b: [{ c: 1 }] }, objects: [[{}], 5, '{', 0, null] },
    })
    expect(slice('"[{"', 1)).toEqual({ elements: [], rest: '[{' })
    expect(slice('{"one":[{"a":1}],"two":[{"a":2}]}', 5)).toEqual({ elements: [{ a: 1 }, { a: 2 }], rest: { one: [0], two: [1] } })
  })

  it('refuses what is no JSON, with the class and the object', () => {
    for (const text of [
      '',
      '{',
      '{"objects":[',
      '{"objects":[{}',
      '{"objects":[{}]',
      '{"objects":["]}',
      '}',
      '{}]',
      '{"objects":[{}}}',
      '{"objects":[{},]}',
    ]) {
      expect(() => slice(text, 2), text).toThrow(/^class Shot.*not valid JSON/)
    }
    expect(() => slice('{"objects":[{"id":"a"},{"id":NaN}]}', 5)).toThrow(/^class Shot, object 1: .*not valid JSON/)
    expect(() => slice('{"objects":[{"id":"a"]]}', 5)).toThrow(/^class Shot, object 0: /)
    expect(() => slice(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 2)).toThrow(/UTF-8/)
  })

  it('refuses brackets without end before they take up memory', () => {
    const sliced = slicedJson('class Shot', () => undefined)
    expect(() => sliced.feed(Buffer.alloc(1024 * 1024, '['))).toThrow(/nested more than 1000 levels deep/)
    const wide = `{"objects":[{"id":"a","vector":[${'[],'.repeat(1_100_000)}[]]}]}`
    expect(() => slice(wide, 65_536)).toThrow(/^class Shot, object 0: the body has more than 1000000 lists and objects/)
  })
})
