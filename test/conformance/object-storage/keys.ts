import { expect, it } from 'vitest'
import { compareUtf8 } from '../../../src/shared/order'
import type { Cases } from '../object-storage'
import { bucket, holdable, holds, keysIn, put, refusal, signal, text } from './tools'

/** Valid S3 keys that file systems, URLs and careless code have trouble with. */
const oddKeys: Readonly<Record<string, readonly string[]>> = {
  'ordinary names': [
    'plain',
    'a',
    'a/b',
    'a/b/c',
    '2024/clip 01.mp4',
    'archive.tar.gz',
    'no-extension',
    '-',
    '--help',
    "it's",
    'a (1).mov',
  ],
  'names that differ by case': [
    'IMG_0001.JPG',
    'img_0001.jpg',
    'Img_0001.Jpg',
    'A/b',
    'a/B',
    'A',
    'ключ',
    'КЛЮЧ',
    'straße',
    'STRASSE',
    'İ',
    'i',
  ],
  'names that differ by Unicode form': [
    'é',
    'e\u0301',
    'Å',
    '\u212b',
    'ﬁ',
    'fi',
    '日本語/写真.jpg',
    'が.txt',
    'か\u3099.txt',
    '\u2126',
    'Ω',
  ],
  'characters without a shape': ['👨‍👩‍👧.png', '\u200d', 'a\u200db', '\ufeff', 'a\ufe0f', '\u202egnp.exe', '\u00ad', '\u{e0001}'],
  'the ends of Unicode': ['\ud7ff', '\ue000', '\ufffd', '\uffff', '\u{10000}', '\u{1ffff}', '\u{10ffff}'],
  'dots and slashes': [
    ...['.', '..', '...', '../..', '../../etc/passwd', 'a/../b', 'a/./b', './a', '.hidden', '..dots', 'dots.../x', 'dir./x', 'dir /x'],
    ...['/', '//', '/a', 'a/', 'a//', 'a//b', '///a///b///', 'trailing.', 'trailing ', ' leading', ' ', '. .'],
  ],
  'names that Windows keeps for itself': [
    ...['con', 'CON', 'con.txt', 'nul', 'nul.tar.gz', 'aux/prn', 'com1', 'COM¹', 'lpt9 .txt', 'conin$', 'console', 'PROGRA~1', 'Thumbs.db'],
    ...['C:/x', 'a:b', 'a\\b', '..\\..\\x', 'a*b', 'a?b', 'a"b', 'a<b>c', 'a|b'],
  ],
  'names that mean something to programs': [
    ...['%', '%%', '%41', 'A%', '100%', '100%25', '%2F', '%2e%2e/x', '%00', '%~', 'a%~b', '%~/x', 'a%~0123456789abcdef.mp4'],
    ...['~', '~root/x', '$HOME', '`id`', '#', 'a#b', 'a&b=c', 'a+b', 'a;b', '{a}', '[a]', '.DS_Store', '.thatdam', '.thatdam/storage.db'],
    ...['__proto__', 'constructor', 'toString', 'undefined', 'null', "'; DROP TABLE objects; --"],
  ],
  'control characters': ['\u0000', 'a\u0000b', '\u0001', 'a\nb', 'a\r\nb', 'a\tb', '\u001b[31m', '\u007f', '\u0085', '\u2028', '\u2029'],
  'long names': [
    ...['x'.repeat(255), 'x'.repeat(256), 'x'.repeat(1024), `${'y'.repeat(1020)}.mp4`, 'é'.repeat(512), '*'.repeat(1024), ' '.repeat(1024)],
    ...[`${'q'.repeat(600)}/a`, `${'q'.repeat(600)}/b`, `${'X'.repeat(300)}/Y`, `${'x'.repeat(300)}/y`, `${'x'.repeat(300)}/`],
  ],
  'long paths': ['a/'.repeat(512), `${'d/'.repeat(500)}file.mp4`, `${'d/'.repeat(500)}File.mp4`, '/'.repeat(1024), '../'.repeat(341)],
}

export const keyCases: Cases = (subject) => {
  it.each(Object.entries(oddKeys))('keeps objects under %s', async (_, keys) => {
    const { storage } = subject()
    for (const key of keys) {
      if (!holds(storage, key)) {
        await expect(put(storage, key, 'x')).rejects.toEqual(refusal('unsupported', bucket, key))
        await expect(storage.head(bucket, key, {}, signal)).rejects.toEqual(refusal('not-found', bucket, key))
        await storage.delete(bucket, key, {}, signal)
        expect(await keysIn(storage)).toEqual([])
        continue
      }
      const content = `content of ${key}`
      expect(await put(storage, key, content)).toMatchObject({ key })
      expect(await text(storage, key)).toBe(content)
      expect(await keysIn(storage)).toEqual([key])
      await put(storage, key, 'replaced')
      expect(await text(storage, key)).toBe('replaced')
      await storage.delete(bucket, key, {}, signal)
      expect(await keysIn(storage)).toEqual([])
    }
  })

  it('keeps all of these at once, each with its own content', async () => {
    const { storage } = subject()
    const keys = holdable(storage, [...new Set(Object.values(oddKeys).flat())])
    for (const key of keys) await put(storage, key, `content of ${key}`)
    expect(await keysIn(storage)).toEqual([...keys].sort(compareUtf8))
    for (const key of keys) expect(await text(storage, key)).toBe(`content of ${key}`)
    const [kept, gone] = [keys.filter((_, i) => i % 2 === 0), keys.filter((_, i) => i % 2 === 1)]
    for (const key of gone) await storage.delete(bucket, key, {}, signal)
    expect(await keysIn(storage)).toEqual([...kept].sort(compareUtf8))
    for (const key of kept) expect(await text(storage, key)).toBe(`content of ${key}`)
    for (const key of gone) await put(storage, key, `again ${key}`)
    for (const key of gone) expect(await text(storage, key)).toBe(`again ${key}`)
    for (const key of kept) expect(await text(storage, key)).toBe(`content of ${key}`)
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
      const held: string[] = []
      for (const key of order) {
        const putting = put(storage, key, `content of ${key}`)
        if (!holds(storage, key, held)) await expect(putting).rejects.toEqual(refusal('unsupported', bucket, key))
        else held.push((await putting).key)
      }
      const present = keys.filter((key) => held.includes(key))
      expect(await keysIn(storage)).toEqual([...present].sort(compareUtf8))
      for (const [i, key] of present.entries()) {
        for (const other of present.slice(i)) expect(await text(storage, other)).toBe(`content of ${other}`)
        await storage.delete(bucket, key, {}, signal)
      }
      expect(await keysIn(storage)).toEqual([])
    }
  })
}
