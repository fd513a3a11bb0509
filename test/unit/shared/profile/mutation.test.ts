import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { type ParseResult, parseProfile } from '../../../../src/shared/profile/parse'
import { type Chance, chance, exampleFile, malformedFiles, profileWith, readMalformed, soloFile } from './support'

const sources = [exampleFile, soloFile].map((file) => readFileSync(file, 'utf8'))
/** Those that are long to read on purpose would take most of the time. */
const isSmall = (file: string) => !['too-many.yaml', 'unfolding-aliases.yaml'].includes(file)
const small = profileWith(`storage: { buckets: [{ name: media-raw, lifecycle: { days: 30 }, tags: { owner: media }, policy: private }] }
broker: { exchanges: [{ name: overlay }], queues: [{ name: ingest, ttl: 60 }], bindings: [{ exchange: overlay, queue: ingest, key: '#' }] }
indices: { weaviate: { classes: [{ name: Asset, properties: [title, { name: size, type: int }], tenants: [a] }] } }
services: { api: { version: '1', modules: [{ name: one, params: { a: [1] } }], migrations: [one], dependsOn: [] } }`)
const texts = [small, ...sources, ...malformedFiles().filter(isSmall).map(readMalformed)]
const smallTree: unknown = parse(small)
const trees: unknown[] = sources.map((text) => parse(text))
const marks = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '-',
  '- ',
  '? ',
  '"',
  "'",
  '|',
  '>',
  '#',
  '&a ',
  '*a',
  '!t ',
  '%',
  '@',
  '`',
  '\t',
  '\n',
  '\r\n',
  '---\n',
  '...\n',
  '<<: *a\n',
  '\u0000',
  '\ud800',
  '\ufeff',
  '😀',
  '1e999',
  '.nan',
  '0x1F',
  'null',
  '~',
]

/** A change to the text: what a slip of the hand, a broken disk or a bad merge does. */
function mutateText(text: string, { below, pick }: Chance): string {
  const at = below(text.length + 1)
  const length = 1 + below(pick([1, 4, 40, 400]))
  const other = pick(texts)
  const from = below(other.length)
  switch (below(7)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(below(pick([128, 256, 65_536]))) + text.slice(at + 1)
    case 1:
      return text.slice(0, at) + text.slice(at + length)
    case 2:
      return text.slice(0, at) + text.slice(at, at + length).repeat(1 + below(3)) + text.slice(at)
    case 3:
      return text.slice(0, at) + other.slice(from, from + length) + text.slice(at)
    case 4:
      return text.slice(0, at) + pick(marks) + text.slice(at)
    case 5: {
      const words = text.split(/(\s+|[[\]{}:,])/)
      words[below(words.length)] = pick(other.split(/\s+/))
      return words.join('')
    }
    default:
      return text.slice(0, at)
  }
}

const values = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  '',
  'x',
  'overlay',
  'Ä'.repeat(200),
  [],
  {},
  [null],
  [[]],
  { name: null },
  { '': '' },
  '{{ x }}',
  '2026-01-01',
]

/** A change to what the text says: a value, a key or an item somewhere in it. */
function mutateTree(value: unknown, dice: Chance, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || (depth > 1 && dice.below(5) === 0)) return dice.pick(values)
  if (Array.isArray(value)) {
    const at = dice.below(value.length + 1)
    const choice = dice.below(4)
    if (choice === 0 || at === value.length) return [...value, dice.pick([...value, ...values])]
    if (choice === 1) return value.toSpliced(at, 1)
    return value.with(at, mutateTree(value[at], dice, depth + 1))
  }
  const entries = Object.entries(value)
  const at = dice.below(entries.length + 1)
  const [key, inner] = entries[at] ?? [dice.pick(['name', 'spec', 'lifecycle', 'constructor', 'a.b', '1']), dice.pick(values)]
  const choice = dice.below(5)
  if (choice === 0) return Object.fromEntries(entries.toSpliced(at, 1))
  const changed: [string, unknown] = choice === 1 ? [mutateText(key, dice), inner] : [key, mutateTree(inner, dice, depth + 1)]
  return Object.fromEntries(entries.toSpliced(at, 1, changed))
}

function mutant(seed: number): string {
  const dice = chance(seed)
  const times = 1 + dice.below(3)
  if (dice.below(3) > 0) {
    let text = dice.pick(texts)
    for (let i = 0; i < times; i++) text = mutateText(text, dice)
    return text
  }
  let tree = dice.below(4) === 0 ? dice.pick(trees) : smallTree
  for (let i = 0; i < times; i++) tree = mutateTree(tree, dice)
  return dice.coin() ? JSON.stringify(tree, null, dice.pick([0, 1, '\t'])) : stringify(tree, { aliasDuplicateObjects: dice.coin() })
}

/** What is wrong with the answer to a text; undefined when nothing is. */
function complaint(text: string, result: ParseResult): string | undefined {
  if (result.ok) return undefined
  if (result.errors.length === 0) return 'refused without an error'
  if (result.errors.length > 101) return `${result.errors.length} errors`
  const lines = (text.startsWith('\ufeff') ? text.slice(1) : text).split('\n')
  for (const { path, line, column, message, hint } of result.errors) {
    const wide = lines[(line ?? 0) - 1]?.length
    if (path === undefined || line === undefined || column === undefined || wide === undefined) return `no place: ${message}`
    if (column < 1 || column > wide + 1) return `column ${column} of a line of ${wide}: ${message}`
    if (message.trim() === '' || message.length > 400 || /undefined|\[object|NaN|Invalid input/.test(message))
      return `no sentence: ${message}`
    if (hint !== undefined && (hint.trim() === '' || /undefined|\[object/.test(hint))) return `no hint: ${hint}`
  }
  return undefined
}

const batch = 1_000

describe('ten thousand mutated profiles', () => {
  it.each(Array.from({ length: 10 }, (_, i) => i * batch + 1))(
    'are each accepted, or refused with a place in the text and a sentence: seeds from %i',
    (first) => {
      let accepted = 0
      const bad: string[] = []
      for (let seed = first; seed < first + batch; seed++) {
        const text = mutant(seed)
        const result = parseProfile(text, { file: 'mutant.yaml' })
        const found = complaint(text, result)
        if (found !== undefined) bad.push(`seed ${seed}: ${found}`)
        if (result.ok) accepted++
      }
      expect(bad).toEqual([])
      // The mutants are neither all harmless nor all stopped by the first check.
      expect(accepted).toBeGreaterThan(batch / 100)
      expect(accepted).toBeLessThan(batch / 2)
    },
    120_000,
  )
})
