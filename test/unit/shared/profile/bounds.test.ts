import { describe, expect, it } from 'vitest'
import { maxProfileBytes } from '../../../../src/shared/profile/limits'
import { parseProfile } from '../../../../src/shared/profile/parse'
import { profileWith } from './support'

describe('reading ends with a sentence for', () => {
  const half = maxProfileBytes / 2
  it.each([
    ['a text over the limit', 'x'.repeat(maxProfileBytes + 1), 'is longer than 4,194,304 bytes'],
    ['a text over the limit in bytes alone', 'é'.repeat(half + 1), 'is longer than 4,194,304 bytes'],
    ['four million brackets', '['.repeat(maxProfileBytes), 'nested more than 64 deep'],
    ['four million closing brackets', ']'.repeat(maxProfileBytes), 'is not expected here'],
    ['nested mappings', '{a: '.repeat(1_000_000), 'nested more than 64 deep'],
    ['nested lists', '- '.repeat(half), 'nested more than 64 deep'],
    ['explicit keys in explicit keys', '? '.repeat(half), 'nested more than 64 deep'],
    ['indentation without end', Array.from({ length: 2_000 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''), 'nested more than 64 deep'],
    ['commas', `[${','.repeat(maxProfileBytes - 1)}`, 'more than 500,000 words and marks'],
    ['anchors', '&a '.repeat(1_300_000), 'more than 500,000 words and marks'],
    ['tags', '! '.repeat(20_000), 'only the first 100 errors are listed'],
    ['directives', '%a\n'.repeat(20_000), 'only the first 100 errors are listed'],
    ['documents', '---\n'.repeat(1_000_000), 'a second document begins here'],
    ['empty lines', '\n'.repeat(maxProfileBytes), 'more than 500,000 words and marks'],
    ['one line of a million keys', `{${'a,'.repeat(1_000_000)}}`, 'more than 500,000 words and marks'],
    ['a mapping of equal keys', `{${'a: 1,'.repeat(10_000)}}`, 'is written twice here'],
    [
      'an alias inside what it repeats',
      profileWith('services: { api: { modules: [{ name: a, params: &a { b: *a } }] } }'),
      'stands inside the value that it repeats',
    ],
    ['a text of four megabytes', profileWith(`storage: "${'a'.repeat(maxProfileBytes - 200)}"`), 'must be a mapping'],
    [
      'ten thousand references to nothing',
      profileWith(
        `broker: { exchanges: [], queues: [${Array.from({ length: 10_000 }, (_, i) => `{name: q${i}, dlx: x${i}}`).join(',')}] }`,
      ),
      'is not declared',
    ],
    [
      'a cycle of ten thousand services',
      profileWith(`services: {${Array.from({ length: 10_000 }, (_, i) => `s${i}: {dependsOn: [s${(i + 1) % 10_000}]}`).join(',')}}`),
      'wait for one another',
    ],
  ])(
    '%s',
    (_, text, sentence) => {
      const result = parseProfile(text)
      const messages = result.ok ? [] : result.errors.map(({ message }) => message)
      expect(messages.join('\n')).toContain(sentence)
      expect(messages.length).toBeLessThanOrEqual(101)
    },
    120_000,
  )
})
