/** The key of the browsers' sessions, on disk. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pathsOf } from '../../../../src/main/host/paths'
import { keepSessionKey, sessionKeyOf } from '../../../../src/main/host/session-key'
import { tempDir } from '../../../support/temp'

it('a key that nobody kept yet is fresh each time, and asking for it writes nothing', () => {
  const paths = pathsOf(join(tempDir(), 'data'))
  expect(sessionKeyOf(paths)).not.toEqual(sessionKeyOf(paths))
  expect(existsSync(paths.sessionKey)).toBe(false)
})

it('a kept key is the key from then on, for its owner alone', () => {
  const dir = tempDir()
  const paths = pathsOf(dir)
  const key = sessionKeyOf(paths)
  keepSessionKey(paths, key)
  expect(Buffer.from(sessionKeyOf(paths))).toEqual(Buffer.from(key))
  expect(statSync(paths.sessionKey).mode & 0o777).toBe(0o600)
  expect(readdirSync(dir)).toEqual(['session.key'])
})

it('what is no key is replaced by one', () => {
  const paths = pathsOf(tempDir())
  writeFileSync(paths.sessionKey, 'short')
  const key = sessionKeyOf(paths)
  keepSessionKey(paths, key)
  expect(readFileSync(paths.sessionKey)).toEqual(Buffer.from(key))
})

it('a key that cannot be written is told as the data directory’s trouble', () => {
  const paths = pathsOf(tempDir())
  const key = sessionKeyOf(paths)
  mkdirSync(join(paths.sessionKey, 'in-the-way'), { recursive: true })
  expect(() => keepSessionKey(paths, key)).toThrow(expect.objectContaining({ code: 'unwritable-data' }))
})
