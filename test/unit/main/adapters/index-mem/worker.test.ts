import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openIndexMem } from '../../../../../src/main/adapters/index-mem/index-mem'
import { migrations } from '../../../../../src/main/adapters/index-mem/schema'
import { viewIndexMem } from '../../../../../src/main/adapters/index-mem/view'
import { openDatabase } from '../../../../../src/main/adapters/sqlite/database'
import type { Metadata } from '../../../../../src/main/core/ports/vector-index'
import { classOf, live, object } from '../../../../conformance/vector-index/harness'

const workerFile = join(import.meta.dirname, '../../../../../out/main/index-worker.js')

describe('the worker of the index', () => {
  let base: string
  let directory: string
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'thatdam-index-'))
    directory = join(base, 'index')
  })
  afterEach(() => rmSync(base, { recursive: true }))

  function open(file = workerFile) {
    const index = openIndexMem(directory, { workerFile: file })
    onTestFinished(() => index.close())
    return index
  }

  /** The real worker, which ends when it is asked for the object `die`. */
  function mortal(): string {
    const file = join(base, 'mortal.mjs')
    writeFileSync(
      file,
      `import { parentPort } from 'node:worker_threads'
       parentPort.on('message', ({ method, args }) => { if (method === 'get' && args[1] === 'die') process.exit(1) })
       await import(${JSON.stringify(pathToFileURL(workerFile).href)})`,
    )
    return file
  }

  it('that died is started again by the next call, and everything acknowledged is there', async () => {
    const index = open(mortal())
    await index.ensureClass(classOf('Asset', { distance: 'dot' }), live)
    for (let round = 0; round < 3; round++) {
      await index.upsert('Asset', object(`a${round}`, [round + 1]), live)
      const batch = index.batch(
        'Asset',
        Array.from({ length: 5_000 }, (_, number) => object(`b${number}`, [0])),
        live,
      )
      const death = index.get('Asset', 'die', undefined, live)
      const later = index.upsert('Asset', object('later', [0]), live)
      const outcomes = await Promise.allSettled([batch, death, later])
      expect(outcomes[1]).toMatchObject({
        status: 'rejected',
        reason: { code: 'unavailable', message: expect.stringContaining(directory) },
      })
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'PortError', code: 'unavailable' })
      }
      const { results } = await index.query('Asset', { vector: Float32Array.of(1), k: round + 1 }, live)
      expect(results.map(({ id }) => id)).toEqual(Array.from({ length: round + 1 }, (_, number) => `a${round - number}`))
    }
  })

  it.each(['removed', 'replaced'])('is not started on a file that was %s, which it would make anew', async (fate) => {
    const index = open(mortal())
    await index.ensureClass(classOf('Asset'), live)
    await index.upsert('Asset', object('a', [1]), live)
    await expect(index.get('Asset', 'die', undefined, live)).rejects.toMatchObject({ code: 'unavailable' })
    rmSync(directory, { recursive: true })
    mkdirSync(directory)
    if (fate === 'replaced') await openIndexMem(directory).close()
    const lost = {
      name: 'PortError',
      code: 'unavailable',
      message: `${join(directory, 'index.db')} was removed or replaced while the node ran; restart the node.`,
    }
    await expect(index.upsert('Asset', object('b', [1]), live)).rejects.toMatchObject(lost)
    await expect(index.query('Asset', { vector: Float32Array.of(1), k: 1 }, live)).rejects.toMatchObject(lost)
    expect(existsSync(join(directory, 'index.db'))).toBe(fate === 'replaced')
  })

  it('answers everything that was asked for before it was closed', async () => {
    const index = open()
    await index.ensureClass(classOf('Asset', { distance: 'dot' }), live)
    const asked = [
      index.batch(
        'Asset',
        Array.from({ length: 3_000 }, (_, number) => object(`${number}`, [number])),
        live,
      ),
      index.upsert('Asset', object('last', [1e6]), live),
      index.query('Asset', { vector: Float32Array.of(1), k: 1 }, live),
    ]
    await index.close()
    const outcomes = await Promise.allSettled(asked)
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
    const again = open()
    const { results } = await again.query('Asset', { vector: Float32Array.of(1), k: 2 }, live)
    expect(results.map(({ id }) => id)).toEqual(['last', '2999'])
  })

  it('refuses what cannot travel to it as it refuses every value that does not fit', async () => {
    const index = open()
    await index.ensureClass(classOf('Asset', { properties: [{ name: 'title', type: 'text' }] }), live)
    const odd = { title: () => 'x' } as unknown as Metadata
    await expect(index.upsert('Asset', object('x', [1], odd), live)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('title'),
    })
    expect(await index.batch('Asset', [object('x', [1], odd), object('y', [1], { title: 'y' })], live)).toMatchObject([
      { id: 'x', error: { code: 'invalid' } },
      { id: 'y' },
    ])
  })

  it('keeps what was written while others look, from its start to its end', async () => {
    const view = viewIndexMem(directory)
    for (let round = 0; round < 15; round++) {
      const index = openIndexMem(directory, { workerFile })
      await index.ensureClass(classOf('Asset'), live)
      let writing = true
      const work = (async () => {
        for (let number = 0; number < 10; number++) await index.upsert('Asset', object(`${round}-${number}`, [1]), live)
        await index.close()
        writing = false
      })()
      while (writing) {
        expect((await view.describe(['Asset'], live)).size).toBe(1)
        await setImmediate()
      }
      await work
    }
    expect((await view.contents('Asset', undefined, live)).count).toBe(150)
    await view.close()
    await openIndexMem(directory).close()
    expect(readdirSync(directory)).toEqual(['index.db'])
    const index = open()
    expect((await index.query('Asset', { vector: Float32Array.of(1), k: 200 }, live)).results).toHaveLength(150)
  })

  it('holds thousands of small tenants in little memory, and gives back that of those which go', async () => {
    const index = open()
    const tenants = Array.from({ length: 2_000 }, (_, number) => `t${number}`)
    await index.ensureClass(classOf('Asset', { tenants }), live)
    await index.batch(
      'Asset',
      tenants.map((tenant) => object('x', [1, 2, 3], {}, tenant)),
      live,
    )
    for (const tenant of tenants) {
      expect((await index.query('Asset', { vector: Float32Array.of(1, 2, 3), k: 1, tenant }, live)).results).toHaveLength(1)
    }
    const { vectors, bytes } = await index.memory()
    expect(vectors).toBe(2_000)
    expect(bytes).toBeLessThan(2_000 * 5_000)
    await index.removeClass('Asset', { contents: true }, live)
    expect(await index.memory()).toEqual({ vectors: 0, bytes: 0 })
  })

  it('goes on in a file that was made with other pages, and makes its own with large ones', async () => {
    openDatabase(join(directory, 'index.db'), migrations).close()
    const pageSize = () => {
      const db = new Sqlite(join(directory, 'index.db'), { readonly: true })
      const size = db.pragma('page_size', { simple: true })
      db.close()
      return size
    }
    const before = pageSize()
    const index = open()
    await index.ensureClass(classOf('Asset'), live)
    await index.upsert('Asset', object('x', [1]), live)
    await index.close()
    expect(pageSize()).toBe(before)
    rmSync(directory, { recursive: true })
    await openIndexMem(directory).close()
    expect(pageSize()).toBe(16_384)
  })

  it('refuses a vector that is longer than any memory block, naming it', async () => {
    const index = open()
    await index.ensureClass(classOf('Asset'), live)
    await expect(index.upsert('Asset', { id: 'long', vector: new Float32Array(65_537).fill(1), metadata: {} }, live)).rejects.toMatchObject(
      { code: 'too-large', message: expect.stringContaining('long') },
    )
    await index.upsert('Asset', { id: 'longest', vector: new Float32Array(65_536).fill(1), metadata: {} }, live)
    const { results } = await index.query('Asset', { vector: new Float32Array(65_536).fill(2), k: 1 }, live)
    expect(results).toEqual([{ id: 'longest', score: 1, metadata: {} }])
  })
})
