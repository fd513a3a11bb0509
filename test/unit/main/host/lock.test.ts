/** Who may have a data directory: one owner, or any number of looks. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { acquireLock, type Lock } from '../../../../src/main/host/lock'
import { writeNodeFile } from '../../../../src/main/host/node-file'
import { type DataPaths, pathsOf } from '../../../../src/main/host/paths'
import { tempDir } from '../../../support/temp'

const deadPid = 2 ** 22 + 1

function taken(paths: DataPaths, quiet: boolean): Lock {
  const lock = acquireLock(paths, { quiet })
  onTestFinished(() => lock.release())
  return lock
}

function usedDirectory(): DataPaths {
  const paths = pathsOf(join(tempDir(), 'data'))
  acquireLock(paths, { quiet: false }).release()
  return paths
}

const nodeFile = {
  instance: '0190a5a0-0000-7000-8000-000000000000',
  url: 'http://127.0.0.1:7717',
  token: 'a-token-of-more-than-16-characters',
  version: '0.1.0',
  started_at: '2026-11-24T08:00:00.000Z',
}

describe('the lock of a data directory', () => {
  it('is shared by looks', () => {
    const paths = usedDirectory()
    taken(paths, true)
    expect(() => taken(paths, true)).not.toThrow()
  })

  it('keeps looks out while an owner has it, and lets them in afterwards', () => {
    const paths = usedDirectory()
    const owner = taken(paths, false)
    expect(() => taken(paths, true)).toThrow(expect.objectContaining({ code: 'locked' }))
    owner.release()
    expect(() => taken(paths, true)).not.toThrow()
  })

  it('keeps an owner out while a look lasts, and lets it in afterwards', () => {
    const paths = usedDirectory()
    const look = taken(paths, true)
    expect(() => taken(paths, false)).toThrow(expect.objectContaining({ code: 'locked' }))
    look.release()
    expect(() => taken(paths, false)).not.toThrow()
  })

  it('keeps a second owner out without making it wait', () => {
    const paths = usedDirectory()
    taken(paths, false)
    const start = performance.now()
    expect(() => taken(paths, false)).toThrow(expect.objectContaining({ code: 'locked' }))
    expect(performance.now() - start).toBeLessThan(1_000)
  })

  it('leaves no trace of a look, and of an owner only while it is there', () => {
    const paths = usedDirectory()
    const look = taken(paths, true)
    expect(existsSync(`${paths.lock}.pid`)).toBe(false)
    look.release()
    const owner = taken(paths, false)
    expect(existsSync(`${paths.lock}.pid`)).toBe(true)
    owner.release()
    expect(existsSync(`${paths.lock}.pid`)).toBe(false)
  })
})

describe('the refusal', () => {
  it('names the owner, and its address when it serves', () => {
    const paths = usedDirectory()
    taken(paths, false)
    expect(() => taken(paths, false)).toThrow(`Process ${process.pid} already works on`)
    writeNodeFile(paths, { ...nodeFile, pid: process.pid })
    expect(() => taken(paths, false)).toThrow(`, at ${nodeFile.url}.`)
  })

  it('does not name a process that died, nor its address', () => {
    const paths = usedDirectory()
    taken(paths, true)
    writeFileSync(`${paths.lock}.pid`, `${deadPid}\n`)
    writeNodeFile(paths, { ...nodeFile, pid: deadPid })
    expect(() => taken(paths, false)).toThrow(/^Another process already works on [^,]*\.$/)
  })
})
