import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Listing, ListOptions, ObjectStorage } from '../../../src/main/core/ports/object-storage'
import { compareUtf8 } from '../../../src/shared/order'
import type { Cases } from '../object-storage'
import { bucket, holdable, keysIn, put, refusal, sha256, signal } from './tools'

/** Put objects under those of the keys that the storage can hold together, and answer with these. */
async function fill(storage: ObjectStorage, keys: readonly string[]): Promise<readonly string[]> {
  const held = holdable(storage, keys)
  await Promise.all(held.map((key) => put(storage, key, `content of ${key}`)))
  return held
}

const list = (storage: ObjectStorage, options: ListOptions) => storage.list(bucket, options, signal)

/** Keys and prefixes as one list, in the order in which pages go through them. */
const entries = ({ objects, prefixes }: Listing) => [...objects.map(({ key }) => key), ...prefixes].sort(compareUtf8)

/** What a listing should hold, by the words of the port. */
function model(keys: readonly string[], { prefix = '', delimiter = '', after }: ListOptions): string[] {
  const rolled = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      return at < 0 ? key : key.slice(0, at + delimiter.length)
    })
  return [...new Set(rolled)].filter((entry) => after === undefined || compareUtf8(entry, after) > 0).sort(compareUtf8)
}

export const listingCases: Cases = (subject) => {
  it('is empty for an empty bucket', async () => {
    expect(await list(subject().storage, {})).toEqual({ objects: [], prefixes: [] })
  })

  it('says of each object what its head says', async () => {
    const { storage } = subject()
    await put(storage, 'a', 'hello', { contentType: 'text/plain', metadata: { one: '1' } })
    const { objects } = await list(storage, {})
    expect(objects).toEqual([await storage.head(bucket, 'a', {}, signal)])
    expect(objects[0]).toMatchObject({ key: 'a', size: 5, etag: sha256('hello') })
  })

  it('goes by the order of UTF-8 bytes, which is not that of JavaScript', async () => {
    const { storage } = subject()
    const order = ['B', 'a', 'a b', 'a!', 'a/b', 'ab', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}']
    const keys = await fill(storage, [...order].reverse())
    expect(await keysIn(storage)).toEqual([...keys].sort(compareUtf8))
    expect(await keysIn(storage)).not.toEqual([...keys].sort())
  })

  it('lists the keys with a prefix, and no others', async () => {
    const { storage } = subject()
    await fill(storage, ['a', 'ab', 'ab!/c', 'abc', 'ac', 'b', 'AB'])
    expect(await keysIn(storage, { prefix: 'ab' })).toEqual(['ab', 'ab!/c', 'abc'])
    expect(await keysIn(storage, { prefix: 'ab!/c' })).toEqual(['ab!/c'])
    expect(await keysIn(storage, { prefix: 'ab!/' })).toEqual(['ab!/c'])
    expect(await keysIn(storage, { prefix: 'x' })).toEqual([])
    expect(await keysIn(storage, { prefix: '' })).toHaveLength(7)
  })

  it('takes signs with a meaning elsewhere for themselves in a prefix', async () => {
    const { storage } = subject()
    await fill(storage, ['a%b', 'a_b', 'a*b', 'axb'])
    for (const prefix of ['a%', 'a_', 'a*']) expect(await keysIn(storage, { prefix })).toEqual([`${prefix}b`])
  })

  it('rolls up what continues past the delimiter', async () => {
    const { storage } = subject()
    const keys = await fill(storage, ['2023/a', '2023/b', '2024/a', '2024/b/c', '2024.txt', 'readme', '2024/b', '2024/'])
    expect(entries(await list(storage, { delimiter: '/' }))).toEqual(['2023/', '2024.txt', '2024/', 'readme'])
    const inside = await list(storage, { prefix: '2024/', delimiter: '/' })
    expect(inside.objects.map(({ key }) => key)).toEqual(['2024/', '2024/a', '2024/b'].filter((key) => keys.includes(key)))
    expect(inside.prefixes).toEqual(['2024/b/'])
  })

  it('takes a delimiter of any length', async () => {
    const { storage } = subject()
    await fill(storage, ['a--b', 'a-b', 'c--', '--d'])
    const { objects, prefixes } = await list(storage, { delimiter: '--' })
    expect(objects.map(({ key }) => key)).toEqual(['a-b'])
    expect(prefixes).toEqual(['--', 'a--', 'c--'])
  })

  it('goes on after a key or a prefix, which need not exist', async () => {
    const { storage } = subject()
    await fill(storage, ['a', 'b/1', 'b/2', 'c'])
    expect(await keysIn(storage, { after: 'a' })).toEqual(['b/1', 'b/2', 'c'])
    expect(await keysIn(storage, { after: 'b' })).toEqual(['b/1', 'b/2', 'c'])
    expect(await keysIn(storage, { after: 'b/1' })).toEqual(['b/2', 'c'])
    expect(await keysIn(storage, { after: 'c' })).toEqual([])
    expect(entries(await list(storage, { delimiter: '/', after: 'a' }))).toEqual(['b/', 'c'])
    expect(entries(await list(storage, { delimiter: '/', after: 'b/' }))).toEqual(['c'])
    expect(entries(await list(storage, { delimiter: '/', after: 'b/1' }))).toEqual(['c'])
    expect(entries(await list(storage, { prefix: 'b/', after: 'a' }))).toEqual(['b/1', 'b/2'])
    expect(entries(await list(storage, { prefix: 'b/', after: 'c' }))).toEqual([])
  })

  it('counts keys and prefixes alike, and says where the rest begins', async () => {
    const { storage } = subject()
    await fill(storage, ['a', 'b/1', 'b/2', 'b/3', 'c', 'd/1'])
    const first = await list(storage, { delimiter: '/', limit: 2 })
    expect(entries(first)).toEqual(['a', 'b/'])
    expect(first.next).toBe('b/')
    const second = await list(storage, { delimiter: '/', limit: 2, after: 'b/' })
    expect(entries(second)).toEqual(['c', 'd/'])
    expect(second).not.toHaveProperty('next')
  })

  it('holds at most 1,000 entries', async () => {
    const { storage } = subject()
    const keys = Array.from({ length: 1003 }, (_, i) => `key-${String(i).padStart(4, '0')}`)
    await fill(storage, keys)
    const first = await list(storage, {})
    expect(first.objects).toHaveLength(1000)
    expect(first.next).toBe('key-0999')
    const rest = await list(storage, { after: 'key-0999' })
    expect(rest.objects.map(({ key }) => key)).toEqual(keys.slice(1000))
    expect(rest).not.toHaveProperty('next')
  })

  it.each([0, -1, 1001, 1.5, Number.NaN])('refuses a limit of %d', async (limit) => {
    await expect(list(subject().storage, { limit })).rejects.toEqual(refusal('invalid'))
  })

  it('agrees with the plain reading of its rules for any keys and any question', async () => {
    const { storage } = subject()
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', '\uffff', '\u{10000}'), minLength: 1, maxLength: 5 })
    const keys = await fill(storage, [...new Set(fc.sample(word, { numRuns: 120, seed: 7 }))])
    const question = fc.record(
      {
        prefix: fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é'), maxLength: 2 }),
        delimiter: fc.constantFrom('/', 'a', '//', ''),
        after: word,
        limit: fc.integer({ min: 1, max: 7 }),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(question, async (options) => {
        const seen: string[] = []
        for (let next = options.after, more = true; more; ) {
          const page = await list(storage, next === undefined ? options : { ...options, after: next })
          expect(page.objects.length + page.prefixes.length).toBeLessThanOrEqual(options.limit ?? 1000)
          seen.push(...entries(page))
          if (page.next !== undefined && next !== undefined) expect(compareUtf8(page.next, next)).toBeGreaterThan(0)
          more = page.next !== undefined
          next = page.next
        }
        expect(seen).toEqual(model(keys, options))
      }),
      { numRuns: 150, seed: 11 },
    )
    // Some thousand pages, each a call or two to a real server.
  }, 240_000)
}
