import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Database, openDatabase, viewDatabase } from '../../../../../src/main/adapters/sqlite/database'
import { UserError } from '../../../../../src/shared/errors'

const migrations = ['CREATE TABLE items (name TEXT) STRICT', 'ALTER TABLE items ADD COLUMN size INTEGER']

let directory: string
let file: string
let toClose: { close(): unknown }[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'thatdam-database-'))
  file = join(directory, 'nested', 'deeper', 'store.db')
  toClose = []
})

afterEach(() => {
  for (const open of toClose) open.close()
  rmSync(directory, { recursive: true, force: true })
})

function opened(sql = migrations): Database {
  const db = openDatabase(file, sql)
  toClose.push(db)
  return db
}

function made(...names: string[]): void {
  const db = openDatabase(file, migrations)
  for (const name of names) db.prepare('INSERT INTO items VALUES (?, 1)').run(name)
  db.close()
}

/** Every name under the directory, with a hash of the content. */
function tree(): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path, entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'directory']
    }),
  )
}

function failure(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('expected it to throw')
}

describe('opening a store', () => {
  it('creates the file and the directories it lacks, durable and in WAL mode', () => {
    const db = opened()
    expect(existsSync(file)).toBe(true)
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
    expect(db.pragma('synchronous', { simple: true })).toBe(2)
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1)
  })

  it('applies each migration once', () => {
    openDatabase(file, migrations.slice(0, 1)).close()
    opened().prepare('INSERT INTO items VALUES (?, ?)').run('a', 1)
    expect(opened().prepare('SELECT * FROM items').all()).toEqual([{ name: 'a', size: 1 }])
  })

  it('leaves a store as it was when a migration fails', () => {
    made('a')
    expect(() => openDatabase(file, [...migrations, 'CREATE TABLE more (x) STRICT'])).toThrow()
    expect(opened().pragma('user_version', { simple: true })).toBe(2)
  })

  it('refuses a store that a newer version wrote', () => {
    made('a')
    const error = failure(() => openDatabase(file, migrations.slice(0, 1)))
    expect(error).toBeInstanceOf(UserError)
    expect(error).toMatchObject({ code: 'newer-data', message: expect.stringContaining(file), hint: expect.any(String) })
  })

  it.each([
    ['text', () => writeFileSync(file, 'not a database, but long enough to hold a header of one hundred bytes. '.repeat(4))],
    [
      'a header with noise behind it',
      () => writeFileSync(file, Buffer.concat([readFileSync(file).subarray(0, 100), Buffer.alloc(9000, 7)])),
    ],
    ['a file cut short', () => truncateSync(file, 4096)],
  ])('names a file that is damaged (%s), and does not touch it', (_, damage) => {
    made('a', 'b')
    damage()
    const before = tree()
    const error = failure(() => openDatabase(file, migrations))
    expect(error).toMatchObject({
      name: 'UserError',
      code: 'damaged-data',
      message: expect.stringContaining(file),
      hint: expect.any(String),
    })
    expect(tree()).toEqual(before)
  })

  it('says so when a file is where a directory should be', () => {
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'nested'), '')
    expect(failure(() => openDatabase(file, migrations))).toMatchObject({ code: 'unwritable-data', message: expect.stringContaining(file) })
  })

  it('says so when another program holds the file', () => {
    made()
    const other = new Sqlite(file)
    toClose.push(other)
    other.pragma('locking_mode = EXCLUSIVE')
    other.exec('BEGIN EXCLUSIVE; COMMIT')
    expect(failure(() => openDatabase(file, migrations))).toMatchObject({ code: 'data-in-use', message: expect.stringContaining(file) })
  })

  it('says so when the directory may not be written', () => {
    mkdirSync(join(directory, 'nested'))
    chmodSync(join(directory, 'nested'), 0o555)
    const error = asNobody(() => failure(() => openDatabase(file, migrations)))
    expect(error).toMatchObject({ name: 'UserError', code: 'unwritable-data', message: expect.stringContaining(file) })
  })
})

