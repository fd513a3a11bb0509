/** What the profile's tests share: fixtures, a seeded source of chance, and the parts of a valid document. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseProfile } from '../../../../src/shared/profile/parse'

export const malformedDir = 'test/fixtures/profiles/malformed'
export const exampleFile = 'docs/TECHNICAL/bootstrap-profile-example.yaml'
export const soloFile = 'resources/solo-profile.yaml'

/** The malformed profiles, without what is expected of them. */
export function malformedFiles(): string[] {
  return readdirSync(malformedDir)
    .filter((name) => !name.endsWith('.expected.json'))
    .sort()
}

export function readMalformed(name: string): string {
  return readFileSync(join(malformedDir, name), 'utf8')
}

/** A profile around the lines of its `spec`, which are given without indentation. */
export function profileWith(spec: string): string {
  const body = spec
    .split('\n')
    .map((line) => (line === '' ? line : `  ${line}`))
    .join('\n')
  return `apiVersion: thatdam/v1\nkind: EnvironmentProfile\nspec:\n${body}\n`
}

/** The profile that a text stands for; throws with every error when it has any. */
export function parsed(text: string) {
  const result = parseProfile(text)
  if (!result.ok) throw new Error(`expected a valid profile:\n${JSON.stringify(result.errors, null, 2)}\n${text}`)
  return result.profile
}

/** The errors of a text, as `line:column path: message`. */
export function errorsOf(text: string): string[] {
  const result = parseProfile(text)
  return result.ok ? [] : result.errors.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
}

export interface Chance {
  /** A whole number from 0 to below `end`. */
  below(end: number): number
  pick<T>(items: readonly T[]): T
  coin(): boolean
  shuffled<T>(items: readonly T[]): T[]
}

/** The same seed, the same choices (mulberry32). */
export function chance(seed: number): Chance {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number): number => Math.floor(next() * end)
  return {
    below,
    coin: () => next() < 0.5,
    pick(items) {
      const item = items[below(items.length)]
      if (item === undefined) throw new TypeError('there is nothing to pick from')
      return item
    },
    shuffled(items) {
      const keyed = items.map((item) => ({ item, order: next() }))
      return keyed.sort((a, b) => a.order - b.order).map(({ item }) => item)
    },
  }
}
