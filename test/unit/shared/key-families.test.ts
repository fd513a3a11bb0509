import { describe, expect, it } from 'vitest'
import { ancestorsOf, familiesOf } from '../../../src/shared/key-families'

describe('the families of keys', () => {
  it.each([
    ['plain', []],
    ['a/b.c/..d/e', []],
    ['..', ['dot-segment']],
    ['a/./b', ['dot-segment']],
    ['..\\x', ['dot-segment']],
    ['/a', ['empty-segment']],
    ['a//b', ['empty-segment']],
    ['a/', ['trailing-slash']],
    ['é'.repeat(128), ['long-segment', 'long-name']],
    [`${'x'.repeat(255)}/a`, []],
    ['x'.repeat(227), []],
    ['x'.repeat(228), ['long-name']],
    ['a\u0000', ['nul', 'unlistable']],
    ['a\u0001', ['unlistable']],
    ['a\tb\r\n', []],
    ['\uffff', ['unlistable']],
  ])('of %j are %j', (key, families) => {
    expect(familiesOf(key)).toEqual(families)
  })

  it('names the keys under which one lies', () => {
    expect(ancestorsOf('a/b/c')).toEqual(['a', 'a/b'])
    expect(ancestorsOf('a')).toEqual([])
    expect(ancestorsOf('a/')).toEqual([])
  })
})
