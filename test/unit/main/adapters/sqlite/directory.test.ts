import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeDirectory, syncDirectory, syncDirectorySync } from '../../../../../src/main/adapters/sqlite/directory'

let top: string

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'thatdam-directory-'))
})
afterEach(() => {
  rmSync(top, { recursive: true, force: true })
})

it('makes a directory with the parents it lacks, and names every directory that got a new entry', () => {
  mkdirSync(join(top, 'a'))
  expect(makeDirectory(join(top, 'a', 'b', 'c'))).toEqual([join(top, 'a', 'b'), join(top, 'a')])
  expect(existsSync(join(top, 'a', 'b', 'c'))).toBe(true)
})

it('names them for a relative path as well', () => {
  expect(makeDirectory(relative(process.cwd(), join(top, 'x', 'y')))).toEqual([join(top, 'x'), top])
})

it('changes nothing where the directory stands already', () => {
  expect(makeDirectory(top)).toEqual([])
})

it('syncs a directory, and does not mind one that has gone', async () => {
  for (const path of [top, join(top, 'gone')]) {
    await syncDirectory(path)
    syncDirectorySync(path)
  }
})

it('minds what is no directory at all', async () => {
  writeFileSync(join(top, 'file'), '')
  await expect(syncDirectory(join(top, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  expect(() => syncDirectorySync(join(top, 'file', 'below'))).toThrow('ENOTDIR')
})
