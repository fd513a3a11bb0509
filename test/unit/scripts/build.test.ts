import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildIfStale } from '../../../scripts/build.mjs'
import { withLock } from '../../../scripts/lock.mjs'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'thatdam-build-'))
  put('src/main/cli/index.ts', 'one')
  put('package.json', '{}')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function put(file: string, text: string): void {
  mkdirSync(join(directory, file, '..'), { recursive: true })
  writeFileSync(join(directory, file), text)
}
const read = (file: string) => readFileSync(join(directory, file), 'utf8')
const exists = (file: string) => existsSync(join(directory, file))

let builds = 0
/** Like the real one: an entry that names a chunk by its content. */
async function build(from: string, outDir: string): Promise<undefined> {
  builds++
  const source = readFileSync(join(from, 'src/main/cli/index.ts'), 'utf8')
  mkdirSync(join(outDir, 'main', 'chunks'), { recursive: true })
  writeFileSync(join(outDir, 'main', 'chunks', `part-${source}.js`), source)
  writeFileSync(join(outDir, 'main', 'cli.js'), `import './chunks/part-${source}.js'`)
}
const update = () => buildIfStale(directory, { build })
beforeEach(() => {
  builds = 0
})

describe('the build of a checkout', () => {
  it('is made when there is none, and left alone while nothing changes', async () => {
    await update()
    await update()
    expect(builds).toBe(1)
    expect(read('out/main/cli.js')).toBe("import './chunks/part-one.js'")
    expect(readdirSync(join(directory, 'out')).sort()).toEqual(['.stamp', 'main'])
  })

  it.each([
    ['a source is written', () => put('src/main/cli/index.ts', 'three')],
    ['a source is added', () => put('src/shared/new.ts', '')],
    ['a source goes', () => rmSync(join(directory, 'src'), { recursive: true })],
    ['a source is put back as it was long ago', () => utimesSync(join(directory, 'src/main/cli/index.ts'), 1, 1)],
    ['its entry has gone', () => rmSync(join(directory, 'out/main/cli.js'))],
    ['the build itself changes', () => put('vite.plugins.ts', '')],
    ['the dependencies change', () => put('package-lock.json', '{}')],
    ['the built-in profile changes', () => put('resources/solo-profile.yaml', '')],
  ])('is stale once %s', async (_, change) => {
    await update()
    change()
    await buildIfStale(directory, {
      build: async (_, outDir) => {
        builds++
        mkdirSync(outDir)
        return undefined
      },
    })
    expect(builds).toBe(2)
  })

  it('is not stale because of files that it is not made from', async () => {
    await update()
    put('README.md', '')
    put('test/unit/x.test.ts', '')
    await update()
    expect(builds).toBe(1)
  })

  it('is made again for a source that is saved while it is made', async () => {
    await buildIfStale(directory, {
      build: async (from, outDir) => {
        await build(from, outDir)
        put('src/main/cli/index.ts', 'newer')
        return undefined
      },
    })
    await update()
    expect(read('out/main/cli.js')).toContain('part-newer')
  })

  it('keeps what an earlier one left for nodes that still run from it, but not for ever', async () => {
    await update()
    put('src/main/cli/index.ts', 'two')
    await update()
    expect([exists('out/main/chunks/part-one.js'), exists('out/main/chunks/part-two.js')]).toEqual([true, true])
    utimesSync(join(directory, 'out/main/chunks/part-one.js'), 1, 1)
    put('src/main/cli/index.ts', 'three')
    await update()
    expect([exists('out/main/chunks/part-one.js'), exists('out/main/chunks/part-two.js')]).toEqual([false, true])
  })

  it('leaves the last good one in place when it fails, and says why', async () => {
    await update()
    put('src/main/cli/index.ts', 'broken')
    expect(await buildIfStale(directory, { build: async () => 'src/main/cli/index.ts:1:1 is broken' })).toBe(
      'src/main/cli/index.ts:1:1 is broken',
    )
    expect(read('out/main/cli.js')).toContain('part-one')
    await update()
    expect(read('out/main/cli.js')).toContain('part-broken')
  })

  it('is made once for all who ask at the same time', async () => {
    await Promise.all([update(), update(), update()])
    expect(builds).toBe(1)
  })

  it('says what to do where the build tools are missing', async () => {
    expect(await buildIfStale(directory)).toContain('run npm ci')
  })
})

describe('a lock', () => {
  it('lets one in at a time', async () => {
    let inside = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++inside)
      await sleep(1)
      inside--
    }
    await Promise.all(Array.from({ length: 5 }, () => withLock(join(directory, 'lock'), work)))
    expect(most).toBe(1)
    expect(exists('lock')).toBe(false)
  })

  it('is taken over from a process that has ended, by one of those who wait', async () => {
    const ended = spawn(process.execPath, ['-e', ''])
    await once(ended, 'exit')
    put('lock/pid', String(ended.pid))
    let inside = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++inside)
      await sleep(1)
      inside--
    }
    await Promise.all([1, 2, 3].map(() => withLock(join(directory, 'lock'), work)))
    expect(most).toBe(1)
  })

  it('is left with an error by who has waited too long, and names its owner', async () => {
    put('lock/pid', String(process.pid))
    await expect(withLock(join(directory, 'lock'), async () => {}, { patienceMs: 0 })).rejects.toThrow(`Process ${process.pid} has held`)
    expect(readdirSync(directory).filter((name) => name.startsWith('lock.'))).toEqual([])
  })

  it('is left in the same way where a takeover that was broken off keeps a dead owner in it', async () => {
    const ended = spawn(process.execPath, ['-e', ''])
    await once(ended, 'exit')
    put('lock/pid', String(ended.pid))
    put('lock.takeover/dead/pid', String(ended.pid))
    const waiting = withLock(join(directory, 'lock'), async () => {}, { patienceMs: 0 })
    await expect(waiting).rejects.toThrow(`remove that directory and ${join(directory, 'lock.takeover')}`)
  })

  it('is let go when the work fails', async () => {
    const lock = join(directory, 'lock')
    await expect(withLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(existsSync(lock)).toBe(false)
  })
})
