import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openIndexMem } from '../../../../../src/main/adapters/index-mem/index-mem'
import { viewIndexMem } from '../../../../../src/main/adapters/index-mem/view'
import { UserError } from '../../../../../src/shared/errors'
import { vectorIndexConformance } from '../../../../conformance/vector-index'
import { classOf, live, object } from '../../../../conformance/vector-index/harness'

function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'thatdam-index-'))
}

const workerFile = join(import.meta.dirname, '../../../../../out/main/index-worker.js')

for (const [name, options] of Object.entries({ 'index-mem in this thread': {}, 'index-mem in a worker': { workerFile } })) {
  vectorIndexConformance(name, async () => {
    const directory = temporaryDirectory()
    return {
      open: async () => openIndexMem(directory, options),
      view: async () => viewIndexMem(directory),
      dispose: async () => rmSync(directory, { recursive: true }),
    }
  })
}

describe('the embedded index', () => {
  let directory: string
  beforeEach(() => {
    directory = temporaryDirectory()
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  /** Another program's hand on the file, which does not know what foreign keys are for. */
  function byHand(...statements: string[]): void {
    const db = new Sqlite(join(directory, 'index.db'))
    db.pragma('foreign_keys = OFF')
    for (const statement of statements) db.exec(statement)
    db.close()
  }

  it('notices a class that another program deleted, and starts it anew', async () => {
    const index = openIndexMem(directory)
    const view = viewIndexMem(directory)
    const wish = classOf('Segment', { properties: [{ name: 'title', type: 'text' }] })
    await index.ensureClass(wish, live)
    await index.upsert('Segment', object('x', [1, 2], { title: 'x' }), live)
    await index.query('Segment', { vector: Float32Array.of(1, 2), k: 1 }, live)

    byHand("DELETE FROM classes WHERE name = 'Segment'")
    expect(await view.describe(['Segment'], live)).toEqual(new Map())
    await expect(index.query('Segment', { vector: Float32Array.of(1, 2), k: 1 }, live)).rejects.toMatchObject({ code: 'not-found' })
    await expect(index.upsert('Segment', object('x', [1, 2]), live)).rejects.toMatchObject({ code: 'not-found' })

    await index.ensureClass(classOf('Segment'), live)
    expect((await view.describe(['Segment'], live)).get('Segment')?.properties).toEqual([])
    await index.upsert('Segment', object('y', [1]), live)
    const { results } = await index.query('Segment', { vector: Float32Array.of(1), k: 10 }, live)
    expect(results.map(({ id }) => id)).toEqual(['y'])
    await view.close()
    await index.close()
  })

  it('notices an object that another program removed, and a tenant with its objects', async () => {
    const index = openIndexMem(directory)
    await index.ensureClass(classOf('Shared', { tenants: ['a', 'b'] }), live)
    await index.batch('Shared', [object('x', [1], {}, 'a'), object('y', [1], {}, 'a'), object('z', [1], {}, 'b')], live)
    const found = async (tenant: string) =>
      (await index.query('Shared', { vector: Float32Array.of(1), k: 10, tenant }, live)).results.map(({ id }) => id)
    expect([await found('a'), await found('b')]).toEqual([['x', 'y'], ['z']])

    byHand("DELETE FROM objects WHERE id = 'x'", "DELETE FROM tenants WHERE name = 'b'")
    expect(await found('a')).toEqual(['y'])
    await expect(found('b')).rejects.toMatchObject({ code: 'invalid' })
    await index.ensureTenants('Shared', ['b'], live)
    expect(await found('b')).toEqual([])
    await index.close()
  })

  it('still requires a tenant where another program removed the last one', async () => {
    const index = openIndexMem(directory)
    const view = viewIndexMem(directory)
    await index.ensureClass(classOf('Shared', { tenants: ['a'] }), live)
    byHand('DELETE FROM tenants')
    expect((await view.describe(['Shared'], live)).get('Shared')).toMatchObject({ tenants: [], multiTenancy: true })
    await expect(index.upsert('Shared', object('x', [1]), live)).rejects.toMatchObject({ code: 'invalid' })
    await index.ensureTenants('Shared', ['a'], live)
    await index.upsert('Shared', object('x', [1], {}, 'a'), live)
    await view.close()
    await index.close()
  })

  it('names an object whose stored vector has lost bytes', async () => {
    const index = openIndexMem(directory)
    await index.ensureClass(classOf('Segment'), live)
    await index.upsert('Segment', object('x', [1, 2]), live)
    byHand("UPDATE objects SET vector = x'0000'")
    await expect(index.query('Segment', { vector: Float32Array.of(1, 2), k: 1 }, live)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/Segment.*"x".*2 bytes/),
    })
    await index.close()
  })

  it('writes vectors as little-endian float32', async () => {
    const index = openIndexMem(directory)
    await index.ensureClass(classOf('Segment'), live)
    await index.upsert('Segment', object('x', [1, -2]), live)
    await index.close()
    const db = new Sqlite(join(directory, 'index.db'), { readonly: true })
    expect(db.prepare('SELECT hex(vector) FROM objects').pluck().get()).toBe('0000803F000000C0')
    db.close()
  })

  it('keeps the numbers of a vector as they were when the call was made', async () => {
    const index = openIndexMem(directory)
    const buffer = Float32Array.of(1, 2)
    await index.ensureClass(classOf('Segment'), live)
    const first = index.upsert('Segment', { id: 'first', vector: buffer, metadata: {} }, live)
    buffer.set([3, 4])
    const second = index.batch('Segment', [{ id: 'second', vector: buffer, metadata: {} }], live)
    buffer.fill(0)
    await Promise.all([first, second])
    expect((await index.get('Segment', 'first', undefined, live)).vector).toEqual(Float32Array.of(1, 2))
    expect((await index.get('Segment', 'second', undefined, live)).vector).toEqual(Float32Array.of(3, 4))
    await index.close()
  })

  it('hands out metadata that a caller cannot change in the index', async () => {
    const index = openIndexMem(directory)
    await index.ensureClass(classOf('Segment', { properties: [{ name: 'tags', type: 'text[]' }] }), live)
    await index.upsert('Segment', object('x', [1], { tags: ['a'] }), live)
    const { results } = await index.query('Segment', { vector: Float32Array.of(1), k: 1 }, live)
    const [found] = results
    expect(Object.isFrozen(found?.metadata)).toBe(true)
    expect(Object.isFrozen(found?.metadata.tags)).toBe(true)
    await index.close()
  })

  it('forgets what a failed commit had put into memory', async () => {
    const index = openIndexMem(directory)
    await index.ensureClass(classOf('Segment'), live)
    await index.upsert('Segment', object('kept', [1]), live)
    await index.query('Segment', { vector: Float32Array.of(1), k: 1 }, live)
    byHand("CREATE TRIGGER full BEFORE INSERT ON objects WHEN NEW.id = 'z' BEGIN SELECT RAISE(ROLLBACK, 'no room'); END")
    await index.query('Segment', { vector: Float32Array.of(1), k: 1 }, live)
    const settled = await Promise.allSettled([
      index.upsert('Segment', object('a', [1]), live),
      index.batch('Segment', [object('b', [1]), object('z', [1])], live),
    ])
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const { results } = await index.query('Segment', { vector: Float32Array.of(1), k: 10 }, live)
    expect(results.map(({ id }) => id)).toEqual(['kept'])
    await index.close()
  })

  it('closes twice without complaint, after the writes that were asked for before', async () => {
    const index = openIndexMem(directory)
    await index.ensureClass(classOf('Segment'), live)
    const write = index.upsert('Segment', object('x', [1]), live)
    await Promise.all([write, index.close()])
    await index.close()
    const again = openIndexMem(directory)
    expect((await again.get('Segment', 'x', undefined, live)).id).toBe('x')
    await again.close()
  })

  it('tells a person that the file is damaged, and leaves it as it is', async () => {
    const file = join(directory, 'index.db')
    const damaged = 'not a database, but long enough to look like one'.repeat(50)
    writeFileSync(file, damaged)
    expect(() => openIndexMem(directory)).toThrow(UserError)
    expect(() => openIndexMem(directory)).toThrow(file)
    expect(readdirSync(directory)).toEqual(['index.db'])
    expect(readFileSync(file, 'utf8')).toBe(damaged)
  })
})

describe('the view of an embedded index', () => {
  let directory: string
  beforeEach(() => {
    directory = temporaryDirectory()
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('finds nothing in a directory that does not exist, and does not create it', async () => {
    const missing = join(directory, 'index')
    const view = viewIndexMem(missing)
    expect(await view.describe(['Segment'], live)).toEqual(new Map())
    await view.close()
    expect(existsSync(missing)).toBe(false)
  })

  it('leaves no trace beside an index that exists', async () => {
    const index = openIndexMem(directory)
    await index.ensureClass(classOf('Segment'), live)
    await index.close()
    const before = readdirSync(directory)
    const view = viewIndexMem(directory)
    expect((await view.describe(['Segment'], live)).size).toBe(1)
    await view.close()
    expect(readdirSync(directory)).toEqual(before)
  })

  it('sees an index that was made after it was opened', async () => {
    const view = viewIndexMem(directory)
    expect((await view.describe(['Segment'], live)).size).toBe(0)
    const index = openIndexMem(directory)
    await index.ensureClass(classOf('Segment'), live)
    expect((await view.describe(['Segment'], live)).size).toBe(1)
    await view.close()
    await index.close()
  })
})