/** Root may write anywhere, so that permissions are tried as a user who owns nothing. */
function asNobody<T>(run: () => T): T {
  if (process.geteuid?.() !== 0 || process.seteuid === undefined) return run()
  chmodSync(directory, 0o755)
  process.seteuid(65534)
  try {
    return run()
  } finally {
    process.seteuid(0)
  }
}

describe('a view of a store', () => {
  it('is empty as long as there is no store, and creates none', async () => {
    const view = viewDatabase(file)
    expect(view.get()).toBeUndefined()
    await nextTurn()
    view.close()
    expect(tree()).toEqual({})
  })

  it('is empty for a store that was never finished', () => {
    mkdirSync(join(directory, 'nested', 'deeper'), { recursive: true })
    const view = viewDatabase(file)
    writeFileSync(file, '')
    expect(view.get()).toBeUndefined()
    rmSync(file)
    new Sqlite(file).exec('CREATE TABLE x (y)').close()
    expect(view.get()).toBeUndefined()
    view.close()
  })

  it('reads what was written, and refuses to write', () => {
    made('a')
    const view = viewDatabase(file)
    expect(view.get()?.prepare('SELECT name FROM items').pluck().all()).toEqual(['a'])
    expect(() => view.get()?.exec('DELETE FROM items')).toThrow('readonly')
    view.close()
  })

  it.each(['close', 'the end of the turn'])('leaves no trace after %s', async (end) => {
    made('a')
    const before = tree()
    const view = viewDatabase(file)
    expect(view.get()?.prepare('SELECT count(*) FROM items').pluck().get()).toBe(1)
    if (end === 'close') view.close()
    else await nextTurn()
    expect(tree()).toEqual(before)
    view.close()
  })

  it('sees at the next look what a writer did meanwhile', async () => {
    made('a')
    const view = viewDatabase(file)
    const count = () => view.get()?.prepare('SELECT count(*) FROM items').pluck().get()
    expect(count()).toBe(1)
    await nextTurn()
    const db = opened()
    db.exec("INSERT INTO items VALUES ('b', 1)")
    expect(count()).toBe(2)
    await nextTurn()
    db.exec("INSERT INTO items VALUES ('c', 1)")
    db.close()
    expect(count()).toBe(3)
    view.close()
  })

  it('takes nothing from a writer that opens the store after the look', async () => {
    made()
    const view = viewDatabase(file)
    view.get()
    await nextTurn()
    const writer = opened()
    writer.exec("INSERT INTO items VALUES ('kept', 1)")
    view.close()
    // As a crash would leave it: the store, its log and its index, with nobody having closed them.
    const crashed = join(directory, 'crashed')
    cpSync(join(directory, 'nested', 'deeper'), crashed, { recursive: true })
    const recovered = openDatabase(join(crashed, 'store.db'), migrations)
    toClose.push(recovered)
    expect(recovered.prepare('SELECT name FROM items').pluck().all()).toEqual(['kept'])
  })

  it.each([
    ['with', []],
    ['without', ['store.db-shm']],
  ])('reads what a crash left in the log, %s its index, and changes neither store nor log', async (_, lost) => {
    const writer = opened()
    writer.exec("INSERT INTO items VALUES ('a', 1)")
    const crashed = join(directory, 'crashed')
    cpSync(join(directory, 'nested', 'deeper'), crashed, { recursive: true })
    for (const name of lost) rmSync(join(crashed, name))
    const content = () => readdirSync(crashed).map((name) => [name, name.endsWith('-shm') ? '' : readFileSync(join(crashed, name), 'hex')])
    const before = content()
    const view = viewDatabase(join(crashed, 'store.db'))
    expect(view.get()?.prepare('SELECT name FROM items').pluck().all()).toEqual(['a'])
    await nextTurn()
    view.close()
    expect(content()).toEqual(before)
  })

  it('names a file that is not a database, and leaves no trace', () => {
    made()
    writeFileSync(file, 'x'.repeat(1000))
    const before = tree()
    const view = viewDatabase(file)
    expect(failure(() => view.get())).toMatchObject({ code: 'damaged-data', message: expect.stringContaining(file) })
    view.close()
    expect(tree()).toEqual(before)
  })
})

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))
