import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { choosePath, foldPath, type TakenPaths } from '../../../../../src/main/adapters/storage-fs/key-path'

/** A disk that holds anything, and the paths that were given out so far. */
function emptyBucket(): TakenPaths & { take(path: string): void; readonly files: string[] } {
  const files: string[] = []
  return {
    files,
    take: (path) => void files.push(foldPath(path)),
    isFile: (folded) => files.includes(folded),
    isDirectory: (folded) => files.some((file) => file.startsWith(`${folded}/`)),
    isFree: () => true,
  }
}

const pathOf = (key: string) => choosePath(key, emptyBucket())

function pathsOf(keys: readonly string[]): string[] {
  const bucket = emptyBucket()
  return keys.map((key) => {
    const path = choosePath(key, bucket) ?? ''
    bucket.take(path)
    return path
  })
}

/** Keys of the kind that go wrong: few letters, so that they collide, and every sign with a meaning somewhere. */
const key = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.string({ unit: fc.constantFrom('a', 'A', 'b', '/', '.', ' ', '%', '~', 'é', 'e\u0301'), minLength: 1, maxLength: 6 }),
  },
  {
    weight: 1,
    arbitrary: fc.string({
      unit: fc.constantFrom('con', 'NUL', '.', '/', ':', '\\', '\u0000', '\u200d', 'ß', 'SS', 'ſ'),
      minLength: 1,
      maxLength: 5,
    }),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('x', 'X', 'é', '/', 'a/', '*'), fc.integer({ min: 150, max: 500 }), fc.constantFrom('', '.mp4', '/b'))
      .map(([unit, times, end]) => unit.repeat(times) + end),
  },
)

const windowsRefuses = /[\p{Cc}<>:"|?*\\]|[. ]$/u
const windowsReserves = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)( *\.| *$)/i

function expectPortable(path: string): void {
  expect(Buffer.byteLength(path)).toBeLessThanOrEqual(800)
  for (const name of path.split('/')) {
    expect(name).not.toBe('')
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
    expect(name).not.toMatch(windowsRefuses)
    expect(name).not.toMatch(windowsReserves)
    expect(name.startsWith('.')).toBe(false)
  }
}

describe('the path of a key', () => {
  it.each([
    'a',
    '2024/clip 01.mp4',
    'IMG_0001.JPG',
    'a/b/c.tar.gz',
    'ключ/日本語.jpg',
    'Ärger (2), final [v3] #1 & more + = @ ! $ ~.mov',
    "it's.txt",
    '-x',
    'console',
  ])('is the key itself for an ordinary one: %s', (ordinary) => {
    expect(pathOf(ordinary)).toBe(ordinary)
  })

  it.each([
    ['.', '%2E'],
    ['..', '%2E%2E'],
    ['a/../b', 'a/%2E%2E/b'],
    ['.hidden', '%2Ehidden'],
    ['a.', 'a%2E'],
    ['a ', 'a%20'],
    ['/a', '%/a'],
    ['a//b', 'a/%/b'],
    ['a/', 'a/%'],
    ['a:b?', 'a%3Ab%3F'],
    ['100%', '100%25'],
    ['con', '%63on'],
    ['NUL.txt', '%4EUL.txt'],
    ['com¹ .txt', '%63om¹ .txt'],
    ['\u0000', '%00'],
    ['\u202egnp.exe', '%E2%80%AEgnp.exe'],
  ])('spells out what some file system would not hold: %j', (odd, path) => {
    expect(pathOf(odd)).toBe(path)
  })

  it('stays within what every file system holds, whatever the key', () => {
    fc.assert(
      fc.property(key, (any) => expectPortable(pathOf(any) ?? '')),
      { numRuns: 2000, seed: 1 },
    )
  })

  it('can be decoded unless it is marked', () => {
    fc.assert(
      fc.property(key, (any) => {
        const path = pathOf(any) ?? ''
        fc.pre(!path.includes('%~'))
        const decoded = path.split('/').map((name) => (name === '%' ? '' : decodeURIComponent(name)))
        expect(decoded.join('/')).toBe(any)
      }),
      { numRuns: 3000, seed: 2 },
    )
  })

  it('keeps any number of keys apart, as files and as directories, on a disk that ignores case and Unicode form', () => {
    fc.assert(
      fc.property(fc.uniqueArray(key, { minLength: 2, maxLength: 40 }), (keys) => {
        const paths = pathsOf(keys)
        for (const path of paths) expectPortable(path)
        const seen = paths.map((path) => path.normalize('NFC').toLowerCase())
        expect(new Set(seen).size).toBe(seen.length)
        for (const path of seen) expect(seen.filter((other) => other.startsWith(`${path}/`))).toEqual([])
      }),
      { numRuns: 400, seed: 3 },
    )
  })

  it('marks the second of two that could be taken for one another, and keeps its extension', () => {
    const [first, second] = pathsOf(['d/Clip.mp4', 'd/clip.mp4'])
    expect(first).toBe('d/Clip.mp4')
    expect(second).toMatch(/^d\/clip%~[0-9a-f]{16}\.mp4$/)
  })

  it('gives a directory another name where a file has its own, and a file where a directory has', () => {
    expect(pathsOf(['a', 'a/b', 'a/c/d'])).toEqual(['a', 'a%~/b', 'a%~/c/d'])
    const [, file] = pathsOf(['a/b', 'a'])
    expect(file).toMatch(/^a%~[0-9a-f]{16}$/)
  })

  it('shortens a long name between characters, so that it stays recognisable', () => {
    const path = pathOf(`films/${'é'.repeat(300)}.mp4`) ?? ''
    expect(path).toMatch(/^films\/é{50,}%~[0-9a-f]{16}\.mp4$/)
  })

  it('avoids what a person has put there, and gives up only when everything is taken', () => {
    const hand = new Set(['clip.mp4'])
    const taken = { ...emptyBucket(), isFree: (path: string) => !hand.has(path) }
    const second = choosePath('clip.mp4', taken) ?? ''
    expect(second).toMatch(/^clip%~[0-9a-f]{16}\.mp4$/)
    hand.add(second)
    const third = choosePath('clip.mp4', taken) ?? ''
    expect(third).toMatch(/^%~\/[0-9a-f]{64}\.mp4$/)
    hand.add(third)
    expect(choosePath('clip.mp4', taken)).toBeUndefined()
  })
})

describe('the folded form of a path', () => {
  it.each([
    ['Clip.MP4', 'clip.mp4'],
    ['\u00e9', 'e\u0301'],
    ['\u212b', 'å'],
    ['ẞ', 'ss'],
    ['ß', 'SS'],
    ['ſ', 'S'],
    ['K', 'k'],
    ['Σ', 'ς'],
    ['a\u200db', 'ab'],
    ['A\ufe0f', 'a'],
  ])('is the same for %j and %j', (one, other) => {
    expect(foldPath(one)).toBe(foldPath(other))
  })

  it('is the same for every character and its other cases and forms', () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      const character = String.fromCodePoint(code)
      if (!/\p{Changes_When_Casemapped}|\p{Changes_When_NFKC_Casefolded}/u.test(character)) continue
      const folded = foldPath(character)
      const others = [character.toLowerCase(), character.toUpperCase(), character.normalize('NFC'), character.normalize('NFD')]
      for (const other of others) if (foldPath(other) !== folded) expect.fail(`${code.toString(16)}: ${folded} is not ${foldPath(other)}`)
    }
  })
})
