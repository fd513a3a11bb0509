import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'electron-vite'
import { parse } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('what npm run build makes', () => {
  let out: string

  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), 'thatdam-build-'))
    await build({ configFile: 'electron.vite.config.ts', logLevel: 'error', build: { outDir: out, emptyOutDir: true } })
  })
  afterAll(() => rm(out, { recursive: true, force: true }))

  /** What a built module imports, statically or later. A later import of something computed has no name to tell. */
  async function importsOf(file: string): Promise<string[]> {
    const text = await readFile(file, 'utf8')
    const { module } = await parse(file, text)
    const later = module.dynamicImports.map(
      ({ moduleRequest }) => /^(["'`])(.+)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end))?.[2],
    )
    return [...module.staticImports.map(({ moduleRequest }) => moduleRequest.value), ...later.filter((name) => name !== undefined)]
  }

  /** Every import of what `entry` reaches, apart from the built files themselves. */
  async function externalsOf(entry: string): Promise<Set<string>> {
    const externals = new Set<string>()
    const seen = new Set<string>()
    const waiting = [entry]
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (seen.has(file)) continue
      seen.add(file)
      for (const name of await importsOf(file)) {
        if (name.startsWith('.')) waiting.push(join(dirname(file), name))
        else if (!isBuiltin(name)) externals.add(name)
      }
    }
    return externals
  }

  it('has a command line that runs without Electron and without a library but the native one', async () => {
    const externals = await externalsOf(join(out, 'main', 'cli.js'))
    expect([...externals]).toEqual(['better-sqlite3'])
  })

  it('has a desktop application beside it that shares its parts', async () => {
    const externals = await externalsOf(join(out, 'main', 'index.js'))
    expect([...externals].sort()).toEqual(['better-sqlite3', 'electron'])
  })

  it('requires nothing behind the back of its imports', async () => {
    const chunks = join(out, 'main', 'chunks')
    const texts = await Promise.all((await readdir(chunks)).map((file) => readFile(join(chunks, file), 'utf8')))
    const required = texts.flatMap((text) => [...text.matchAll(/\b__require\((["'`])([^"'`]+)\1\)/g)].map(([, , name]) => name ?? ''))
    expect(required.filter((name) => !isBuiltin(name))).toEqual([])
  })

  it('has one preload script, which requires nothing but electron', async () => {
    expect(await readdir(join(out, 'preload'))).toEqual(['index.cjs'])
    const text = await readFile(join(out, 'preload', 'index.cjs'), 'utf8')
    expect([...text.matchAll(/\brequire\(([^)]*)\)/g)].map(([, name]) => name)).toEqual(['"electron"'])
  })

  it('has a page of files alone: nothing inline, nothing from elsewhere, no absolute path', async () => {
    const html = await readFile(join(out, 'renderer', 'index.html'), 'utf8')
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/)
    const sources = [...html.matchAll(/<script[^>]*>(.*?)<\/script>/gs)].map(([, inline]) => inline)
    expect(sources).toEqual([''])
    const links = [...html.matchAll(/\s(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '')
    expect(links.length).toBeGreaterThan(2)
    for (const link of links) expect(link).toMatch(/^\.\/assets\/[\w-]+-[\w-]{8}\.(?:js|css|svg)$/)
  })

  it('carries no fixture in what people get', async () => {
    const assets = join(out, 'renderer', 'assets')
    const texts = await Promise.all((await readdir(assets)).map((file) => readFile(join(assets, file), 'utf8')))
    expect(texts.some((text) => text.includes('/home/ada'))).toBe(false)
  })
})
