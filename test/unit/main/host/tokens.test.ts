/** The named tokens of programs, on disk. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pathsOf } from '../../../../src/main/host/paths'
import { openTokens } from '../../../../src/main/host/tokens'
import { tempDir } from '../../../support/temp'

describe('a token', () => {
  it('is known by its name from the moment it is made, and after a restart', () => {
    const paths = pathsOf(tempDir())
    const tokens = openTokens(paths)
    const { token, name, created_at } = tokens.create('editor')
    expect(name).toBe('editor')
    expect(tokens.recognises(token)).toEqual({ name: 'editor' })
    expect(openTokens(paths).recognises(token)).toEqual({ name: 'editor' })
    expect(openTokens(paths).list()).toEqual([{ name: 'editor', created_at }])
  })

  it('stands in no file: what is kept is its sha256, for the owner of the directory alone', () => {
    const dir = tempDir()
    const paths = pathsOf(dir)
    const { token } = openTokens(paths).create('editor')
    const text = readFileSync(paths.tokens, 'utf8')
    expect(text).not.toContain(token)
    expect(text).toContain(createHash('sha256').update(token).digest('hex'))
    expect(statSync(paths.tokens).mode & 0o777).toBe(0o600)
    expect(readdirSync(dir)).toEqual(['tokens.json'])
  })

  it('is another one each time, which nobody can guess and any header can carry', () => {
    const tokens = openTokens(pathsOf(tempDir()))
    const made = Array.from({ length: 20 }, (_, i) => tokens.create(`program ${i}`).token)
    expect(new Set(made).size).toBe(20)
    for (const token of made) expect(token).toMatch(/^thatdam_[A-Za-z0-9_-]{43}$/)
    expect(made.map((token) => tokens.recognises(token)?.name)).toEqual(made.map((_, i) => `program ${i}`))
  })

  it('has a name of its own', () => {
    const tokens = openTokens(pathsOf(tempDir()))
    const { token } = tokens.create('editor')
    expect(() => tokens.create('editor')).toThrow(
      expect.objectContaining({ code: 'already-exists', hint: expect.stringContaining('revoke') }),
    )
    expect(tokens.recognises(token)).toEqual({ name: 'editor' })
    expect(tokens.list()).toHaveLength(1)
  })
})

describe('what is no token', () => {
  it('is recognised as nobody’s, however near it comes', () => {
    const tokens = openTokens(pathsOf(tempDir()))
    expect(tokens.recognises('')).toBeUndefined()
    const { token } = tokens.create('editor')
    const hash = createHash('sha256').update(token).digest('hex')
    for (const other of ['', 'thatdam_', token.slice(0, -1), `${token} `, token.toUpperCase(), hash]) {
      expect(tokens.recognises(other)).toBeUndefined()
    }
  })
})

describe('a revoked token', () => {
  it('is nobody’s at once and after a restart, and leaves the others as they are', () => {
    const paths = pathsOf(tempDir())
    const tokens = openTokens(paths)
    const [gone, kept] = [tokens.create('gone').token, tokens.create('kept').token]
    tokens.revoke('gone')
    for (const now of [tokens, openTokens(paths)]) {
      expect(now.recognises(gone)).toBeUndefined()
      expect(now.recognises(kept)).toEqual({ name: 'kept' })
      expect(now.list().map(({ name }) => name)).toEqual(['kept'])
    }
  })

  it('frees its name, which then belongs to a new token only', () => {
    const tokens = openTokens(pathsOf(tempDir()))
    const old = tokens.create('editor').token
    tokens.revoke('editor')
    const { token } = tokens.create('editor')
    expect(tokens.recognises(old)).toBeUndefined()
    expect(tokens.recognises(token)).toEqual({ name: 'editor' })
  })

  it('must have been one', () => {
    const paths = pathsOf(tempDir())
    expect(() => openTokens(paths).revoke('editor')).toThrow(expect.objectContaining({ code: 'not-found' }))
    expect(existsSync(paths.tokens)).toBe(false)
  })
})

describe('the file', () => {
  it('is not written by looking', () => {
    const paths = pathsOf(join(tempDir(), 'data'))
    const tokens = openTokens(paths)
    expect(tokens.list()).toEqual([])
    expect(tokens.recognises('thatdam_x')).toBeUndefined()
    expect(existsSync(paths.tokens)).toBe(false)
  })

  it.each([
    ['is no JSON', '{"tokens": ['],
    ['is of another form', '{"tokens": [{"name": "editor", "token": "plain"}]}'],
    ['has a hash that is none', '{"tokens": [{"name": "editor", "sha256": "12", "created_at": "2026-01-01T00:00:00.000Z"}]}'],
    ['is empty', ''],
  ])('that %s is refused by name, and stays as it is', (_, content) => {
    const paths = pathsOf(tempDir())
    writeFileSync(paths.tokens, content)
    expect(() => openTokens(paths)).toThrow(
      expect.objectContaining({ code: 'unreadable-tokens', message: expect.stringContaining(paths.tokens) }),
    )
    expect(readFileSync(paths.tokens, 'utf8')).toBe(content)
  })

  it('that cannot be read is told, rather than taken for an empty one', () => {
    const paths = pathsOf(tempDir())
    mkdirSync(paths.tokens)
    expect(() => openTokens(paths)).toThrow(expect.objectContaining({ code: 'unreadable-tokens' }))
  })

  it('that cannot be written leaves all tokens as they were, and nothing half-written', () => {
    const dir = tempDir()
    const paths = pathsOf(dir)
    const tokens = openTokens(paths)
    const { token } = tokens.create('kept')
    rmSync(paths.tokens)
    mkdirSync(join(paths.tokens, 'in-the-way'), { recursive: true })
    expect(() => tokens.create('new')).toThrow(expect.objectContaining({ code: 'unwritable-data' }))
    expect(() => tokens.revoke('kept')).toThrow(expect.objectContaining({ code: 'unwritable-data' }))
    expect(tokens.list().map(({ name }) => name)).toEqual(['kept'])
    expect(tokens.recognises(token)).toEqual({ name: 'kept' })
    expect(readdirSync(dir)).toEqual(['tokens.json'])
  })
})
