import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { topicTrie } from '../../../../../src/main/adapters/bus-inproc/topic-trie'

/** The definition, word by word, with no thought of speed. */
function matches(pattern: readonly string[], key: readonly string[]): boolean {
  const [head, ...rest] = pattern
  if (head === undefined) return key.length === 0
  if (head === '#') return matches(rest, key) || (key.length > 0 && matches(pattern, key.slice(1)))
  return key.length > 0 && (head === '*' || head === key[0]) && matches(rest, key.slice(1))
}

const words = (text: string) => (text === '' ? [] : text.split('.'))
const join = (parts: string[]) => parts.join('.')
const pattern = fc.array(fc.constantFrom('a', 'b', '', '*', '#'), { maxLength: 6 }).map(join)
const key = fc.array(fc.constantFrom('a', 'b', 'c', '', '*', '#'), { maxLength: 6 }).map(join)

describe('topicTrie', () => {
  it('finds exactly the patterns that the definition of a topic match accepts', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 20 }), fc.array(key, { minLength: 1, maxLength: 10 }), (patterns, keys) => {
        const trie = topicTrie<number>()
        for (const [n, text] of patterns.entries()) trie.add(text, n)
        for (const text of keys) {
          const expected = patterns.flatMap((candidate, n) => (matches(words(candidate), words(text)) ? [n] : []))
          expect([...trie.match(text)].sort((a, b) => a - b)).toEqual(expected)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('finds a value once, however many of its patterns match', () => {
    const trie = topicTrie<string>()
    for (const text of ['#', '*.*', 'a.b', 'a.b', '#.#.b']) trie.add(text, 'q')
    expect([...trie.match('a.b')]).toEqual(['q'])
  })

  it('matches nothing while it is empty', () => {
    expect([...topicTrie<string>().match('')]).toEqual([])
    expect([...topicTrie<string>().match('a')]).toEqual([])
  })

  it('answers a pattern of many wildcards on a long key, where backtracking would never end', () => {
    const trie = topicTrie<string>()
    trie.add(`${'#.a.'.repeat(20)}z`, 'q')
    trie.add(`${'#.a.'.repeat(20)}#`, 'r')
    expect([...trie.match('a.'.repeat(120))]).toEqual(['r'])
  })
})
