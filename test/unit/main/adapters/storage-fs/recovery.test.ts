import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import {
  body,
  bucket,
  bytesFrom,
  keysIn,
  patterned,
  put,
  refusal,
  sha256,
  signal,
  text,
} from '../../../../conformance/object-storage/tools'
import { bench } from './tools'

const on = bench()

const catalogue = () => on.at('.thatdam', 'storage.db')
const incomingPath = (name: string) => on.at('.thatdam', 'tmp', name)

/** Work on the catalogue while no storage has it open, as a crash would have left it. */
function amend<T>(work: (db: Sqlite.Database) => T): T {
  const db = new Sqlite(catalogue())
  try {
    return work(db)
  } finally {
    db.close()
  }
}

const unsettled = () => amend((db) => db.prepare('SELECT count(*) FROM objects WHERE incoming IS NOT NULL').pluck().get())
const removals = () => amend((db) => db.prepare('SELECT count(*) FROM removals').pluck().get())

/** A closed storage with some objects in it. */
async function given(objects: Readonly<Record<string, string>>): Promise<void> {
  const storage = await on.withBucket()
  for (const [key, content] of Object.entries(objects)) await put(storage, key, content)
  await storage.close()
}

/** A closed storage with two versions of `d/a`: the id of the old one, and where its file lies. */
async function givenTwoVersions(): Promise<{ version: string; old: string }> {
  const storage = await on.withBucket()
  await storage.ensureVersioning(bucket, signal)
  const { version = '' } = await put(storage, 'd/a', 'old version')
  await put(storage, 'd/a', 'new version')
  await storage.close()
  const file = amend((db) => db.prepare('SELECT file FROM versions').pluck().get() as string)
  return { version, old: on.at(...file.split('/')) }
}

/** As after the commit of a put and before its rename: the content waits aside. */
function beforeRename(path: string, incoming = 'left-behind'): void {
  copyFileSync(on.at(bucket, path), incomingPath(incoming))
  rmSync(on.at(bucket, path))
  amend((db) => db.prepare('UPDATE objects SET incoming = ? WHERE file = ?').run(incoming, path))
}

