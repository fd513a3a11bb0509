import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openIndexMem } from '../../../../../src/main/adapters/index-mem/index-mem'
import { classOf, live, object } from '../../../../conformance/vector-index/harness'

const workerFile = join(import.meta.dirname, '../../../../../out/main/index-worker.js')

describe('the index in a worker', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'thatdam-index-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  function open(file = workerFile) {
    const index = openIndexMem(directory, { workerFile: file })
    onTestFinished(() => index.close())
    return index
  }

  it('shapes classes before there is a worker and after, and both see the same', async () => {
    const index = open()
    await index.ensureClass(classOf('Before', { properties: [{ name: 'title', type: 'text' }] }), live)
    expect(await index.memory()).toEqual({ vectors: 0, bytes: 0 })
    await index.upsert('Before', object('a', [1, 2], { title: 'x' }), live)
    await index.ensureProperties('Before', [{ name: 'more', type: 'int' }], live)
    await index.upsert('Before', object('b', [2, 1], { more: 1 }), live)
    await index.ensureClass(classOf('After'), live)
    await index.upsert('After', object('c', [1]), live)
    expect((await index.query('Before', { vector: Float32Array.of(1, 2), k: 5 }, live)).results.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(await index.memory()).toMatchObject({ vectors: 2 })
  })

  it('answers an abort at once, with its reason, and goes on', async () => {
    const index = open()
    await index.ensureClass(classOf('Asset'), live)
    await index.upsert('Asset', object('a', [1]), live)
    const stop = new AbortController()
    const query = index.query('Asset', { vector: Float32Array.of(1), k: 1 }, stop.signal)
    stop.abort(new Error('enough'))
    await expect(query).rejects.toThrow('enough')
    expect((await index.query('Asset', { vector: Float32Array.of(1), k: 1 }, live)).results).toHaveLength(1)
  })

  it('takes a vector as it was when it was given', async () => {
    const index = open()
    await index.ensureClass(classOf('Asset', { distance: 'dot' }), live)
    const vector = Float32Array.of(1, 2, 3)
    const [one, many] = [
      index.upsert('Asset', { id: 'a', vector, metadata: {} }, live),
      index.batch('Asset', [{ id: 'b', vector, metadata: {} }], live),
    ]
    vector.fill(9)
    await Promise.all([one, many])
    for (const id of ['a', 'b']) expect([...(await index.get('Asset', id, undefined, live)).vector]).toEqual([1, 2, 3])
  })

  it('that ends in the middle is unavailable to those who wait, and started again by the next call', async () => {
    const file = join(directory, 'worker.mjs')
    writeFileSync(file, `import { parentPort } from 'node:worker_threads'\nparentPort.on('message', () => process.exit(1))\n`)
    const index = open(file)
    await index.ensureClass(classOf('Asset'), live)
    for (let times = 0; times < 2; times++) {
      await expect(index.upsert('Asset', object('a', [1]), live)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining(directory),
      })
    }
    // The classes are shaped here for as long as there is no worker.
    await index.ensureClass(classOf('Another'), live)
  })

  it('leaves nothing but its file behind', async () => {
    const index = open()
    await index.ensureClass(classOf('Asset'), live)
    await index.batch(
      'Asset',
      Array.from({ length: 2_000 }, (_, i) => object(`o${i}`, [i + 1, 1])),
      live,
    )
    await index.close()
    await index.close()
    expect(readdirSync(directory)).toEqual(['index.db'])
    await expect(index.get('Asset', 'o1', undefined, live)).rejects.toMatchObject({ code: 'unavailable' })
    const again = open()
    expect((await again.query('Asset', { vector: Float32Array.of(1, 0), k: 1 }, live)).results[0]?.id).toBe('o1999')
  })
})
