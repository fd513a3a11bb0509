/** What each embedded store does when its file is locked at the start, damaged, or taken away under a running node. */
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openBusInproc } from '../../../../../src/main/adapters/bus-inproc/bus-inproc'
import { openIndexMem } from '../../../../../src/main/adapters/index-mem/index-mem'
import { viewIndexMem } from '../../../../../src/main/adapters/index-mem/view'
import { openJournal } from '../../../../../src/main/adapters/journal-sqlite/journal-sqlite'
import { openStorageFs } from '../../../../../src/main/adapters/storage-fs/storage-fs'
import { eventFor } from '../../../../conformance/journal/harness'
import { body, bucket } from '../../../../conformance/object-storage/tools'
import { classOf, live, object } from '../../../../conformance/vector-index/harness'
import { whileLocked, whileWriting } from './other-program'

interface Running {
  /** A shaping call, or for the journal its like. */
  shape(): Promise<unknown>
  /** A write of data into what was shaped. */
  write(): Promise<unknown>
  close(): Promise<void>
}

interface Kind {
  readonly file: string
  open(directory: string): Running
}

const kinds: Readonly<Record<string, Kind>> = {
  journal: {
    file: 'node.db',
    open(directory) {
      const journal = openJournal(join(directory, 'node.db'))
      return {
        shape: () => journal.add({ at: '2026-03-01T12:00:00.000Z', author: 'a', generation: 'g', text: '' }),
        write: () => journal.record([eventFor('e1')]),
        close: () => journal.shutdown(),
      }
    },
  },
  storage: {
    file: join('.thatdam', 'storage.db'),
    open(directory) {
      const storage = openStorageFs(directory)
      return {
        shape: () => storage.ensureBucket(bucket, live),
        write: () => storage.put(bucket, 'a', body('content'), {}, live),
        close: () => storage.close(),
      }
    },
  },
  bus: {
    file: 'bus.db',
    open(directory) {
      const bus = openBusInproc(directory, { uuid: randomUUID })
      return {
        shape: () => bus.ensureQueue('/', { name: 'q', type: 'classic' }, live),
        write: () => bus.publish('', 'q', { body: new Uint8Array(1) }, live),
        close: () => bus.close(),
      }
    },
  },
  index: {
    file: 'index.db',
    open(directory) {
      const index = openIndexMem(directory)
      return {
        shape: () => index.ensureClass(classOf('Segment'), live),
        write: () => index.upsert('Segment', object('x', [1]), live),
        close: () => index.close(),
      }
    },
  },
}

describe.each(Object.entries(kinds))('the %s', (_name, { file, open }) => {
  let directory: string
  let path: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'thatdam-troubled-'))
    path = join(directory, file)
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it('says at the start that another program holds its file, and what to do', async () => {
    await open(directory).close()
    const inUse = { name: 'UserError', code: 'data-in-use', message: expect.stringContaining(path), hint: expect.any(String) }
    whileLocked(path, () => expect(() => open(directory)).toThrow(expect.objectContaining(inUse)))
    const running = open(directory)
    await running.shape()
    await running.close()
  })

  it.each(['removed', 'replaced'])('refuses to shape and to write once its file was %s, and still closes', async (fate) => {
    const running = open(directory)
    await running.shape()
    await running.write()
    rmSync(directory, { recursive: true })
    mkdirSync(directory)
    const other = fate === 'replaced' ? open(directory) : undefined
    await other?.close()
    const lost = {
      name: 'PortError',
      code: 'unavailable',
      message: `${path} was removed or replaced while the node ran; restart the node.`,
    }
    await expect(running.shape()).rejects.toMatchObject(lost)
    await expect(running.write()).rejects.toMatchObject(lost)
    await running.close()
    expect(existsSync(path)).toBe(fate === 'replaced')
    expect(existsSync(join(directory, bucket))).toBe(false)
  })
})

describe('the bus', () => {
  it('says the same when its file is found to be locked only after it was opened', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'thatdam-troubled-'))
    const bus = openBusInproc(directory, { uuid: randomUUID })
    await bus.ensureQueue('/', { name: 'q', type: 'classic' }, live)
    await bus.close()
    whileWriting(join(directory, 'bus.db'), () =>
      expect(() => openBusInproc(directory, { uuid: randomUUID })).toThrow(
        expect.objectContaining({ name: 'UserError', code: 'data-in-use', hint: expect.any(String) }),
      ),
    )
    rmSync(directory, { recursive: true })
  })
})

describe('the view of an embedded index', () => {
  it('a look at a damaged store rejects with a PortError', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'thatdam-troubled-'))
    writeFileSync(join(directory, 'index.db'), 'not a database, but long enough to look like one'.repeat(50))
    const view = viewIndexMem(directory)
    await expect(view.describe(['Segment'], live)).rejects.toMatchObject({
      name: 'PortError',
      code: 'internal',
      message: expect.stringMatching(/index\.db is damaged.*backup/),
    })
    await view.close()
    rmSync(directory, { recursive: true })
  })
})
