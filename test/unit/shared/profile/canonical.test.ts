import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, hashOf, sha256Hex } from '../../../../src/shared/hash'
import { compareUtf8, sortedBy } from '../../../../src/shared/order'

describe('canonical JSON', () => {
  it('is what RFC 8785 shows for its example', () => {
    const text = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`
    expect(canonicalJson(JSON.parse(text))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  it('sorts keys by their UTF-16 units, as RFC 8785 does', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }
    expect([...canonicalJson(value).matchAll(/:(\d)/g)].map(([, digit]) => Number(digit))).toEqual([2, 4, 6, 7, 1, 5, 3])
  })

  it.each([
    [0, '0'],
    [-0, '0'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [9007199254740992, '9007199254740992'],
    [295147905179352830000, '295147905179352830000'],
    [1e21, '1e+21'],
    [1e23, '1e+23'],
    [0.000001, '0.000001'],
    [1e-7, '1e-7'],
  ])('writes the number %d as %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text)
  })

  it('says the same value and ignores the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
        const turned = JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
          typeof inner === 'object' && inner !== null && !Array.isArray(inner)
            ? Object.fromEntries(Object.entries(inner).reverse())
            : inner,
        )
        expect(canonicalJson(turned)).toBe(text)
      }),
      { seed: 1, numRuns: 500 },
    )
  })

  it.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, '\ud800'])('refuses %s, which JSON cannot hold', (value) => {
    expect(() => canonicalJson(value)).toThrow()
  })

  it('is hashed as UTF-8', () => {
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(hashOf({ b: 'é', a: 1 })).toBe(sha256Hex('{"a":1,"b":"é"}'))
  })
})

describe('the order of names', () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 8 })

  it('is that of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
      { seed: 1, numRuns: 2_000 },
    )
  })

  it('puts what lies beyond the surrogates after what lies before them', () => {
    expect(sortedBy(['\u{10000}', '\uffff', '\ue000', 'z', ''], (name) => name)).toEqual(['', 'z', '\ue000', '\uffff', '\u{10000}'])
  })

  it('sorts a copy', () => {
    const names = ['b', 'a']
    expect(sortedBy(names, (name) => name)).toEqual(['a', 'b'])
    expect(names).toEqual(['b', 'a'])
  })
})
