import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../../../../src/main/adapters/sqlite/database'
import { type GroupCommit, groupCommit } from '../../../../../src/main/adapters/sqlite/group-commit'

let directory: string
let file: string
let db: Database
let commit: GroupCommit

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'thatdam-group-commit-'))
  file = join(directory, 'store.db')
  db = openDatabase(file, ['CREATE TABLE items (name TEXT PRIMARY KEY) STRICT'])
  commit = groupCommit(db)
})

afterEach(() => {
  db.close()
  rmSync(directory, { recursive: true, force: true })
})

const add = (name: string) => () => db.prepare('INSERT INTO items VALUES (?)').run(name).changes
const names = (connection: Database = db) => connection.prepare('SELECT name FROM items ORDER BY name').pluck().all()

describe('a group commit', () => {
  it('resolves with what the work returned, once another connection can see it', async () => {
    expect(await commit(add('a'))).toBe(1)
    const other = new Sqlite(file, { readonly: true })
    expect(names(other)).toEqual(['a'])
    other.close()
  })

  it('puts what was asked for in one turn into one transaction', async () => {
    const other = new Sqlite(file, { readonly: true })
    const seen: unknown[] = []
    await Promise.all(['a', 'b', 'c'].map((name) => commit(add(name)).then(() => seen.push(names(other)))))
    expect(seen).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ])
    other.close()
  })

  it('runs the work in the order in which it was asked for', async () => {
    const order: number[] = []
    await Promise.all([1, 2, 3].map((n) => commit(() => order.push(n))))
    expect(order).toEqual([1, 2, 3])
  })

  it('undoes the writes of work that throws, and keeps those of its neighbours', async () => {
    const results = await Promise.allSettled([
      commit(add('before')),
      commit(() => {
        add('undone')()
        throw new Error('on purpose')
      }),
      commit(add('after')),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { message: 'on purpose' } })
    expect(names()).toEqual(['after', 'before'])
  })

  it('takes work that is asked for while other work settles into the next transaction', async () => {
    await commit(add('a')).then(() => commit(add('b')))
    expect(names()).toEqual(['a', 'b'])
  })

  it('rejects everyone when the commit itself fails, and writes nothing', async () => {
    const blocker = new Sqlite(file)
    blocker.exec('BEGIN IMMEDIATE')
    db.pragma('busy_timeout = 0')
    const results = await Promise.allSettled([commit(add('a')), commit(add('b'))])
    blocker.exec('ROLLBACK')
    blocker.close()
    expect(results).toMatchObject([
      { status: 'rejected', reason: { code: 'SQLITE_BUSY' } },
      { status: 'rejected', reason: { code: 'SQLITE_BUSY' } },
    ])
    expect(names()).toEqual([])
    expect(await commit(add('later'))).toBe(1)
  })

  it('rejects everyone when the store runs full half way, and writes nothing', async () => {
    const pages = db.pragma('page_count', { simple: true }) as number
    db.pragma(`max_page_count = ${pages}`)
    const results = await Promise.allSettled([commit(add('small')), commit(add('x'.repeat(100_000)))])
    expect(results).toMatchObject([{ status: 'rejected' }, { status: 'rejected', reason: { code: 'SQLITE_FULL' } }])
    expect(names()).toEqual([])
    db.pragma('max_page_count = 1000000')
    expect(await commit(add('later'))).toBe(1)
  })

  it('rejects what is still waiting when the store is closed', async () => {
    const waiting = commit(add('a'))
    db.close()
    await expect(waiting).rejects.toThrow('not open')
  })
})
