import { expect, it } from 'vitest'
import { compareUtf8 } from '../../../src/shared/order'
import type { Cases } from '../object-storage'
import { bucket, keysIn, put, signal, text } from './tools'

/** Valid S3 keys that file systems, URLs and careless code have trouble with. */
const oddKeys = [
  ...['plain', 'a', 'a/b', 'a/b/c', '2024/clip 01.mp4', 'IMG_0001.JPG', 'img_0001.jpg', 'Img_0001.Jpg', 'archive.tar.gz', 'no-extension'],
  ...[
    'A/b',
    'a/B',
    'A',
    'ключ',
    'КЛЮЧ',
    '日本語/写真.jpg',
    '👨‍👩‍👧.png',
    'é',
    'e\u0301',
    'Å',
    '\u212b',
    'straße',
    'STRASSE',
    'strasse',
    'ﬁ',
    'fi',
  ],
  ...['.', '..', '../..', '../../etc/passwd', 'a/../b', 'a/./b', './a', '.hidden', '..dots', '...', 'dir./x', 'dir /x', 'dots.../x'],
  ...['trailing ', 'trailing.', ' leading', ' ', '/', '//', '/a', 'a/', 'a//', 'a//b', '///a///b///', '-', '--help', '~', '~root/x'],
  ...[
    'con',
    'CON',
    'con.txt',
    'nul',
    'nul.tar.gz',
    'aux/prn',
    'com1',
    'COM¹',
    'lpt9.txt',
    'conin$',
    'console',
    'PROGRA~1',
    'Thumbs.db',
    '.DS_Store',
  ],
  ...[
    'a:b',
    'C:/x',
    'a\\b',
    '..\\..\\x',
    'a*b',
    'a?b',
    'a"b',
    "a'b",
    'a<b>c',
    'a|b',
    '$HOME',
    '`id`',
    '#',
    'a#b',
    'a&b=c',
    'a+b',
    'a;b',
    '{a}',
    '[a]',
  ],
  ...['%', '%%', '%41', 'A%', '100%', '100%25', '%2F', '%2e%2e/x', '%00', '%~', 'a%~b', '%~/x', 'a%~0123456789abcdef.mp4'],
  ...[
    '\u0000',
    'a\u0000b',
    '\u0001',
    'a\nb',
    'a\r\nb',
    'a\tb',
    '\u001b[31m',
    '\u007f',
    '\u0085',
    '\u2028',
    '\u202egnp.exe',
    '\u200d',
    '\ufeff',
  ],
  ...[
    '\uffff',
    '\ufffd',
    '\u{10000}',
    '\u{10ffff}',
    '__proto__',
    'constructor',
    'toString',
    '.thatdam',
    '.thatdam/storage.db',
    'undefined',
    'null',
  ],
  ...[
    'x'.repeat(255),
    `${'x'.repeat(255)}y`,
    'x'.repeat(1024),
    `${'y'.repeat(1000)}.mp4`,
    'é'.repeat(512),
    '*'.repeat(1024),
    'q'.repeat(600) + '/a',
  ],
  ...[
    'a/'.repeat(512),
    `${'d/'.repeat(500)}file.mp4`,
    '/'.repeat(1024),
    '../'.repeat(341),
    `${'X'.repeat(300)}/Y`,
    `${'x'.repeat(300)}/y`,
    ' '.repeat(40),
  ],
]

export const keyCases: Cases = (subject) => {
  it.each(oddKeys.map((key) => [key.length > 40 ? `${key.slice(0, 40)}… (${key.length})` : key, key]))(
    'keeps an object under %j',
    async (_, key) => {
      const { storage } = subject()
      const content = `content of ${key}`
      expect(await put(storage, key, content)).toMatchObject({ key })
      expect(await text(storage, key)).toBe(content)
      expect(await keysIn(storage)).toEqual([key])
      await put(storage, key, 'replaced')
      expect(await text(storage, key)).toBe('replaced')
      await storage.delete(bucket, key, signal)
      expect(await keysIn(storage)).toEqual([])
    },
  )

  it('keeps them all at once, each with its own content', async () => {
    const { storage } = subject()
    const keys = [...new Set(oddKeys)]
    for (const key of keys) await put(storage, key, `content of ${key}`)
    expect(await keysIn(storage)).toEqual([...keys].sort(compareUtf8))
    for (const key of keys) expect(await text(storage, key)).toBe(`content of ${key}`)
    const [kept, gone] = [keys.filter((_, i) => i % 2 === 0), keys.filter((_, i) => i % 2 === 1)]
    for (const key of gone) await storage.delete(bucket, key, signal)
    expect(await keysIn(storage)).toEqual([...kept].sort(compareUtf8))
    for (const key of kept) expect(await text(storage, key)).toBe(`content of ${key}`)
    for (const key of gone) await put(storage, key, `again ${key}`)
    for (const key of keys) expect(await text(storage, key)).toBe(gone.includes(key) ? `again ${key}` : `content of ${key}`)
  })

  it.each([
    [['a', 'a/b', 'a/b/c']],
    [['a/b/c', 'a/b', 'a']],
    [['a/b', 'a', 'a/', 'a//', 'a/b/']],
    [['Clip.mp4', 'clip.mp4', 'CLIP.MP4', 'clip.mp4/x']],
    [['x/a', 'X', 'X/A', 'x/A']],
    [['\u00e9/a', 'e\u0301/a', 'e\u0301', '\u00e9']],
  ])('keeps %j apart, put and deleted in any order', async (keys) => {
    const { storage } = subject()
    for (const order of [keys, [...keys].reverse()]) {
      for (const key of order) await put(storage, key, `content of ${key}`)
      for (const key of keys) {
        for (const present of keys.slice(keys.indexOf(key))) expect(await text(storage, present)).toBe(`content of ${present}`)
        await storage.delete(bucket, key, signal)
      }
      expect(await keysIn(storage)).toEqual([])
    }
  })
}
