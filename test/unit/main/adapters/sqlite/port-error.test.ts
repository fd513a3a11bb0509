import { describe, expect, it } from 'vitest'
import { toPortError } from '../../../../../src/main/adapters/sqlite/database'
import { PortError, UserError } from '../../../../../src/shared/errors'

describe('a failure as a PortError', () => {
  const coded = (code: string) => Object.assign(new Error(`it says ${code}`), { code })

  it.each([
    ['ENOSPC', 'no-space'],
    ['EDQUOT', 'no-space'],
    ['SQLITE_FULL', 'no-space'],
    ['SQLITE_IOERR_SHMSIZE', 'no-space'],
    ['EFBIG', 'too-large'],
    ['EMFILE', 'unavailable'],
    ['SQLITE_BUSY', 'unavailable'],
    ['EACCES', 'internal'],
    ['SQLITE_CORRUPT', 'internal'],
  ])('%s is %s, with the resource and the cause', (code, expected) => {
    const cause = coded(code)
    const error = toPortError(cause, 'media-raw/a')
    expect(error).toBeInstanceOf(PortError)
    expect(error).toMatchObject({ code: expected, message: `media-raw/a: it says ${code}`, cause })
  })

  it('keeps the sentence and the advice of an error meant for people', () => {
    const error = toPortError(new UserError('no-space', 'No space left.', { hint: 'Free some.' }), 'store')
    expect(error).toMatchObject({ code: 'no-space', message: 'store: No space left. Free some.' })
  })

  it('names a file once, and stays something to try again where the file is only in use', () => {
    const error = toPortError(new UserError('data-in-use', '/d/store.db is in use.', { hint: 'Stop it.' }), '/d')
    expect(error).toMatchObject({ name: 'PortError', code: 'unavailable', message: '/d/store.db is in use. Stop it.' })
  })

  it.each([new PortError('not-found', 'x'), new TypeError('x'), new Error('x'), 'a reason', undefined])('passes %s through', (error) => {
    expect(toPortError(error, 'x')).toBe(error)
  })
})
