import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openIndexMem } from '../../../../../src/main/adapters/index-mem/index-mem'
import { viewIndexMem } from '../../../../../src/main/adapters/index-mem/view'
import { live } from '../../../../conformance/vector-index/harness'
import { runUntilKilled } from '../../../../support/killed'

const script = fileURLToPath(new URL('./crash-child.mjs', import.meta.url))
const source = fileURLToPath(new URL('../../../../../src/main/adapters/index-mem/index-mem.ts', import.meta.url))
const workerFile = fileURLToPath(new URL('../../../../../out/main/index-worker.js', import.meta.url))
const kills = 24

/** `many*3` stands for `many-0`, `many-1` and `many-2`. */
function idsOf(what: string): string[] {
  const [name = '', count] = what.split('*')
  return count === undefined ? [name] : Array.from({ length: Number(count) }, (_, number) => `${name}-${number}`)
}

describe('index-mem, killed with SIGKILL', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'thatdam-index-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('holds every write it acknowledged, whole, and starts again each time', { timeout: 240_000 }, async ({ signal: aborted }) => {
    /** What each object may be: version of the last acknowledged write, 0 for none, and those of writes that were under way. */
    const may = new Map<string, Set<number>>()
    for (let round = 1; round <= kills; round++) {
      const program = [script, directory, source, workerFile, String(round)]
      const lines = await runUntilKilled(program, 1 + Math.floor(Math.random() * 400), aborted)
      // A line that the kill has cut short says nothing.
      for (const line of lines.filter((one) => one.endsWith(' .'))) {
        const [letter = '', version = '', what = ''] = line.split(' ')
        const written = letter.toLowerCase() === 'u' ? Number(version) : 0
        for (const id of idsOf(what)) {
          if (letter === letter.toUpperCase()) may.set(id, new Set([written]))
          else may.set(id, (may.get(id) ?? new Set([0])).add(written))
        }
      }
      const index = openIndexMem(directory, { workerFile })
      const view = viewIndexMem(directory)
      const { results } = await index.query('Asset', { vector: new Float32Array(200).fill(1), k: 10_000 }, live)
      const found = new Map(results.map(({ id, score, metadata }) => [id, { score, version: metadata.version as number }]))
      const wrong = [...may].filter(([id, versions]) => !versions.has(found.get(id)?.version ?? 0))
      expect(wrong).toEqual([])
      expect([...found.keys()].filter((id) => !may.has(id))).toEqual([])
      // Vector and metadata are of one write.
      expect([...found].filter(([, { score, version }]) => score !== version * 200)).toEqual([])
      expect((await view.contents('Asset', undefined, live)).count).toBe(found.size)
      // What was under way has come to pass or not: from here on it is known.
      for (const id of may.keys()) may.set(id, new Set([found.get(id)?.version ?? 0]))
      await view.close()
      await index.close()
    }
    expect([...may.values()].some((versions) => !versions.has(0))).toBe(true)
  })
})
