import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openJournal } from '../../../../../src/main/adapters/journal-sqlite/journal-sqlite'
import { migrations } from '../../../../../src/main/adapters/journal-sqlite/schema'
import { viewJournal } from '../../../../../src/main/adapters/journal-sqlite/view'
import { UserError } from '../../../../../src/shared/errors'
import { journalConformance } from '../../../../conformance/journal'
import { done, eventFor, here, stepFor } from '../../../../conformance/journal/harness'

function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'thatdam-journal-'))
}

journalConformance('journal-sqlite', async () => {
  const directory = temporaryDirectory()
  const file = join(directory, 'node.db')
  return {
    open: async () => openJournal(file),
    view: async () => viewJournal(file),
    dispose: async () => rmSync(directory, { recursive: true }),
  }
})

describe('the SQLite journal', () => {
  let directory: string
  let file: string
  beforeEach(() => {
    directory = temporaryDirectory()
    file = join(directory, 'node.db')
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  /** Rows of each table as another connection sees them. */
  function count(table: string): unknown {
    const db = new Sqlite(file, { readonly: true })
    const rows = db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
    db.close()
    return rows
  }

  it('keeps the newest steps, and of the older ones those that are open', async () => {
    const journal = openJournal(file, { keep: 10 })
    const [open = 0] = await journal.begin([stepFor('open')])
    for (let round = 0; round < 20; round++) {
      const ids = await journal.begin([stepFor(`a-${round}`), stepFor(`b-${round}`), stepFor(`c-${round}`)])
      await journal.close(
        ids.map((id) => ({ id, closing: done })),
        [],
      )
    }
    expect((await journal.entries(1000)).map(({ name }) => name)).toEqual([
      ...Array.from({ length: 3 }, (_, back) => [`c-${19 - back}`, `b-${19 - back}`, `a-${19 - back}`]).flat(),
      'c-16',
      'open',
    ])
    expect([count('steps'), count('closings')]).toEqual([11, 10])
    expect((await journal.deeds('storage', 'bucket', 'a-0', here)).done).toBe('hash of a-0')
    expect(await journal.lastPass()).toBe(1)
    await journal.close([{ id: open, closing: done }], [])
    await journal.begin([stepFor('last')])
    expect(count('steps')).toBe(10)
    await journal.shutdown()
  })

  it('keeps the newest events, and of the older ones those that are unsent', async () => {
    const journal = openJournal(file, { keep: 5 })
    const ids = Array.from({ length: 20 }, (_, number) => `e${number}`)
    for (const id of ids) await journal.record([eventFor(id)])
    expect((await journal.unsent(100)).map((event) => event.event_id)).toEqual(ids)
    await journal.markSent(ids.filter((id) => id !== 'e3'))
    expect((await journal.events(100)).map((event) => event.event_id)).toEqual(['e19', 'e18', 'e17', 'e16', 'e15', 'e3'])
    await journal.markSent(['e3'])
    expect((await journal.events(100)).map((event) => event.event_id)).toEqual(['e19', 'e18', 'e17', 'e16', 'e15'])
    await journal.record([eventFor('e20')])
    await journal.markSent(['e20'])
    expect(count('events')).toBe(5)
    await journal.shutdown()
  })

  it('refuses to rewrite or delete a revision, whoever asks', async () => {
    const journal = openJournal(file)
    await journal.add({ at: '2026-03-01T12:00:00.000Z', author: 'operator', generation: 'g', text: 'x' })
    await journal.shutdown()
    const db = new Sqlite(file)
    expect(() => db.exec("UPDATE revisions SET text = 'y'")).toThrow('never rewritten')
    expect(() => db.exec('DELETE FROM revisions')).toThrow('never deleted')
    db.close()
  })

  it('shares one commit between calls that are made at the same time', async () => {
    const journal = openJournal(file)
    await journal.record([eventFor('first')])
    const before = statSync(`${file}-wal`).size
    await journal.record([eventFor('second')])
    const alone = statSync(`${file}-wal`).size - before
    const between = statSync(`${file}-wal`).size
    await Promise.all(Array.from({ length: 20 }, (_, number) => journal.record([eventFor(`e${number}`)])))
    expect(statSync(`${file}-wal`).size - between).toBeLessThan(20 * alone)
    await journal.shutdown()
  })

  it('names its file in an error, and undoes the call that failed', async () => {
    const journal = openJournal(file)
    const other = new Sqlite(file)
    other.exec("CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.event_id = 'e2' BEGIN SELECT RAISE(ABORT, 'no room'); END")
    other.close()
    const [id = 0] = await journal.begin([stepFor('one')])
    const call = journal.close([{ id, closing: done }], [eventFor('e1'), eventFor('e2')])
    await expect(call).rejects.toMatchObject({ name: 'PortError', code: 'internal', message: expect.stringContaining(file) })
    expect((await journal.entries(1))[0]?.closing).toBeNull()
    expect(await journal.events(10)).toEqual([])
    await journal.shutdown()
  })

  it('shuts down twice without complaint, after the writes that were asked for before', async () => {
    const journal = openJournal(file)
    const write = journal.record([eventFor('e1')])
    await Promise.all([write, journal.shutdown()])
    await journal.shutdown()
    const again = openJournal(file)
    expect(await again.events(10)).toEqual([eventFor('e1')])
    await again.shutdown()
  })

  it('tells a person that the file is damaged, and leaves it as it is', async () => {
    const damaged = 'not a database, but long enough to look like one'.repeat(50)
    writeFileSync(file, damaged)
    expect(() => openJournal(file)).toThrow(UserError)
    expect(() => openJournal(file)).toThrow(file)
    expect(readdirSync(directory)).toEqual(['node.db'])
    expect(readFileSync(file, 'utf8')).toBe(damaged)
  })

  it('a look at a damaged store rejects with a PortError', async () => {
    const damaged = 'not a database, but long enough to look like one'.repeat(50)
    writeFileSync(file, damaged)
    const view = viewJournal(file)
    await expect(view.events(1)).rejects.toMatchObject({ name: 'PortError', message: expect.stringMatching(/node\.db is damaged.*backup/) })
    await expect(view.deeds('storage', 'bucket', 'x', here)).rejects.toMatchObject({ name: 'PortError' })
    await view.close()
    expect(readdirSync(directory)).toEqual(['node.db'])
    expect(readFileSync(file, 'utf8')).toBe(damaged)
  })

  it('is viewed as empty where there is none, and not created', async () => {
    const missing = join(directory, 'elsewhere', 'node.db')
    const view = viewJournal(missing)
    expect(await view.current()).toBeUndefined()
    expect(await view.get(1)).toBeUndefined()
    expect(await view.list()).toEqual([])
    expect(await view.entries(10)).toEqual([])
    expect(await view.events(10, 'e1')).toEqual([])
    expect(await view.lastApplies()).toEqual(new Map())
    expect(await view.deeds('storage', 'bucket', 'x', here)).toEqual({ done: undefined, tried: undefined })
    await view.close()
    expect(existsSync(join(directory, 'elsewhere'))).toBe(false)
  })

  it('is viewed without a trace', async () => {
    const journal = openJournal(file)
    await journal.record([eventFor('e1')])
    await journal.shutdown()
    const view = viewJournal(file)
    expect(await view.events(10)).toEqual([eventFor('e1')])
    await view.close()
    expect(readdirSync(directory)).toEqual(['node.db'])
  })

  describe('that the first version left', () => {
    beforeEach(() => {
      const db = new Sqlite(file)
      db.exec(migrations[0] ?? '')
      const step = db.prepare(
        `INSERT INTO steps (component, kind, name, backend, action, generation, desired_hash, pass, at)
         VALUES ('storage', 'bucket', ?, 'embedded', ?, 'g', 'h', 1, '2026-03-01T12:00:00.000Z')`,
      )
      const close = db.prepare("INSERT INTO closings (step, outcome, at, attempts) VALUES (?, ?, '2026-03-01T12:00:01.000Z', 1)")
      const deed = db.prepare("INSERT INTO deeds (component, kind, name, backend, done) VALUES ('storage', 'bucket', ?, 'embedded', 'h')")
      const past: [name: string, action: string, outcome: string | undefined][] = [
        ['made', 'create', 'done'],
        ['cut-short', 'create', 'found'],
        ['changed', 'update', 'done'],
        ['refused', 'create', 'failed'],
        ['open', 'create', undefined],
      ]
      for (const [name, action, outcome] of past) {
        const { lastInsertRowid } = step.run(name, action)
        if (outcome === undefined) continue
        close.run(lastInsertRowid, outcome)
        deed.run(name)
      }
      db.pragma('user_version = 1')
      db.close()
    })
    const made = [
      { kind: 'bucket', name: 'cut-short' },
      { kind: 'bucket', name: 'made' },
    ]

    it('can be looked at before it is brought up to date', async () => {
      const before = readFileSync(file)
      const view = viewJournal(file)
      expect(await view.made('storage', here)).toEqual(made)
      expect(await view.intents(10)).toEqual([])
      expect((await view.entries(10)).map(({ name, makes }) => [name, makes])).toEqual([
        ['open', true],
        ['refused', true],
        ['changed', false],
        ['cut-short', true],
        ['made', true],
      ])
      expect(await view.deeds('storage', 'bucket', 'made', here)).toMatchObject({ done: 'h' })
      await view.close()
      expect(readFileSync(file).equals(before)).toBe(true)
    })

    it('tells by its steps what this node made', async () => {
      const journal = openJournal(file)
      expect(await journal.made('storage', here)).toEqual(made)
      await journal.recover('2026-03-01T12:00:02.000Z')
      expect((await journal.made('storage', here)).map(({ name }) => name)).toEqual(['cut-short', 'made', 'open'])
      await journal.shutdown()
    })
  })

  describe('that the second version left, which kept no places', () => {
    const nas = { backend: 'external', address: 'http://nas:9000' } as const
    const vhost = { backend: 'embedded', address: '/' } as const
    const one = [{ kind: 'bucket', name: 'one' }]

    beforeEach(() => {
      const db = new Sqlite(file)
      for (const migration of migrations.slice(0, 2)) db.exec(migration)
      const deed = db.prepare("INSERT INTO deeds (component, kind, name, backend, done, made) VALUES (?, 'bucket', 'one', ?, 'h', 1)")
      for (const [component, backend] of [
        ['storage', 'embedded'],
        ['storage', 'external'],
        ['broker', 'embedded'],
        ['index', 'external'],
      ])
        deed.run(component, backend)
      db.exec(
        `INSERT INTO steps (component, kind, name, backend, action, generation, desired_hash, makes, pass, at)
         VALUES ('storage', 'bucket', 'open', 'external', 'create', 'g', 'h', 1, 1, '2026-03-01T12:00:00.000Z')`,
      )
      db.pragma('user_version = 2')
      db.close()
    })

    it('can be looked at before it is brought up to date: what was done at a server counts for any', async () => {
      const before = readFileSync(file)
      const view = viewJournal(file)
      for (const place of [nas, here]) expect(await view.made('storage', place)).toEqual(one)
      expect(await view.deeds('broker', 'bucket', 'one', vhost)).toEqual({ done: 'h', tried: undefined })
      expect((await view.entries(10)).map(({ name }) => name)).toEqual(['open'])
      await view.close()
      expect(readFileSync(file).equals(before)).toBe(true)
    })

    it('is settled by the first start with such a backend, once', async () => {
      const journal = openJournal(file)
      await journal.recover('2026-03-01T12:00:02.000Z')
      await journal.settle([
        { component: 'storage', ...nas },
        { component: 'broker', ...vhost },
      ])
      expect(await journal.made('storage', nas)).toEqual([...one, { kind: 'bucket', name: 'open' }])
      expect(await journal.made('storage', here)).toEqual(one)
      expect(await journal.made('broker', vhost)).toEqual(one)
      // No server for the index was told: what was made there waits for one, and goes to the first.
      const [later, another] = [8080, 9090].map((port) => ({ backend: 'external' as const, address: `http://later:${port}` }))
      if (later === undefined || another === undefined) throw new TypeError('two places were asked for')
      await journal.settle([{ component: 'index', ...later }])
      await journal.settle([{ component: 'index', ...another }])
      expect(await journal.made('index', later)).toEqual(one)
      expect(await journal.made('index', another)).toEqual([])
      await journal.shutdown()
    })

    it('is settled by a later start where the profile of the first could not be read, and what was done meanwhile goes before it', async () => {
      const journal = openJournal(file)
      const [id = 0] = await journal.begin([stepFor('one', { ...nas, desiredHash: 'newer' })])
      await journal.close([{ id, closing: done }], [])
      await journal.settle([{ component: 'storage', ...nas }])
      expect(await journal.deeds('storage', 'bucket', 'one', nas)).toEqual({ done: 'newer', tried: undefined })
      expect(await journal.made('storage', nas)).toEqual(one)
      await journal.shutdown()
    })
  })
})