describe('what storage-fs finds after a crash', () => {
  it('a body that was coming in: it is swept up, and nothing was put', async () => {
    await given({ kept: 'content' })
    writeFileSync(incomingPath('left-behind'), 'half of a bo')
    const storage = on.open()
    expect(on.incoming()).toEqual([])
    expect(await keysIn(storage)).toEqual(['kept'])
  })

  it('a put that was committed: its file is moved into place, with the directories that it needs', async () => {
    await given({ 'd/e/a': 'content' })
    beforeRename('d/e/a')
    rmSync(on.at(bucket, 'd'), { recursive: true })
    const storage = on.open()
    expect(await text(storage, 'd/e/a')).toBe('content')
    expect(readFileSync(on.at(bucket, 'd', 'e', 'a'), 'utf8')).toBe('content')
    expect(on.incoming()).toEqual([])
    await storage.close()
    expect(unsettled()).toBe(0)
  })

  it('a put over another object that was committed: the new content is in place', async () => {
    await given({ a: 'new content' })
    beforeRename('a')
    writeFileSync(on.at(bucket, 'a'), 'old')
    expect(await text(on.open(), 'a')).toBe('new content')
    expect(on.incoming()).toEqual([])
  })

  it('a put that was renamed and not yet noted as in place: it is whole', async () => {
    await given({ a: 'content' })
    amend((db) => db.prepare("UPDATE objects SET incoming = 'gone'").run())
    const storage = on.open()
    expect(await text(storage, 'a')).toBe('content')
    await storage.close()
    expect(unsettled()).toBe(0)
  })

  it('a put whose rename was lost with the old file still in place: the old content is not served as the new one', async () => {
    await given({ a: 'new content' })
    amend((db) => db.prepare("UPDATE objects SET incoming = 'lost'").run())
    writeFileSync(on.at(bucket, 'a'), 'old content')
    const storage = on.open()
    await expect(storage.get(bucket, 'a', {}, signal)).rejects.toEqual(refusal('unavailable', `${bucket}/a`))
    // Like any change by hand, it is served under its own etag once it is the same at a second look.
    expect(await storage.head(bucket, 'a', {}, signal)).toMatchObject({ etag: sha256('old content') })
  })

  it.each(['neither file was moved', 'only the old version was moved', 'both were moved'])(
    'a put over a version that was committed, where %s: both are whole',
    async (how) => {
      const { version, old } = await givenTwoVersions()
      amend((db) => {
        db.prepare("UPDATE versions SET coming_from = 'media-raw/d/a'").run()
        db.prepare("UPDATE objects SET incoming = 'left-behind'").run()
      })
      if (how !== 'both were moved') renameSync(on.at(bucket, 'd/a'), incomingPath('left-behind'))
      if (how === 'neither file was moved') renameSync(old, on.at(bucket, 'd/a'))

      const storage = on.open()
      expect(await text(storage, 'd/a')).toBe('new version')
      const found = await storage.get(bucket, 'd/a', { version }, signal)
      expect(new TextDecoder().decode(await bytesFrom(found.body))).toBe('old version')
      expect(on.files()).toEqual(['d/a'])
      expect(existsSync(old)).toBe(true)
      expect(await storage.survey(signal)).toEqual({ adopted: 0, changed: 0, missing: { count: 0, names: [] } })
      await storage.close()
      expect(unsettled()).toBe(0)
    },
  )

  it('an old version that never had a place and cannot have it now: it is kept where it is, and read from there', async () => {
    const { version, old } = await givenTwoVersions()
    renameSync(old, incomingPath('left-behind'))
    amend((db) => db.prepare("UPDATE versions SET coming_from = '.thatdam/tmp/left-behind'").run())
    rmSync(dirname(old), { recursive: true })
    writeFileSync(dirname(old), 'in the way')

    const contentIn = async (storage: ReturnType<typeof on.open>) =>
      new TextDecoder().decode(await bytesFrom((await storage.get(bucket, 'd/a', { version }, signal)).body))
    const second = on.open()
    expect(await contentIn(second)).toBe('old version')
    await second.close()
    rmSync(dirname(old))
    expect(await contentIn(on.open())).toBe('old version')
    expect(existsSync(old)).toBe(true)
    expect(on.incoming()).toEqual([])
  })

  it('a bucket whose removal was committed: its directories go, and a new one of that name is empty', async () => {
    await given({ 'd/a': 'content' })
    amend((db) =>
      db.exec(
        `INSERT INTO trash (directory, name) VALUES ('${bucket}', 'one');
         DELETE FROM objects; DELETE FROM buckets`,
      ),
    )
    const storage = on.open()
    expect(existsSync(on.at(bucket))).toBe(false)
    await storage.ensureBucket(bucket, signal)
    expect(await keysIn(storage)).toEqual([])
    expect(on.tree('.thatdam', 'trash')).toEqual({})
  })

  it('a delete that was committed: the file goes, with the directories that it leaves empty', async () => {
    await given({ 'd/a': 'content', b: 'kept' })
    amend((db) =>
      db.exec(
        "INSERT INTO removals (bucket, file, folded) SELECT bucket, file, folded FROM objects WHERE file = 'd/a'; DELETE FROM objects WHERE file = 'd/a'",
      ),
    )
    const storage = on.open()
    expect(on.files()).toEqual(['b'])
    expect(existsSync(on.at(bucket, 'd'))).toBe(false)
    expect(await keysIn(storage)).toEqual(['b'])
    await storage.close()
    expect(removals()).toBe(0)
  })

  it('a delete that was done and not yet noted: nothing is left to do, and the name is free', async () => {
    await given({})
    amend((db) => db.exec("INSERT INTO removals (bucket, file, folded) VALUES (1, 'a', 'a')"))
    const storage = on.open()
    await put(storage, 'a', 'content')
    expect(on.files()).toEqual(['a'])
    await storage.close()
    expect(removals()).toBe(0)
    expect(await text(on.open(), 'a')).toBe('content')
  })

  it('a committed put whose place is taken: it is read from where it is, and moved as soon as it can be', async () => {
    await given({ 'd/a': 'content' })
    beforeRename('d/a')
    rmSync(on.at(bucket, 'd'), { recursive: true })
    writeFileSync(on.at(bucket, 'd'), 'by hand')
    const second = on.open()
    expect(await text(second, 'd/a')).toBe('content')
    expect(await second.head(bucket, 'd/a', {}, signal)).toMatchObject({ size: 7 })
    await second.close()
    expect(on.incoming()).toEqual(['left-behind'])
    rmSync(on.at(bucket, 'd'))
    const third = on.open()
    expect(await text(third, 'd/a')).toBe('content')
    expect(on.files()).toEqual(['d/a'])
    expect(on.incoming()).toEqual([])
  })

  it.each(['put over', 'deleted'])('a committed put that could not be moved can be %s, and leaves nothing aside', async (what) => {
    await given({ 'd/a': 'content' })
    beforeRename('d/a')
    rmSync(on.at(bucket, 'd'), { recursive: true })
    writeFileSync(on.at(bucket, 'd'), 'by hand')
    const storage = on.open()
    if (what === 'deleted') await storage.delete(bucket, 'd/a', {}, signal)
    else await put(storage, 'd/a', 'newer')
    expect(await keysIn(storage)).toEqual(what === 'deleted' ? [] : ['d/a'])
    if (what !== 'deleted') expect(await text(storage, 'd/a')).toBe('newer')
    expect(on.incoming()).toEqual([])
    expect(readFileSync(on.at(bucket, 'd'), 'utf8')).toBe('by hand')
  })

  it('a committed put in a bucket whose directory was removed: it is moved once the bucket is back', async () => {
    await given({ a: 'content' })
    beforeRename('a')
    rmSync(on.at(bucket), { recursive: true })
    const storage = on.open()
    expect(existsSync(on.at(bucket))).toBe(false)
    await storage.ensureBucket(bucket, signal)
    expect(await text(storage, 'a')).toBe('content')
    await storage.close()
    expect(await text(on.open(), 'a')).toBe('content')
    expect(on.files()).toEqual(['a'])
  })

  it('a bucket whose directory was made and not yet noted: making sure of it goes on from there', async () => {
    on.open()
    mkdirSync(on.at('half-made'))
    const storage = on.open()
    await storage.ensureBucket('half-made', signal)
    await storage.put('half-made', 'a', body('content'), {}, signal)
    expect(readFileSync(on.at('half-made', 'a'), 'utf8')).toBe('content')
  })

  it('a root that lost its directory for incoming files: it is made again', async () => {
    await given({ a: 'content' })
    rmSync(dirname(incomingPath('x')), { recursive: true })
    const storage = on.open()
    await put(storage, 'b', 'content')
    expect(await keysIn(storage)).toEqual(['a', 'b'])
  })

  it('is all there is to tidy: a clean close leaves nothing unsettled', async () => {
    const storage = await on.withBucket()
    await Promise.all(['a', 'b', 'c'].map((key) => put(storage, key, key)))
    await storage.delete(bucket, 'b', {}, signal)
    await storage.close()
    expect(unsettled()).toBe(0)
    expect(removals()).toBe(0)
    expect(on.incoming()).toEqual([])
  })

  it('takes no body from another storage of this process that has the same root open', async () => {
    const first = await on.withBucket()
    const { promise: opened, resolve } = Promise.withResolvers<void>()
    async function* slow() {
      yield patterned(1000)
      await opened
    }
    const putting = first.put(bucket, 'a', slow(), {}, signal)
    while (on.incoming().length === 0) await new Promise((done) => setImmediate(done))
    const second = on.open()
    resolve()
    await putting
    expect(await second.head(bucket, 'a', {}, signal)).toMatchObject({ size: 1000 })
  })
})
