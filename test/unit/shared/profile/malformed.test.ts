import { readFileSync } from 'node:fs'
import { join, parse } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseProfile } from '../../../../src/shared/profile/parse'
import { malformedDir, malformedFiles, readMalformed } from './support'

describe('a malformed profile', () => {
  const files = malformedFiles()

  it('comes in at least twenty kinds', () => {
    expect(files.length).toBeGreaterThanOrEqual(20)
  })

  it.each(files)('%s is refused with exactly these errors', (file) => {
    const expected: unknown = JSON.parse(readFileSync(join(malformedDir, `${parse(file).name}.expected.json`), 'utf8'))
    expect(parseProfile(readMalformed(file), { file })).toEqual({ ok: false, errors: expected })
  })

  it.each(files)('%s is explained without the words of a library', (file) => {
    const result = parseProfile(readMalformed(file), { file })
    const words = result.ok ? '' : result.errors.map(({ message, hint }) => `${message}\n${hint ?? ''}`).join('\n')
    expect(words).not.toMatch(
      /invalid (input|option)|expected (string|number|array|object|boolean)|received|unrecognized|flow (map|sequence)|undefined/i,
    )
  })
})
